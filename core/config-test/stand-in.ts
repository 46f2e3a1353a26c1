import type { OriginConnection } from '../testing/origin-connection.ts';
import { Origin, origin } from '../testing/origin.ts';
import type { OriginAnswer, OriginOptions } from '../testing/origin-script.ts';
import { MessageParser } from '../testing/message-parser.ts';
import { SeenRequest } from '../testing/seen-request.ts';
import { toText } from './decode.ts';
import { PLAIN } from './read-origins.ts';
import type { ServerLine } from './rewrite.ts';
import type { Answer, Script } from './suite.ts';

/** Says which request an answer belongs to; taken out of what the client sees. */
export const MARK = 'x-sluice-stand-in';

/** What arrived at a stand-in. */
export interface Seen {
  readonly standIn: StandIn;
  /** The number in {@link MARK}. */
  readonly id: number;
  /** In mode tcp, too, if the bytes that came are one. */
  readonly request: SeenRequest | undefined;
  /** In mode tcp: all bytes of the connection so far. */
  readonly bytes: () => string;
  /** The client as a PROXY header named it. */
  readonly source: () => string | undefined;
}

/** Somebody who is told what arrives anywhere. */
export type Recorder = (seen: Seen) => void;

const LOOKS_LIKE_HTTP = /^[A-Z]+ \S+ HTTP\/1\.[01]\r\n/;

let ids = 0;

/** Plays one server of the configuration, or all those of a `server-template`. */
export class StandIn {
  readonly line: ServerLine;
  readonly #origin: Origin;
  readonly #record: Recorder;
  #script: Script = PLAIN;
  #next = 0;

  private constructor(line: ServerLine, mode: 'http' | 'tcp', options: OriginOptions, record: Recorder) {
    this.line = line;
    this.#record = record;
    this.#origin = new Origin((request) => this.#answer(request), {
      ...options,
      ...(mode === 'tcp' ? { onConnection: (connection: OriginConnection) => this.#play(connection) } : {}),
    });
  }

  /** `host` is where it listens. */
  static async start(line: ServerLine, mode: 'http' | 'tcp', host: string, record: Recorder): Promise<StandIn> {
    const standIn = new StandIn(line, mode, { host }, record);
    await standIn.#origin.listen();
    return standIn;
  }

  /** `web/s1`, or `web/s1-3` of a template. */
  get name(): string {
    const { backend, names } = this.line;
    return names.length === 1 ? `${backend}/${names[0]}` : `${backend}/${names[0]}…${names.at(-1)}`;
  }

  get address(): string {
    return this.#origin.address;
  }

  get refuses(): boolean {
    return this.#script.refuses;
  }

  /** Begins anew, with another script. */
  play(script: Script): void {
    this.#origin.forget();
    this.#script = script;
    this.#next = 0;
  }

  async stop(): Promise<void> {
    await this.#origin.stop();
  }

  #turn(): Answer {
    const { answers } = this.#script;
    const answer = answers[Math.min(this.#next, answers.length - 1)]!;
    this.#next++;
    return answer;
  }

  #answer(request: SeenRequest): OriginAnswer {
    const id = ++ids;
    const source = request.proxyHeader?.source;
    this.#record({ standIn: this, id, request, bytes: () => '', source: () => source?.host });
    return this.#toSend(this.#turn(), id);
  }

  #toSend(answer: Answer, id: number): OriginAnswer {
    const { status, reason, headers, body, delay, send, ends } = answer;
    const end: Pick<OriginAnswer, 'afterwards'> =
      ends === 'keeps' ? {} : { afterwards: ends === 'resets' ? 'reset' : 'close' };
    if (send !== undefined) return { raw: Buffer.from(send, 'latin1'), delay, ...end };
    if (ends === 'resets' || ends === 'closes at once') return { raw: '', delay, ...end };
    const given = body === undefined ? `origin ${this.name}\n` : Buffer.from(body, 'latin1');
    const typed = headers.some(([name]) => /^content-type$/i.test(name)) || body !== undefined;
    return {
      status,
      ...(reason === undefined ? {} : { reason }),
      headers: [[MARK, String(id)], ...(typed ? [] : [['content-type', 'text/plain'] as const]), ...headers],
      body: given,
      delay,
      ...end,
    };
  }

  /** Mode tcp: what comes is answered as the script says, else with itself; what looks like HTTP, as HTTP. */
  #play(connection: OriginConnection): void {
    const id = ++ids;
    let done = 0;
    let recorded = false;
    const bytes = (): string => connection.text.slice(connection.proxyHeader?.raw.length ?? 0);
    const source = (): string | undefined => connection.proxyHeader?.source?.host;
    const record = (): void => {
      if (recorded) return;
      recorded = true;
      this.#record({
        standIn: this,
        id,
        bytes,
        source,
        get request() {
          return readRequest(bytes(), connection.number);
        },
      });
    };
    if (this.#script.greeting !== undefined) connection.send(Buffer.from(this.#script.greeting, 'latin1'));
    const react = async (): Promise<void> => {
      const fresh = bytes().slice(done);
      if (fresh === '') return;
      record();
      const looksLikeHttp = LOOKS_LIKE_HTTP.test(fresh);
      if (looksLikeHttp && !fresh.includes('\r\n\r\n')) return;
      done += fresh.length;
      const answer = this.#turn();
      const plain = this.#script === PLAIN;
      if (plain && !looksLikeHttp) connection.send(Buffer.from(fresh, 'latin1'));
      else await connection.answer(this.#toSend(answer, id));
    };
    const reactSafely = (): void => void react().catch(() => connection.reset());
    connection.stream.on('data', reactSafely);
    connection.stream.on('end', () => connection.end());
    // A connection that says nothing has been made all the same.
    record();
    reactSafely();
  }
}

/** Lets anybody in who wants to see whether somebody is there. */
export async function checkSink(host: string): Promise<Origin> {
  return origin({}, { host, onConnection: (connection) => connection.end() });
}

function readRequest(bytes: string, connection: number): SeenRequest | undefined {
  if (!LOOKS_LIKE_HTTP.test(bytes)) return undefined;
  const found: SeenRequest[] = [];
  const parser = new MessageParser('request', (message) => {
    found.push(new SeenRequest(message, connection, found.length + 1, undefined));
  });
  parser.push(Buffer.from(bytes, 'latin1'));
  return found.at(-1);
}

export function seenBody({ request }: Seen): string {
  return request === undefined ? '' : toText(request.body.toString('latin1'));
}
