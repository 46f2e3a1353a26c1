import type { ReadSocket } from '../net/fast-socket.ts';
import { copyOf } from './buffers.ts';
import type { FilterChain } from './filter-chain.ts';
import { RawEnd } from './filter-raw.ts';
import { balanceResponse } from './filter-response.ts';
import { abortStream, finishResponse } from './http-finish.ts';
import type { HttpSession } from './http-session.ts';
import { tunnelTimeout } from './response-flow.ts';
import { transmit } from './response-send.ts';
import type { Stream } from './stream.ts';
import type { StreamFilters } from './stream-filters.ts';
import { schedule } from './timers.ts';

/** The answer opens a tunnel: what passes is no message any more, and goes to those filters that care for bytes. */
export function beginTunnel(session: HttpSession, stream: Stream, filters: StreamFilters): void {
  const { life } = stream;
  const { body } = stream.responseView;
  const up = filters.chain('request', true, toServer(session, stream));
  const down = filters.chain('response', true, toClient(session, stream));
  let early: Buffer | null = null;
  if (down !== null && body.heldSize > 0) {
    early = copyOf(body.held, body.heldStart, body.heldEnd);
    body.release();
  }
  stream.requestChain?.close();
  stream.requestChain = up;
  stream.responseChain = down;
  if (up !== null) up.started = true;
  if (down !== null) down.started = true;
  if (early !== null) down?.push(early);
  transmit(session, stream);
  if (stream.life !== life) return;
  down?.run();
  if (stream.life === life) up?.run();
}

const abort = (session: HttpSession, stream: Stream): void => {
  stream.terminate('P', 'D');
  abortStream(session, stream);
};

function toClient(session: HttpSession, stream: Stream): RawEnd {
  return new RawEnd({
    socket: () => session.socket,
    wrote: (size) => {
      stream.bytesToClient += size;
      stream.frontend.counters.bytesOut += size;
      stream.backend!.counters.bytesOut += size;
    },
    ended: () => {
      stream.responseChain = null;
      stream.responsePhase = 2;
      finishResponse(session, stream);
    },
    balance: (chain) => balanceResponse(session, stream, chain),
    concluded: () => abort(session, stream),
  });
}

function toServer(session: HttpSession, stream: Stream): RawEnd {
  const socket = (): ReadSocket | null => {
    const connection = stream.connection$;
    return connection === null || connection.closed ? null : connection.socket;
  };
  return new RawEnd({
    socket,
    wrote: (size) => {
      stream.bytesToServer += size;
    },
    ended: () => {
      stream.requestChain = null;
      socket()?.end();
    },
    balance: (chain: FilterChain) => {
      if (chain.backlogged) session.pause();
      else session.resume();
      schedule(session, tunnelTimeout(session, stream), session.clock.now());
    },
    concluded: () => abort(session, stream),
  });
}
