import { type ClientHttp2Session, type ClientHttp2Stream, type IncomingHttpHeaders, connect } from 'node:http2';
import type { CheckAttempt, CheckKeyword, CheckResult, Timer } from 'sluice/plugin';
import { noMore } from './builtin.ts';
import type * as Messages from './grpc-messages.ts';
import { asInfo, result } from './outcome.ts';
import { SocketStream } from './socket-stream.ts';

const SERVING = 1;
const LARGEST = 16_384;
/** Status codes of gRPC that need a name when the server gives no message. */
const NAMES: Readonly<Record<number, string>> = {
  5: 'NOT_FOUND',
  12: 'UNIMPLEMENTED',
  14: 'UNAVAILABLE',
  16: 'UNAUTHENTICATED',
};

function percentDecoded(text: string): string {
  return text.replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** One call of grpc.health.v1.Health/Check over HTTP/2 with prior knowledge. */
class Call {
  readonly #attempt: CheckAttempt;
  readonly #service: string;
  readonly #messages: typeof Messages;
  readonly #resolve: (found: CheckResult) => void;
  readonly #reject: (reason: unknown) => void;
  #timer: Timer | undefined = undefined;
  #stream: SocketStream | undefined = undefined;
  #session: ClientHttp2Session | undefined = undefined;
  #connected = false;
  #done = false;
  #headers: IncomingHttpHeaders = {};
  #body: Buffer = Buffer.alloc(0);

  constructor(
    attempt: CheckAttempt,
    service: string,
    messages: typeof Messages,
    resolve: (found: CheckResult) => void,
    reject: (reason: unknown) => void,
  ) {
    this.#attempt = attempt;
    this.#service = service;
    this.#messages = messages;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  begin(): void {
    const { signal, timeouts } = this.#attempt;
    if (signal.aborted) {
      this.#reject(signal.reason);
      return;
    }
    signal.addEventListener('abort', this.#abort);
    this.#limitTime(timeouts.whole ? timeouts.read : timeouts.connect);
    const stream = new SocketStream(
      () => this.#call(stream),
      (words) => this.#finish(result(this.#connected ? 'SOCKERR' : 'L4CON', words)),
    );
    this.#stream = stream;
    stream.use(this.#attempt.connect(stream));
  }

  #call(stream: SocketStream): void {
    this.#connected = true;
    if (!this.#attempt.timeouts.whole) this.#limitTime(this.#attempt.timeouts.read);
    const { address, port } = this.#attempt;
    const authority =
      address.family === 'unix'
        ? 'localhost'
        : `${address.family === 6 ? `[${address.address}]` : address.address}:${port}`;
    const session = connect(`http://${authority}`, { createConnection: () => stream });
    this.#session = session;
    session.on('error', (error) => this.#finish(result('L7RSP', error.message)));
    session.on('goaway', (code) => this.#finish(result('L7RSP', `GOAWAY ${code}`)));
    session.on('close', () => this.#finish(result('L7RSP', 'the connection was closed')));
    const call = session.request({
      ':method': 'POST',
      ':path': '/grpc.health.v1.Health/Check',
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    this.#listen(call);
    call.end(this.#messages.encodeRequest(this.#service));
  }

  #listen(call: ClientHttp2Stream): void {
    let trailers: IncomingHttpHeaders | undefined;
    call.on('response', (headers) => (this.#headers = headers));
    call.on('trailers', (headers: IncomingHttpHeaders) => (trailers = headers));
    call.on('data', (chunk: Buffer) => {
      if (this.#body.length < LARGEST) this.#body = Buffer.concat([this.#body, chunk]);
    });
    call.on('error', (error) => this.#finish(result('L7RSP', error.message)));
    // An answer without a message has its trailers in its headers.
    call.on('end', () => this.#judge(trailers ?? this.#headers));
  }

  #judge(trailers: IncomingHttpHeaders): void {
    const status = Number(this.#headers[':status']);
    if (status !== 200) {
      this.#finish(
        Number.isNaN(status) ? result('L7RSP', 'no response') : result('L7STS', `HTTP status ${status}`, status),
      );
      return;
    }
    const code = Number(trailers['grpc-status'] ?? Number.NaN);
    if (Number.isNaN(code)) {
      this.#finish(result('L7RSP', 'no grpc-status: not a gRPC server'));
      return;
    }
    if (code !== 0) {
      const words = percentDecoded(String(trailers['grpc-message'] ?? ''));
      this.#finish(result('L7STS', words || (NAMES[code] ?? `grpc-status ${code}`), code));
      return;
    }
    const found = this.#messages.decodeResponse(this.#body);
    if (found === undefined) this.#finish(result('L7RSP', 'not a HealthCheckResponse'));
    else this.#finish(result(found.status === SERVING ? 'L7OK' : 'L7STS', found.name, found.status));
  }

  readonly #abort = (): void => {
    this.#close();
    this.#reject(this.#attempt.signal.reason);
  };

  #limitTime(milliseconds: number): void {
    const late = (): void => this.#finish(result(this.#connected ? 'L7TOUT' : 'L4TOUT'));
    this.#timer ??= this.#attempt.clock.timer(late);
    if (milliseconds > 0) this.#timer.start(milliseconds);
    else this.#timer.stop();
  }

  #finish(found: CheckResult): void {
    if (this.#done) return;
    this.#close();
    this.#resolve(found.info === undefined ? found : { ...found, info: asInfo(found.info) });
  }

  #close(): void {
    this.#done = true;
    this.#timer?.stop();
    this.#attempt.signal.removeEventListener('abort', this.#abort);
    this.#session?.destroy();
    this.#stream?.destroy();
  }
}

export const grpcCheck: CheckKeyword = {
  usage: 'option grpc-check [ <service> ]',
  summary: 'Checks servers with the gRPC health protocol: grpc.health.v1, of the whole server or of one service.',
  parse(words) {
    const service = words.remaining > 0 ? words.next('a service') : '';
    noMore(words);
    return async (_server, attempt) => {
      // Loaded by those only who check so.
      const messages = await import('./grpc-messages.ts');
      return new Promise((resolve, reject) => new Call(attempt, service, messages, resolve, reject).begin());
    };
  },
};
