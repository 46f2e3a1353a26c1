import type { Transaction } from '../api/index.ts';
import type { UpstreamBackend } from '../upstream/backend.ts';
import type { WaitQueue } from '../upstream/queue.ts';
import type { UpstreamServer } from '../upstream/server.ts';

/** What a choice is made for. */
export interface Choosing extends Pick<Transaction, 'persistence' | 'requestCookie'> {
  readonly backend: UpstreamBackend | undefined;
  retries: number;
  retriesLeft: number;
  redispatched: boolean;
  assigned: boolean;
  avoid: UpstreamServer | undefined;
}

/** Asks what rules and persistence say; undefined leaves the server to the balance algorithm. */
export function namedServer(stream: Choosing): UpstreamServer | undefined {
  const backend = stream.backend!;
  const choosers = backend.runtime.chooseServer;
  if (choosers === null) return undefined;
  let named: UpstreamServer | undefined;
  for (const { place, run } of choosers) {
    // A rule that named one ends the rules; cookies are looked at in any case, as some are taken out of the request.
    if (named !== undefined && place !== 'cookie') continue;
    const server = run(stream as unknown as Transaction, backend) as UpstreamServer | undefined;
    if (server !== undefined && named === undefined) {
      named = server;
      stream.assigned = true;
    }
  }
  return named;
}

/** Counts a transaction on the chosen server and gives that server; or the queue to wait in; or undefined when nobody can serve it. */
export function takeServer(
  backend: UpstreamBackend,
  server: UpstreamServer | undefined,
): UpstreamServer | WaitQueue | undefined {
  if (server === undefined) {
    const busy = backend.usable > 0 && backend.servers.some((one) => one.usable && one.full);
    return busy ? backend.queue : undefined;
  }
  // With minconn a place may come free while others wait: it is theirs when the next request ends.
  const overtakes = server.config.minconn > 0 && (backend.queue.length > 0 || server.queue.length > 0);
  if (server.full || overtakes) {
    const { maxqueue } = server.config;
    return maxqueue === 0 || server.queue.length < maxqueue ? server.queue : backend.queue;
  }
  backend.take(server);
  return server;
}

/**
 * Counts a retry after a connection that could not be made; configuration.txt 4.2, `retries` and `option redispatch`. `elsewhere`: another
 * server is to be found at once; `again`: the same one, after a moment.
 */
export function countRetry(stream: Choosing, server: UpstreamServer): 'elsewhere' | 'again' {
  const backend = stream.backend!;
  stream.retriesLeft--;
  stream.retries++;
  server.counters.retries++;
  backend.counters.retries++;
  const others = backend.usable - (server.usable ? 1 : 0);
  if (stream.persistence === 'forced' || others === 0 || !redispatches(stream)) return 'again';
  stream.redispatched = true;
  stream.assigned = false;
  // The server that the cookie named counts as one that is down; configuration.txt 8.5.
  if (stream.requestCookie === 'V') stream.requestCookie = 'D';
  stream.avoid = server;
  server.counters.redispatches++;
  backend.counters.redispatches++;
  return 'elsewhere';
}

/** Every Nth retry, or the Nth from the last where negative. */
function redispatches(stream: Choosing): boolean {
  const interval = stream.backend!.settings.redispatch;
  if (interval === undefined || interval === 0) return false;
  if (interval > 0) return stream.retries % interval === 0;
  return stream.retriesLeft % -interval === 0;
}
