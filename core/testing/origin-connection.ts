import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseProxyHeader, type ProxyHeader } from '../net/proxy-protocol.ts';
import { WireConnection } from './connection.ts';
import { bytesOf, type FieldsInput, listFields } from './fields.ts';
import { MessageParser, type WireMessage } from './message-parser.ts';
import type { OriginAnswer, OriginOptions, OriginReply } from './origin-script.ts';
import { type SeenProxyHeader, SeenRequest } from './seen-request.ts';

/** What an origin does with the requests of a connection. */
export interface OriginRequests {
  readonly options: OriginOptions;
  /** A request has come; answers what to send. */
  seen(request: SeenRequest, connection: OriginConnection): Promise<OriginReply | void>;
  /** The script threw. */
  failed(error: unknown): void;
}

/** A connection of the proxy to an origin. Besides what the script answers, a test may send bytes and end it by itself. */
export class OriginConnection extends WireConnection {
  /** From 1, in the order in which they came. */
  readonly number: number;
  /** What came on it, oldest first. */
  readonly requests: SeenRequest[] = [];
  #proxyHeader: SeenProxyHeader | undefined;
  readonly #origin: OriginRequests;
  readonly #parser: MessageParser | undefined;
  /** Bytes in front of which a PROXY header may be; undefined once that is known. */
  #start: Buffer | undefined = Buffer.alloc(0);
  #answering: Promise<void> = Promise.resolve();
  #places = 0;

  constructor(stream: Duplex, number: number, origin: OriginRequests) {
    super(stream);
    this.number = number;
    this.#origin = origin;
    if (origin.options.onConnection !== undefined) return;
    const early = origin.options.early === true;
    this.#parser = new MessageParser(
      'request',
      (message) => (early ? undefined : this.#take(message)),
      ({ startLine, headers }) => {
        if (/100-continue/i.test(headers.get('expect') ?? '') && origin.options.continues !== false)
          this.send('HTTP/1.1 100 Continue\r\n\r\n');
        if (!early) return;
        const none = { body: Buffer.alloc(0), chunks: undefined, trailers: headers, rawHead: '' };
        this.#take({ startLine, headers, ...none, complete: false });
      },
    );
  }

  /** The PROXY protocol header that came first. */
  get proxyHeader(): SeenProxyHeader | undefined {
    return this.#proxyHeader;
  }

  protected override arrived(bytes: Buffer): void {
    if (this.#start === undefined) {
      this.#parser?.push(bytes);
      return;
    }
    const start = Buffer.concat([this.#start, bytes]);
    const result = parseProxyHeader(start);
    if (result.state === 'more') {
      this.#start = start;
      return;
    }
    this.#start = undefined;
    const length = result.state === 'done' ? result.length : 0;
    if (result.state === 'done') this.#proxyHeader = seenHeader(result.header, start.subarray(0, length));
    if (start.length > length) this.#parser?.push(start.subarray(length));
  }

  protected override ended(): void {
    if (this.#start !== undefined && this.#start.length > 0) this.#parser?.push(this.#start);
    this.#start = undefined;
    this.#parser?.end();
    // A peer that has ended its side wants no more once it has its answers.
    if (this.#parser !== undefined) void this.#answering.then(() => this.end());
  }

  #take(message: WireMessage): void {
    const request = new SeenRequest(message, this.number, ++this.#places, this.#proxyHeader);
    this.requests.push(request);
    const answered = this.#origin.seen(request, this);
    // One answer after the other, whichever is ready first.
    this.#answering = this.#answering
      .then(async () => this.#reply(request, await answered))
      .catch((error: unknown) => {
        this.#origin.failed(error);
        this.reset();
      });
  }

  async #reply(request: SeenRequest, reply: OriginReply | void): Promise<void> {
    if (reply === undefined) return;
    await this.answer(typeof reply === 'string' ? { body: reply } : reply, request);
  }

  /** Sends an answer as the script would; `request` decides how it is framed. */
  async answer(answer: OriginAnswer, request?: SeenRequest): Promise<void> {
    const { delay = 0, chunkDelay = 0, interim = [], raw } = answer;
    if (delay > 0) await sleep(delay);
    for (const { status, headers } of interim) this.send(head(status, undefined, listFields(headers)));
    const isHead = request?.method === 'HEAD';
    if (raw === undefined) {
      const { bytes, pieces } = framed(answer, isHead);
      this.send(bytes);
      for (const piece of pieces) {
        if (chunkDelay > 0) await sleep(chunkDelay);
        this.send(piece);
      }
    } else this.send(raw);
    const closes = request !== undefined && wantsClose(request);
    switch (answer.afterwards ?? (closes ? 'close' : 'keep')) {
      case 'keep':
        return;
      case 'reset':
        // What has been written leaves first.
        await sleep(5);
        this.reset();
        return;
      default:
        this.end();
    }
  }
}

function wantsClose({ version, headers }: SeenRequest): boolean {
  const connection = headers.get('connection')?.toLowerCase() ?? '';
  return version === '1.0' ? !connection.includes('keep-alive') : /(?:^|,)\s*close\s*(?:,|$)/.test(connection);
}

function head(status: number, reason: string | undefined, fields: readonly (readonly [string, string])[]): string {
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return `HTTP/1.1 ${status} ${reason ?? STATUS_CODES[status] ?? 'Unknown'}\r\n${lines}\r\n`;
}

/** The head with the first piece of the body, and the pieces behind it. */
function framed(answer: OriginAnswer, isHead: boolean): { bytes: Buffer; pieces: Buffer[] } {
  const { status = 200, reason, headers, body = '', trailers, chunkDelay = 0 } = answer;
  const fields = listFields(headers);
  const named = (name: string): boolean => fields.some(([one]) => one.toLowerCase() === name);
  const list = isPieces(body) ? body.map(bytesOf) : [bytesOf(body)];
  const chunked = answer.chunked === true || isPieces(body) || trailers !== undefined;
  const bodiless = isHead || status === 204 || status === 304;
  if (!named('content-length') && !named('transfer-encoding') && status !== 204 && (status !== 304 || chunked)) {
    if (chunked) fields.push(['transfer-encoding', 'chunked']);
    else fields.push(['content-length', String(list[0]!.length)]);
  }
  const top = bytesOf(head(status, reason, fields));
  if (bodiless) return { bytes: top, pieces: [] };
  if (!chunked) return { bytes: Buffer.concat([top, ...list]), pieces: [] };
  const pieces = list.filter(({ length }) => length > 0).map(chunk);
  pieces.push(bytesOf(`0\r\n${fieldLines(trailers)}\r\n`));
  return chunkDelay > 0 ? { bytes: top, pieces } : { bytes: Buffer.concat([top, ...pieces]), pieces: [] };
}

type Pieces = readonly (string | Uint8Array)[];

function isPieces(body: NonNullable<OriginAnswer['body']>): body is Pieces {
  return Array.isArray(body);
}

function chunk(bytes: Buffer): Buffer {
  return Buffer.concat([bytesOf(`${bytes.length.toString(16)}\r\n`), bytes, bytesOf('\r\n')]);
}

function fieldLines(fields: FieldsInput | undefined): string {
  return listFields(fields)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('');
}

function seenHeader({ version, command, ends }: ProxyHeader, raw: Buffer): SeenProxyHeader {
  if (ends === undefined || ends.family === 'unix')
    return { version, command, source: undefined, destination: undefined, raw };
  const source = { host: ends.source, port: ends.sourcePort };
  const destination = { host: ends.destination, port: ends.destinationPort };
  return { version, command, source, destination, raw };
}
