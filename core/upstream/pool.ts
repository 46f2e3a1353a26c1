import type { Endpoint, HttpReuse, PacketMarks } from '../api/index.ts';
import { sameMarks } from '../net/packet-marks.ts';
import type { UpstreamServer } from './server.ts';
import type { ConnectionUser, ServerConnection } from './server-connection.ts';

/**
 * An idle connection that may carry this request, or undefined (configuration.txt 4.2, `http-reuse`). The first request of a
 * client's connection is choosy, as the client cannot know that it may repeat it. `destination` is given where the server follows
 * the client there.
 */
export function takeIdle(
  server: UpstreamServer,
  policy: HttpReuse,
  first: boolean,
  user: ConnectionUser,
  session: object,
  marks: PacketMarks | undefined,
  destination: Endpoint | undefined,
): ServerConnection | undefined {
  const { idle } = server;
  for (let i = idle.length - 1; i >= 0; i--) {
    const connection = idle[i]!;
    if (policy === 'never' ? connection.owner !== session : first && !allowed(policy, connection)) continue;
    if (!sameMarks(connection.marks, marks) || !samePlace(connection.destination, destination)) continue;
    if (i === idle.length - 1) idle.pop();
    else idle.splice(i, 1);
    if (idle.length < server.leastIdle) server.leastIdle = idle.length;
    connection.user = user;
    return connection;
  }
  return undefined;
}

function samePlace(a: Endpoint | undefined, b: Endpoint | undefined): boolean {
  if (a === b) return true;
  return a !== undefined && b !== undefined && a.port === b.port && a.address === b.address;
}

function allowed(policy: HttpReuse, connection: ServerConnection): boolean {
  if (policy === 'always') return true;
  // It has been shown to survive more than one request.
  return policy === 'aggressive' && connection.uses > 1;
}

/** Keeps a connection for a later request, or closes it where no more are wanted. */
export function keepIdle(connection: ServerConnection, policy: HttpReuse): void {
  const { server } = connection;
  const { poolMaxConn, poolLowConn, poolPurgeDelay, maxReuse } = server.config;
  connection.user = null;
  connection.endBulk();
  // No more than were in use at once lately: with `safe`, each new client opens one, and most would never be needed again.
  const inUse = server.active - 1 + server.idle.length;
  const beyondNeed = inUse >= Math.max(server.mostActive, server.mostActiveBefore, poolLowConn);
  const shared = policy !== 'never';
  const tooMany =
    shared && (beyondNeed || poolPurgeDelay === 0 || (poolMaxConn >= 0 && server.idle.length >= poolMaxConn));
  const worn = maxReuse >= 0 && connection.uses > maxReuse;
  if (connection.closed || tooMany || worn || server.closing) {
    connection.destroy();
    return;
  }
  connection.resume();
  server.idle.push(connection);
  // One that belongs to a session goes with it.
  if (shared) planPurge(server);
}

/** Closes a session's own idle connections where nobody else may use them. */
export function dropOwned(server: UpstreamServer, session: object): void {
  for (const connection of server.idle.filter((one) => one.owner === session)) connection.destroy();
}

export function closeIdle(server: UpstreamServer): void {
  server.closing = true;
  server.state.close();
  server.purge?.stop();
  for (const connection of server.idle.slice()) connection.destroy();
}

/** Every `pool-purge-delay`, half of the connections that nobody needed in the meantime are closed. */
function planPurge(server: UpstreamServer): void {
  if (server.purge !== undefined) return;
  server.leastIdle = server.idle.length;
  server.purge = server.backend.clock.timer(() => purge(server));
  server.purge.start(server.config.poolPurgeDelay);
}

function purge(server: UpstreamServer): void {
  server.purge = undefined;
  server.mostActiveBefore = server.mostActive;
  server.mostActive = server.active;
  const spare = Math.min(server.leastIdle, server.idle.length);
  for (const connection of server.idle.slice(0, Math.ceil(spare / 2))) connection.destroy();
  if (server.idle.length > 0) planPurge(server);
}
