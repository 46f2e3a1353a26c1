import { proxyTitle } from '../config/proxy-config.ts';
import type { ServerLoss } from '../kernel/client-session.ts';
import type { UpstreamBackend } from './backend.ts';
import type { UpstreamServer } from './server.ts';

/** Runs a change, and says so when it took the last server that could be given traffic. */
export function noteAvailability(backend: UpstreamBackend, change: () => void): void {
  const before = backend.activeServers + backend.backupServers;
  change();
  const after = backend.activeServers + backend.backupServers;
  if (before > 0 === after > 0) return;
  backend.noteAvailable(after > 0);
  if (after > 0) return;
  const title = proxyTitle(backend.runtime.config.kind);
  backend.log('emerg', `${title} ${backend.name} has no server available!`);
  backend.runtime.generation.say('alert', `${title} '${backend.name}' has no server available!`);
}

/** How many that waited for any server of the backend a change lets in. */
export function admitting(backend: UpstreamBackend, change: () => void): number {
  const before = backend.queued;
  change();
  return Math.max(0, before - backend.queued);
}

/** A server is gone: who waits for it looks for another, unless bound to it without `option redispatch`. Says how many. */
export function requeue(server: UpstreamServer): number {
  const mayLeave = server.backend.settings.redispatch !== undefined;
  const moving = server.queue.inOrder().filter((one) => mayLeave || !one.assigned);
  for (const one of moving) {
    // Who was moved before may have taken this one along: both may be of one client.
    if (one.queue !== server.queue) continue;
    server.queue.remove(one);
    one.onServerLost(server);
  }
  return moving.length;
}

/** Ends the sessions that a server serves; their logs say that it is down (`D`), that another is up (`U`), or that a user wanted it (`K`). */
export function shutdownSessions(server: UpstreamServer, cause: ServerLoss): void {
  for (const { sessions } of server.backend.runtime.generation.acceptors) {
    for (const session of sessions) if (session.serves(server)) session.loseServer(cause);
  }
  for (const lease of server.leases) lease.shutdown();
}
