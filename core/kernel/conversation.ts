import { reasonPhrase, type Conversation, type ReplyHead, type Verdict } from '../api/index.ts';
import { BODY_CHUNKED, BODY_CLOSE, BODY_LENGTH, BODY_NONE } from '../http/messages.ts';
import { unsentBytes } from '../net/fast-socket.ts';
import { countStatus } from '../state/counters.ts';
import type { ClientSession } from './client-session.ts';
import { continueExpected } from './request-stages.ts';
import type { Stream } from './stream.ts';
import { schedule } from './timers.ts';

/** Bytes that wait for the head to be sent, or for the client, before the service is asked to wait. */
const HIGH_WATER = 65_536;

/** What the HTTP side of the kernel does for a conversation; the session's business, not this file's. */
export interface ConversationEnds {
  /** All has been written: the exchange ends. */
  finish(stream: Stream): void;
  /** It cannot be ended properly. */
  cut(stream: Stream): void;
}

/** A service's way to read what the client sends and to answer bit by bit. */
export class StreamConversation implements Conversation {
  onChange: (() => void) | undefined = undefined;
  over = false;
  /** The head, while it has not been sent. */
  head: ReplyHead | undefined;
  readonly verdict: Promise<Verdict>;
  readonly #stream: Stream;
  readonly #session: ClientSession;
  readonly #http: boolean;
  #settle!: (verdict: Verdict) => void;
  #ends: ConversationEnds | undefined;
  #queue: Buffer[] = [];
  #queued = 0;
  #ended = false;
  #cut = false;
  #kind = BODY_NONE;
  #left = Infinity;

  constructor(stream: Stream) {
    this.#stream = stream;
    this.#session = stream.session;
    this.#http = stream.request !== undefined;
    this.verdict = new Promise((resolve) => {
      this.#settle = resolve;
    });
    if (stream.expects) continueExpected(stream);
    stream.session.wantBody(stream);
  }

  begin(reply: ReplyHead): void {
    if (this.over || this.head !== undefined || this.#ends !== undefined) return;
    this.head = reply;
    this.#stream.pending = {
      reply: undefined,
      status: reply.status,
      raw: undefined,
      cause: 'local',
      conversation: this,
    };
    this.#settle('done');
  }

