import type { HttpReuse, Verdict } from '../api/index.ts';
import { reframeRequest } from '../http/framing.ts';
import { CLOSE_LINE, KEEP_ALIVE_LINE } from '../http/connection-header.ts';
import { encodeProxyHeader } from '../upstream/proxy-header.ts';
import { connectTo, followsClient } from '../upstream/connect.ts';
import { keepIdle, takeIdle } from '../upstream/pool.ts';
import { unsentBytes } from '../net/fast-socket.ts';
import { WaitQueue } from '../upstream/queue.ts';
import type { UpstreamServer } from '../upstream/server.ts';
import type { ServerConnection } from '../upstream/server-connection.ts';
import { writeLatin1 } from '../net/direct-write.ts';
import { copyOf } from './buffers.ts';
import { sendFiltered } from './filter-request.ts';
import { serverStages } from './filter-server.ts';
import { finishRequestBody } from './http-finish.ts';
import { sendFailure, sendReply } from './http-reply.ts';
import { tell } from './log-steps.ts';
import { BODY, type HttpSession } from './http-session.ts';
import { countRetry, namedServer, takeServer } from './server-choice.ts';
import { conclude } from './request-stages.ts';
import { inspectResponse } from './response-stages.ts';
import { junkResponse } from './response-end.ts';
import type { Stream } from './stream.ts';
import { schedule } from './timers.ts';

/** Heads and bodies up to this size leave as one string: node:net sends that at once, without a buffer of its own. */
const STRING_LIMIT = 12_288;

/** Finds a server for a request that has passed all rules. */
export function dispatch(stream: Stream): void {
  const session = stream.session as HttpSession;
  const { selectServer } = stream.frontend.runtime.generation.pipeline;
  const named = stream.retries === 0 ? namedServer(stream) : undefined;
  if (selectServer.pre === null && selectServer.post === null) {
    assign(session, stream, named);
    return;
  }
  const chosen = selectServer.pre?.(stream, stream.backend!) ?? selectServer.post?.(stream, stream.backend!);
  if (chosen instanceof Promise) {
    stream.wait(
      chosen,
      (waited, answer) => followChoice(session, waited, answer as ServerChoice, named),
      () => undefined,
    );
  } else followChoice(session, stream, chosen as ServerChoice, named);
}

/** A word is what `plugin-errors` says of a hook that threw. */
type ServerChoice = UpstreamServer | Exclude<Verdict, void> | undefined;

function followChoice(
  session: HttpSession,
  stream: Stream,
  chosen: ServerChoice,
  named: UpstreamServer | undefined,
): void {
  if (typeof chosen === 'string') conclude(stream, chosen);
  else assign(session, stream, chosen ?? named);
}

/** Takes the server that was chosen, else the algorithm's; queues when it is full. */
function assign(session: HttpSession, stream: Stream, chosen: UpstreamServer | undefined): void {
  const backend = stream.backend!;
  const last = backend.runtime.preferLast ? lastServer(session, stream) : undefined;
  const server = chosen ?? last ?? backend.pick(stream);
  if (server?.config.redirectPrefix !== undefined && /^(?:GET|HEAD)$/.test(stream.requestView.method)) {
    redirect(session, stream, server, server.config.redirectPrefix);
    return;
  }
  const place = takeServer(backend, server);
  if (place === undefined) {
    stream.terminate('S', 'C');
    sendFailure(session, stream, 503);
  } else if (place instanceof WaitQueue) {
    place.add(stream);
    const { timeouts } = backend.settings;
    schedule(session, stream.timeouts?.queue ?? timeouts.queue ?? timeouts.connect, session.clock.now());
  } else serverFree(session, stream, place);
}

/** Sends the client to the server itself (`redir`). */
function redirect(session: HttpSession, stream: Stream, server: UpstreamServer, prefix: string): void {
  stream.server = server;
  stream.terminate('L', 'C');
  stream.reply({
    status: 302,
    close: true,
    reason: 'Found',
    headers: [
      ['cache-control', 'no-cache'],
      ['content-length', '0'],
      ['location', prefix + stream.requestView.uri],
    ],
  });
  sendReply(session, stream);
}

/**
 * `option prefer-last-server`: the one that this client's connection has an idle connection of its own to. With `http-reuse`
 * other than `never` there is none, with HAProxy as here.
 */
function lastServer(session: HttpSession, stream: Stream): UpstreamServer | undefined {
  const server = session.lastServer;
  if (server === undefined || server.backend !== stream.backend || stream.retries > 0) return undefined;
  if (reuseOf(server) !== 'never' || !server.usable || server.full) return undefined;
  return server.idle.some(({ owner }) => owner === session) ? server : undefined;
}

export function leaveQueue(stream: Stream): void {
  stream.queue?.remove(stream);
}

