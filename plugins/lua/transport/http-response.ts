import type { StreamSocket } from './stream-socket.ts';

/** A response as a script gets it. Names are lower case, values without the white space around them. */
export interface HttpResponse {
  readonly status: number;
  readonly reason: string;
  readonly headers: (readonly [name: string, value: string])[];
  readonly body: Buffer;
}

/** Why there is none: what came is no HTTP; nothing came before the end; nothing came in time. */
export type HttpFailure = 'malformed' | 'empty' | 'timeout';

/** Bytes of a head, and of a body, at the most. */
const MAX_HEAD = 64 * 1024;
const MAX_BODY = 256 * 1024 * 1024;

const STATUS_LINE = /^HTTP\/1\.\d ([1-9]\d\d)(?: ([^\0\r\n]*))?$/;
// RFC 9110 5.6.2 and 5.5: a token, and a value without control characters.
const FIELD = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*((?:[^\0-\x08\n-\x1f\x7f]*[^\0-\x20\x7f])?)[ \t]*$/;

type Step = 'head' | 'length' | 'until-close' | 'chunk-size' | 'chunk' | 'chunk-end' | 'trailers';

/** Reads one response from a connection as it comes. RFC 9112. */
export class HttpResponseReader {
  readonly #socket: StreamSocket;
  readonly #bodiless: boolean;
  #step: Step = 'head';
  #line = '';
  #headSize = 0;
  #status = 0;
  #reason = '';
  #headers: (readonly [string, string])[] = [];
  readonly #parts: Buffer[] = [];
  #size = 0;
  /** What is still to come of the body, or of the chunk. */
  #left = 0;

  /** `bodiless`: it answers HEAD. */
  constructor(socket: StreamSocket, bodiless: boolean) {
    this.#socket = socket;
    this.#bodiless = bodiless;
  }

  /** The response once it is whole, or cut; undefined: wait for more. */
  read(): HttpResponse | HttpFailure | undefined {
    for (;;) {
      const before = this.#step;
      const result = this.#advance();
      if (result !== undefined) return result;
      if (this.#step === before && this.#socket.incoming.length === 0) break;
    }
    this.#socket.consumed();
    if (this.#socket.state !== 'ended') return undefined;
    if (this.#step === 'head') return this.#socket.end === 'timeout' ? 'timeout' : 'empty';
    // A body that was cut is given as far as it came; so does HAProxy.
    return this.#response();
  }

  #advance(): HttpResponse | HttpFailure | undefined {
    switch (this.#step) {
      case 'head':
        return this.#headLine();
      case 'length':
      case 'chunk':
        return this.#bytes();
      case 'until-close':
        return this.#keep(this.#socket.incoming.take());
      default:
        return this.#framing();
    }
  }

  /** A line without its end; undefined until it is there. */
  #nextLine(): string | undefined {
    const { incoming } = this.#socket;
    const whole = incoming.through(0x0a);
    const bytes = whole ?? incoming.take();
    this.#headSize += bytes.length;
    this.#line += bytes.latin1Slice();
    if (whole === undefined) return undefined;
    const line = this.#line.replace(/\r?\n$/, '');
    this.#line = '';
    return line;
  }

  #headLine(): HttpResponse | HttpFailure | undefined {
    const line = this.#nextLine();
    if (this.#headSize > MAX_HEAD) return 'malformed';
    if (line === undefined) return undefined;
    if (this.#status === 0) {
      const [, status, reason] = STATUS_LINE.exec(line) ?? [];
      if (status === undefined) return 'malformed';
      this.#status = Number(status);
      this.#reason = reason ?? '';
      return undefined;
    }
    if (line !== '') {
      const [, name, value] = FIELD.exec(line) ?? [];
      if (name === undefined) return 'malformed';
      this.#headers.push([name.toLowerCase(), value!]);
      return undefined;
    }
    // RFC 9110 15.2: what comes before the response is no answer.
    if (this.#status < 200 && this.#status !== 101) {
      this.#status = 0;
      this.#headers = [];
      return undefined;
    }
    return this.#framingOfBody();
  }

  /** RFC 9112 6.3. */
  #framingOfBody(): HttpResponse | HttpFailure | undefined {
    if (this.#bodiless || this.#status === 204 || this.#status === 304) return this.#response();
    const codings = this.#all('transfer-encoding');
    const lengths = new Set(this.#all('content-length'));
    if (codings.length > 0) {
      if (lengths.size > 0) return 'malformed';
      this.#step = codings.at(-1)!.toLowerCase().endsWith('chunked') ? 'chunk-size' : 'until-close';
      return undefined;
    }
    if (lengths.size === 0) {
      this.#step = 'until-close';
      return undefined;
    }
    const [length] = lengths;
    if (lengths.size > 1 || !/^\d{1,15}$/.test(length!)) return 'malformed';
    this.#left = Number(length);
    this.#step = 'length';
    return this.#left === 0 ? this.#response() : undefined;
  }

  #all(name: string): string[] {
    return this.#headers.filter(([known]) => known === name).map(([, value]) => value);
  }

  #bytes(): HttpResponse | undefined {
    const bytes = this.#socket.incoming.take(this.#left);
    this.#left -= bytes.length;
    this.#keep(bytes);
    if (this.#left > 0) return undefined;
    if (this.#step === 'length') return this.#response();
    this.#step = 'chunk-end';
    return undefined;
  }

  /** RFC 9112 7.1. What is malformed ends the body there. */
  #framing(): HttpResponse | undefined {
    const line = this.#nextLine();
    if (line === undefined) return undefined;
    switch (this.#step) {
      case 'chunk-end':
        if (line !== '') return this.#response();
        this.#step = 'chunk-size';
        return undefined;
      case 'chunk-size': {
        const [, size] = /^([0-9A-Fa-f]{1,13})(?:[ \t]*;.*)?$/.exec(line) ?? [];
        if (size === undefined) return this.#response();
        this.#left = Number.parseInt(size, 16);
        this.#step = this.#left === 0 ? 'trailers' : 'chunk';
        return undefined;
      }
      default:
        return line === '' ? this.#response() : undefined;
    }
  }

  #keep(bytes: Buffer): undefined {
    if (bytes.length === 0) return;
    this.#parts.push(bytes);
    this.#size += bytes.length;
    if (this.#size > MAX_BODY) this.#socket.destroy();
  }

  #response(): HttpResponse {
    return {
      status: this.#status,
      reason: this.#reason,
      headers: this.#headers,
      body: Buffer.concat(this.#parts),
    };
  }
}
