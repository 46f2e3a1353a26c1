import type { Verdict } from '../api/index.ts';
import { RawEnd } from './filter-raw.ts';
import type { Stream } from './stream.ts';
import type { StreamFilters } from './stream-filters.ts';
import type { TcpSession } from './tcp-session.ts';

/** Puts the filters that care for bytes between the two sides of a connection in TCP mode. They begin with {@link startChains}. */
export function joinChains(session: TcpSession, stream: Stream, filters: StreamFilters): void {
  const concluded = (verdict: Exclude<Verdict, undefined | void>): void => session.cutByFilter(verdict);
  stream.requestChain = filters.chain(
    'request',
    true,
    new RawEnd({
      socket: () => {
        const connection = stream.connection$;
        return connection === null || connection.closed ? null : connection.socket;
      },
      wrote: (size) => {
        stream.bytesToServer += size;
      },
      ended: () => {
        stream.requestChain = null;
        session.clientPassed();
      },
      balance: (chain) => session.balance(chain, true),
      concluded,
    }),
  );
  stream.responseChain = filters.chain(
    'response',
    true,
    new RawEnd({
      socket: () => (session.closed ? null : session.socket),
      wrote: (size) => session.countSent(size),
      ended: () => {
        stream.responseChain = null;
        session.serverPassed();
      },
      balance: (chain) => session.balance(chain, false),
      concluded,
    }),
  );
}

/** What has been held goes through; the stream may be over afterwards. */
export function startChains(stream: Stream): void {
  const { requestChain, responseChain, life } = stream;
  if (requestChain !== null) {
    requestChain.started = true;
    requestChain.run();
  }
  if (responseChain !== null && stream.life === life) {
    responseChain.started = true;
    responseChain.run();
  }
}