/** The stream has been counted on this server: it gets a connection. */
export function serverFree(session: HttpSession, stream: Stream, server: UpstreamServer): void {
  stream.server = server;
  stream.taken = true;
  const first = session.requests === 1 && stream.retries === 0;
  const destination = followsClient(server) ? stream.connection.destination : undefined;
  const connection = takeIdle(server, reuseOf(server), first, session, session, stream.serverMarks, destination);
  stream.timing.queue = stream.queueTicket > 0 ? session.clock.now() : stream.timing.request;
  if (connection !== undefined) {
    stream.connection$ = stream.serverLink = connection;
    stream.reused = true;
    stream.timing.connect = stream.timing.queue;
    sendRequest(session, stream, connection);
    return;
  }
  connect(session, stream, server);
}

function connect(session: HttpSession, stream: Stream, server: UpstreamServer): void {
  stream.reused = false;
  stream.connection$ = stream.serverLink = connectTo(server, stream, session);
  const limit = stream.timeouts?.connect ?? stream.backend!.settings.timeouts.connect;
  schedule(session, limit, session.clock.now());
}

export function serverConnected(session: HttpSession, stream: Stream, connection: ServerConnection): void {
  stream.timing.connect = session.clock.now();
  connection.server.observer?.('connected');
  sendRequest(session, stream, connection);
}

/** What the Connection field says to the server (RFC 9112 9.3), in HAProxy's manner. */
function connectionLine(stream: Stream): string {
  if (stream.upgrade) return '';
  const old = stream.requestView.version === '1.0';
  if (
    stream.backend!.settings.connectionMode !== 'keep-alive' ||
    stream.frontend.settings.connectionMode !== 'keep-alive'
  ) {
    stream.closeServer = true;
    // Some servers answer without a length when they are told (configuration.txt 4.2, option http-pretend-keepalive).
    if (stream.backend!.runtime.pretendKeepAlive) return old ? KEEP_ALIVE_LINE : '';
    return old ? '' : CLOSE_LINE;
  }
  return old ? KEEP_ALIVE_LINE : '';
}

/** The request's head as this server gets it. */
export function requestHead(stream: Stream): string {
  const backend = stream.backend!;
  const { head } = stream.requestView;
  const { sendNameHeader } = backend.settings;
  let last = connectionLine(stream);
  if (sendNameHeader !== undefined) {
    const name = sendNameHeader.toLowerCase();
    head.delete(name);
    last += `${name}: ${stream.server!.name}\r\n`;
  }
  const { caseAdjust } = backend.runtime.generation.settings;
  return head.text(last, backend.settings.adjustCaseForServer ? caseAdjust : undefined);
}

function sendRequest(session: HttpSession, stream: Stream, connection: ServerConnection): void {
  const view = stream.requestView;
  const backend = stream.backend!;
  const { generation } = backend.runtime;
  const { body } = view;
  const { steps } = stream.frontend.runtime;
  connection.uses++;
  if (steps.connect !== null) tell(steps.connect, stream);
  connection.expectBulk();
  const { socket } = connection;
  const prefix = connection.uses === 1 ? encodeProxyHeader(stream.server!, stream) : undefined;
  if (prefix !== undefined) socket.write(prefix);
  if (stream.requestChain !== null) {
    sendFiltered(session, stream, stream.requestChain);
    if (stream.connection$ === connection) requestLeft(session, stream, connection);
    return;
  }
  let text: string;
  if (stream.retained !== null) text = renamed(stream, stream.retained);
  else {
    if (view.head.framingEdited) reframeRequest(view.head, body);
    text = requestHead(stream);
  }
  const whole = stream.retained !== null;
  const held = whole ? 0 : body.heldSize;
  if (held > 0 && (held <= STRING_LIMIT || backend.runtime.retriesResponses)) {
    text += body.held.latin1Slice(body.heldStart, body.heldEnd);
  }
  const apart = held > STRING_LIMIT && !backend.runtime.retriesResponses;
  // The request can only be sent again while all of it is at hand.
  if (backend.runtime.retriesResponses && body.complete && !stream.retryDisabled) {
    stream.retained = text.length <= generation.settings.bufsize ? text : null;
  }
  let flowing = writeLatin1(socket, text);
  if (apart) flowing = socket.write(copyOf(body.held, body.heldStart, body.heldEnd));
  stream.bytesToServer += text.length + (apart ? held : 0);
  if (stream.frontend.runtime.keepsLine || backend.runtime.keepsLine) view.keepLine();
  stream.requestSent = true;
  body.release();
  if (!body.complete) {
    session.phase = BODY;
    session.useBulk();
    if (flowing || socket.writableLength === 0) {
      session.resume();
      schedule(session, stream.getTimeout('client'), session.clock.now());
    } else awaitServer(session, stream, connection);
  } else awaitResponse(session, stream);
  requestLeft(session, stream, connection);
}