  /** Makes the head of it: what the rules of responses see. */
  makeHead(): void {
    const { status, reason, headers, length } = this.head!;
    const stream = this.#stream;
    const { responseView: view, requestView } = stream;
    view.make(status, reason ?? reasonPhrase(status), requestView.version);
    const bodiless = stream.headRequest || status === 204 || status === 304;
    for (const [name, value] of headers ?? []) view.head.add(name, value);
    if (length !== undefined) {
      if (status !== 204) view.head.set('content-length', String(length));
      this.#kind = BODY_LENGTH;
      this.#left = length;
    } else if (requestView.version === '1.1') {
      if (status !== 204 && status !== 304) view.head.set('transfer-encoding', 'chunked');
      this.#kind = BODY_CHUNKED;
    } else {
      this.#kind = BODY_CLOSE;
      stream.closeClient = true;
    }
    view.body.begin(bodiless ? BODY_NONE : this.#kind, length ?? 0);
    if (bodiless) this.#kind = BODY_NONE;
    stream.response = view;
  }

  /** The head has been sent, or filters have it: the body may follow. */
  flow(ends: ConversationEnds): void {
    this.head = undefined;
    this.#ends = ends;
    const stream = this.#stream;
    const { status } = stream.responseView;
    if (stream.responseChain === null) {
      if (stream.backend !== undefined) countStatus(stream.backend.counters, status);
      countStatus(stream.frontend.counters, status);
    }
    stream.responsePhase = 1;
    const queue = this.#queue;
    this.#queue = [];
    this.#queued = 0;
    for (const bytes of queue) this.#send(bytes);
    if (this.over) return;
    if (this.#cut) ends.cut(stream);
    else if (this.#ended) this.#finish();
    else {
      this.#touch();
      this.onChange?.();
    }
  }

  write(bytes: string | Uint8Array): boolean {
    if (this.over || this.#ended || bytes.length === 0) return this.writable;
    const data = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : Buffer.from(bytes);
    if (this.#http && this.#ends === undefined) {
      this.#queue.push(data);
      this.#queued += data.length;
    } else this.#send(data);
    return this.writable;
  }

  get writable(): boolean {
    if (this.over) return true;
    if (this.#http && this.#ends === undefined) return this.#queued < HIGH_WATER;
    const chain = this.#stream.responseChain;
    return chain === null ? this.#session.socket.writableLength < HIGH_WATER : !chain.backlogged;
  }

  #send(data: Buffer): void {
    const stream = this.#stream;
    let bytes = data;
    if (this.#http) {
      if (this.#kind === BODY_NONE) return;
      if (bytes.length > this.#left) bytes = bytes.subarray(0, this.#left);
      this.#left -= bytes.length;
      if (bytes.length === 0) return;
      const chain = stream.responseChain;
      if (chain !== null) {
        chain.push(bytes);
        chain.run();
        return;
      }
      if (stream.frontend.runtime.measures) stream.measureOut += bytes.length;
      if (this.#kind === BODY_CHUNKED) {
        bytes = Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);
      }
    }
    this.#count(bytes.length);
    this.#session.socket.write(bytes);
    this.#touch();
  }

  #count(size: number): void {
    const { frontend, backend } = this.#stream;
    this.#stream.bytesToClient += size;
    frontend.counters.bytesOut += size;
    if (backend !== undefined) backend.counters.bytesOut += size;
  }

  /** Whoever has to act next has his time. */
  #touch(): void {
    const session = this.#session;
    const behind = session.socket.writableLength > 0;
    if (behind) session.queued = unsentBytes(session.socket);
    schedule(session, this.#stream.getTimeout(behind || !this.#http ? 'client' : 'server'), session.clock.now());
  }

  read(most: number): Buffer {
    if (this.over) return NOTHING;
    const { body } = this.#stream.requestView;
    const bytes = body.take(most);
    if (bytes.length > 0 && !this.readEnded) {
      this.#session.wantBody(this.#stream);
      if (!this.#http) this.#touch();
    }
    return bytes;
  }

  get readable(): number {
    return this.over ? 0 : this.#stream.requestView.body.takeable;
  }

  get readEnded(): boolean {
    if (this.over) return true;
    const { body } = this.#stream.requestView;
    return (this.#http ? body.complete : this.#session.clientEnded) && body.takeable === 0;
  }

  end(): void {
    if (this.over || this.#ended) return;
    this.#ended = true;
    if (!this.#http) this.#settle('done');
    else if (this.#ends !== undefined) this.#finish();
  }

  abort(): void {
    if (this.over) return;
    if (this.#ends !== undefined) this.#ends.cut(this.#stream);
    else {
      this.#ended = true;
      this.#cut = true;
      this.#settle('abort');
    }
  }

  #finish(): void {
    const stream = this.#stream;
    if (this.#kind === BODY_LENGTH && this.#left > 0) {
      this.#ends!.cut(stream);
      return;
    }
    const chain = stream.responseChain;
    if (chain !== null) {
      stream.responseView.body.complete = true;
      stream.requestView.body.complete = true;
      chain.end();
      chain.run();
      return;
    }
    if (this.#kind === BODY_CHUNKED) {
      this.#session.socket.write('0\r\n\r\n', 'latin1');
      this.#count(5);
    }
    this.#ends!.finish(stream);
  }

  /** Something has happened on the client's side. */
  changed(): void {
    this.onChange?.();
  }

  /** The stream is over. */
  close(): void {
    if (this.over) return;
    this.over = true;
    this.#queue = [];
    this.#settle('abort');
    this.onChange?.();
  }
}

const NOTHING: Buffer = Buffer.alloc(0);
