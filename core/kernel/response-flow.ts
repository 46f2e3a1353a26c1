import { unsentBytes } from '../net/fast-socket.ts';
import type { ServerConnection } from '../upstream/server-connection.ts';
import { copyOf } from './buffers.ts';
import { filteredBody } from './filter-response.ts';
import { abortStream, finishResponse } from './http-finish.ts';
import { BODY, type HttpSession } from './http-session.ts';
import { storedSent } from './stored-send.ts';
import type { Stream } from './stream.ts';
import { schedule } from './timers.ts';

/** `timeout tunnel` for both sides, else the shorter of theirs; `timeout server-fin` once the client has ended (configuration.txt 4.2). */
export function tunnelTimeout(session: HttpSession, stream: Stream): number {
  const fin = session.clientEnded ? stream.backend!.settings.timeouts['server-fin'] : undefined;
  if (fin !== undefined) return fin;
  const client = stream.getTimeout('client') || Infinity;
  const server = stream.getTimeout('server') || Infinity;
  const side = Math.min(client, server);
  return stream.getTimeout('tunnel') || (side === Infinity ? 0 : side);
}

/** More of a response's body. */
export function responseBody(
  session: HttpSession,
  stream: Stream,
  connection: ServerConnection,
  bytes: Buffer,
  from: number,
  to: number,
): void {
  if (stream.responseChain !== null) {
    filteredBody(session, stream, stream.responseChain, bytes, to);
    return;
  }
  const { body } = stream.responseView;
  const stop = body.follow(bytes, from, to);
  if (stop < 0) {
    // The client must not take what it got for all: its connection ends without the last chunk.
    stream.terminate('S', 'D');
    stream.server!.counters.responseErrors++;
    abortStream(session, stream);
    return;
  }
  const size = stop - from;
  const { socket } = session;
  const owned = bytes === connection.bulk;
  const flowing = socket.write(owned ? bytes.subarray(from, stop) : copyOf(bytes, from, stop));
  stream.bytesToClient += size;
  stream.frontend.counters.bytesOut += size;
  stream.backend!.counters.bytesOut += size;
  if (stop < to) stream.closeServer = true;
  if (body.complete) {
    if (socket.writableLength > 0 && owned) connection.bulk = null;
    stream.responsePhase = 2;
    finishResponse(session, stream);
    return;
  }
  if (socket.writableLength > 0) {
    if (owned) connection.replaceBulk();
    if (!flowing) {
      awaitClient(session, stream, connection);
      return;
    }
  }
  schedule(session, stream.tunnel ? tunnelTimeout(session, stream) : stream.getTimeout('server'), session.clock.now());
}

/** The client takes less than the server sends: the server waits, and it is the client's time that runs. */
export function awaitClient(session: HttpSession, stream: Stream, connection: ServerConnection): void {
  connection.pause();
  session.queued = unsentBytes(session.socket);
  schedule(session, stream.tunnel ? tunnelTimeout(session, stream) : stream.getTimeout('client'), session.clock.now());
}

/** The client has taken what was written. */
export function clientDrained(session: HttpSession, stream: Stream): void {
  const connection = stream.connection$;
  const chain = stream.responseChain;
  if (chain !== null) {
    chain.blocked = false;
    chain.run();
    return;
  }
  if (stream.conversation !== null) {
    stream.conversation.changed();
    return;
  }
  if (connection === null) {
    if (stream.stored !== null && stream.responsePhase === 1) storedSent(session, stream);
    return;
  }
  if (session.socket.writableLength === 0) connection.takeBack();
  const waited = connection.paused;
  connection.resume();
  if (waited && stream.responsePhase === 1 && !stream.tunnel)
    schedule(session, stream.getTimeout('server'), session.clock.now());
}

/** The server has taken what was written. */
export function serverDrained(session: HttpSession, stream: Stream, _connection: ServerConnection): void {
  const chain = stream.requestChain;
  if (chain !== null) {
    chain.blocked = false;
    chain.run();
    return;
  }
  const waited = session.paused;
  session.resume();
  if (waited && session.phase === BODY) schedule(session, stream.getTimeout('client'), session.clock.now());
}

/** Bytes of the client in a tunnel. */
export function tunnelToServer(session: HttpSession, stream: Stream, bytes: Buffer, n: number): void {
  const connection = stream.connection$;
  const chain = stream.requestChain;
  stream.bytesFromClient += n;
  if (stream.measureIn > 0) stream.measureIn += n;
  stream.frontend.counters.bytesIn += n;
  stream.backend!.counters.bytesIn += n;
  if (chain !== null) {
    chain.feed(bytes, 0, n);
    chain.run();
    return;
  }
  if (connection === null || connection.closed) return;
  const owned = bytes === session.bulk;
  const flowing = connection.socket.write(owned ? bytes.subarray(0, n) : copyOf(bytes, 0, n));
  if (connection.socket.writableLength > 0) {
    if (owned) session.replaceBulk();
    if (!flowing) session.pause();
  }
  schedule(session, tunnelTimeout(session, stream), session.clock.now());
}