/** The request is on its way: what looks at the server's side begins. */
function requestLeft(session: HttpSession, stream: Stream, connection: ServerConnection): void {
  if (stream.filters !== null) {
    serverStages(session, stream, connection, stream.filters);
    return;
  }
  if (stream.backend!.runtime.tcpResponseRules !== null) inspectResponse(session, stream, connection);
}

/** A request that is sent again carries the name of the server it now goes to, in the last line of its head. */
function renamed({ backend, server }: Stream, text: string): string {
  if (backend!.settings.sendNameHeader === undefined) return text;
  const end = text.indexOf('\r\n\r\n');
  const value = text.indexOf(': ', text.lastIndexOf('\r\n', end - 1)) + 2;
  return text.slice(0, value) + server!.name + text.slice(end);
}

/** The request is out: the server has its time. */
export function awaitResponse(session: HttpSession, stream: Stream): void {
  const own = stream.timeouts?.server;
  schedule(session, own ?? stream.backend!.settings.timeouts.server, session.clock.now());
  session.resume();
}

/** The server takes less than the client sends: the client waits, and it is the server's time that runs. */
export function awaitServer(session: HttpSession, stream: Stream, connection: ServerConnection): void {
  session.pause();
  connection.queued = unsentBytes(connection.socket);
  schedule(session, stream.getTimeout('server'), session.clock.now());
}

/** Passes more of a request's body on, without a copy where it has a buffer of its own. */
export function forwardBody(session: HttpSession, stream: Stream, bytes: Buffer, from: number, to: number): void {
  const connection = stream.connection$;
  const { body } = stream.requestView;
  if (connection !== null && !connection.closed && to > from) {
    const { socket } = connection;
    const owned = bytes === session.bulk;
    const flowing = socket.write(owned ? bytes.subarray(from, to) : copyOf(bytes, from, to));
    stream.bytesToServer += to - from;
    if (socket.writableLength > 0) {
      if (owned) session.replaceBulk();
      if (!flowing && !body.complete) {
        awaitServer(session, stream, connection);
        return;
      }
    }
  }
  if (body.complete) {
    session.endBulk();
    finishRequestBody(session, stream);
  } else schedule(session, session.frontend.clientTimeout, session.clock.now());
}

/** A connection that has told the server of one client can serve no other. */
function reuseOf({ config, backend }: UpstreamServer): HttpReuse {
  return config.sendProxy === undefined ? backend.settings.reuse : 'never';
}

/** Leaves the server: its connection is kept for others, or closed. */
export function releaseServer(session: HttpSession, stream: Stream, close: boolean): void {
  const connection = stream.connection$;
  if (connection !== null) {
    stream.connection$ = null;
    if (connection.closed || !connection.connected) connection.destroy();
    else if (close) connection.reset();
    else {
      connection.owner = session;
      const policy = reuseOf(connection.server);
      if (policy === 'never') {
        session.own(connection.server);
        session.lastServer = connection.server;
      }
      keepIdle(connection, policy);
    }
  }
  if (stream.taken) {
    stream.taken = false;
    stream.backend!.drop(stream.server!);
  }
}

/** The connection failed or closed: before it was made, before an answer came, or in the middle of one. */
export function serverFailed(
  session: HttpSession,
  stream: Stream,
  connection: ServerConnection,
  error: NodeJS.ErrnoException | undefined,
): void {
  if (stream.connection$ !== connection) return;
  if (!connection.connected) {
    retry(session, stream, 'S');
    return;
  }
  junkResponse(session, stream, error === undefined ? 'closed' : 'error');
}

/** A connection could not be made: once more, perhaps elsewhere (configuration.txt 4.2, `retries`, `option redispatch`). */
export function retry(session: HttpSession, stream: Stream, cause: 'S' | 's'): void {
  const backend = stream.backend!;
  const server = stream.server!;
  server.observer?.('connect-failed');
  releaseServer(session, stream, true);
  const allowed = backend.settings.retryOn.has('conn-failure');
  if (stream.retriesLeft <= 0 || !allowed) {
    server.counters.connectionErrors++;
    backend.counters.connectionErrors++;
    stream.terminate(cause, 'C');
    sendFailure(session, stream, 503);
    return;
  }
  again(session, stream, server);
}

/** Counts a retry and begins it: at once on another server, after a moment on the same one. */
export function again(session: HttpSession, stream: Stream, server: UpstreamServer): void {
  stream.requestSent = false;
  if (countRetry(stream, server) === 'elsewhere') {
    dispatch(stream);
    return;
  }
  const backend = stream.backend!;
  const pause = Math.min(1000, backend.settings.timeouts.connect || 1000);
  schedule(session, 0, 0);
  stream.wait(
    stream.sleep(stream.retained === null ? pause : 0),
    (waited, alive) => {
      if (alive) assign(session, waited, stream.assigned || server.usable ? server : undefined);
    },
    () => false,
  );
}
