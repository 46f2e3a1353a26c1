import { Fields } from './fields.ts';

/** A message as it came over the wire. Reads generously, as its sender is what a test looks at. */
export interface WireMessage {
  /** The first line, without its end. */
  readonly startLine: string;
  /** The whole head as it came, up to and with the empty line; a byte string. */
  readonly rawHead: string;
  readonly headers: Fields;
  /** Without the framing of chunks. */
  readonly body: Buffer;
  /** The chunks of a chunked body, one by one; undefined for another one. */
  readonly chunks: readonly Buffer[] | undefined;
  readonly trailers: Fields;
  /** False when the connection ended in the middle of it. */
  readonly complete: boolean;
}

type Framing = 'none' | 'length' | 'chunked' | 'close';

interface Pending {
  readonly startLine: string;
  readonly rawHead: string;
  readonly headers: Fields;
  framing: Framing;
  left: number;
  readonly parts: Buffer[];
  readonly chunks: Buffer[] | undefined;
  trailers: [string, string][];
  step: 'size' | 'data' | 'data-end' | 'trailers';
}

/** Cuts what arrives on one connection into HTTP/1 messages. */
export class MessageParser {
  readonly #kind: 'request' | 'response';
  readonly #onMessage: (message: WireMessage) => void;
  readonly #onHead: ((head: { startLine: string; headers: Fields }) => void) | undefined;
  /** Of the requests whose answers are to come: an answer to HEAD has no body. */
  readonly #methods: string[] = [];
  #rest: Buffer = Buffer.alloc(0);
  #pending: Pending | undefined;
  /** What comes is no HTTP any more: an upgrade, or a tunnel. */
  #over = false;

  constructor(
    kind: 'request' | 'response',
    onMessage: (message: WireMessage) => void,
    onHead?: (head: { startLine: string; headers: Fields }) => void,
  ) {
    this.#kind = kind;
    this.#onMessage = onMessage;
    this.#onHead = onHead;
  }

  /** A request was sent whose answer is to be read. */
  expect(method: string): void {
    this.#methods.push(method);
  }

  /** Nothing more is read as messages. */
  stop(): void {
    this.#over = true;
  }

  push(bytes: Buffer): void {
    if (this.#over) return;
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    while (this.#step());
  }

  /** The sender has ended its side. */
  end(): void {
    const pending = this.#pending;
    if (pending !== undefined) {
      if (pending.framing === 'close') this.#finish(pending, true);
      else this.#finish(pending, false);
    } else if (this.#rest.length > 0 && !this.#over) {
      const text = this.#rest.toString('latin1');
      const [startLine = ''] = text.split('\r\n', 1);
      const none = new Fields([]);
      const body = Buffer.alloc(0);
      this.#onMessage({
        startLine,
        rawHead: text,
        headers: none,
        body,
        chunks: undefined,
        trailers: none,
        complete: false,
      });
    }
    this.#over = true;
  }

  /** False when more has to come first. */
  #step(): boolean {
    if (this.#over) return false;
    return this.#pending === undefined ? this.#head() : this.#body(this.#pending);
  }

  #head(): boolean {
    // Empty lines in front of a message mean nothing (RFC 9112 2.2).
    while (this.#rest.length >= 2 && this.#rest[0] === 13 && this.#rest[1] === 10) this.#rest = this.#rest.subarray(2);
    const end = this.#rest.indexOf('\r\n\r\n', 0, 'latin1');
    if (end === -1) return false;
    const rawHead = this.#rest.toString('latin1', 0, end + 4);
    this.#rest = this.#rest.subarray(end + 4);
    const [startLine = '', ...lines] = rawHead.slice(0, -4).split('\r\n');
    const headers = new Fields(lines.map(cutField));
    this.#onHead?.({ startLine, headers });
    const [framing, left] = this.#framing(startLine, headers);
    const chunks = framing === 'chunked' ? [] : undefined;
    this.#pending = { startLine, rawHead, headers, framing, left, parts: [], chunks, trailers: [], step: 'size' };
    if (framing === 'none') this.#finish(this.#pending, true);
    return true;
  }

  #framing(startLine: string, headers: Fields): [Framing, number] {
    const chunked = /chunked\s*$/i.test(headers.get('transfer-encoding') ?? '');
    const length = Number(headers.all('content-length')[0] ?? NaN);
    if (this.#kind === 'request') return chunked ? ['chunked', 0] : length > 0 ? ['length', length] : ['none', 0];
    const status = Number(startLine.split(' ', 2)[1]);
    if (status >= 100 && status < 200 && status !== 101) return ['none', 0];
    const method = this.#methods.shift();
    if (status === 101 || (method === 'CONNECT' && status >= 200 && status < 300)) return ['close', 0];
    if (method === 'HEAD' || status === 204 || status === 304) return ['none', 0];
    if (chunked) return ['chunked', 0];
    if (Number.isNaN(length)) return ['close', 0];
    return length === 0 ? ['none', 0] : ['length', length];
  }

  #body(pending: Pending): boolean {
    if (pending.framing === 'chunked') return this.#chunked(pending);
    if (this.#rest.length === 0) return false;
    if (pending.framing === 'close') {
      pending.parts.push(this.#rest);
      this.#rest = Buffer.alloc(0);
      return false;
    }
    const part = this.#rest.subarray(0, pending.left);
    pending.parts.push(part);
    pending.left -= part.length;
    this.#rest = this.#rest.subarray(part.length);
    if (pending.left === 0) this.#finish(pending, true);
    return pending.left === 0;
  }

  #chunked(pending: Pending): boolean {
    switch (pending.step) {
      case 'size': {
        const line = this.#line();
        if (line === undefined) return false;
        const size = Number.parseInt(line, 16);
        // No chunk at all: what follows belongs to nobody.
        if (Number.isNaN(size)) {
          this.#finish(pending, false);
          this.#over = true;
          return false;
        }
        pending.left = size;
        pending.step = size === 0 ? 'trailers' : 'data';
        return true;
      }
      case 'data': {
        if (this.#rest.length < pending.left) return false;
        const part = this.#rest.subarray(0, pending.left);
        pending.parts.push(part);
        pending.chunks?.push(part);
        this.#rest = this.#rest.subarray(pending.left);
        pending.step = 'data-end';
        return true;
      }
      case 'data-end':
        if (this.#line() === undefined) return false;
        pending.step = 'size';
        return true;
      default: {
        const line = this.#line();
        if (line === undefined) return false;
        if (line === '') this.#finish(pending, true);
        else pending.trailers.push(cutField(line));
        return true;
      }
    }
  }

  #line(): string | undefined {
    const end = this.#rest.indexOf('\r\n', 0, 'latin1');
    if (end === -1) return undefined;
    const line = this.#rest.toString('latin1', 0, end);
    this.#rest = this.#rest.subarray(end + 2);
    return line;
  }

  #finish(pending: Pending, complete: boolean): void {
    this.#pending = undefined;
    const { startLine, rawHead, headers, chunks, parts, trailers } = pending;
    const body = Buffer.concat(parts);
    this.#onMessage({ startLine, rawHead, headers, body, chunks, trailers: new Fields(trailers), complete });
  }
}

function cutField(line: string): [string, string] {
  const colon = line.indexOf(':');
  return colon === -1 ? [line, ''] : [line.slice(0, colon), line.slice(colon + 1).trim()];
}
