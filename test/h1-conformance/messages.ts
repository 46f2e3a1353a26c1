/** One message of a stream of HTTP/1 messages, as a strict reader sees it. */
export interface Message {
  /** Start line and fields with their line ends, without the empty line. */
  head: string;
  /** The decoded body. */
  body: string;
  /** Trailer fields with their line ends. */
  trailers: string;
  /** Whether all of it is there. A body that lasts until the close is complete when the stream has ended. */
  complete: boolean;
  framing: 'none' | 'length' | 'chunked' | 'close' | 'tunnel';
  /** The first byte after the message. */
  end: number;
}

/** What a reader knows besides the bytes. */
export interface Context {
  kind: 'request' | 'response';
  /** For responses: the method of the request that each final response belongs to, in order. */
  methods?: readonly string[];
  /** Whether the stream has ended. */
  ended?: boolean;
}

const field = (head: string, name: string): string | undefined =>
  new RegExp(`\r\n${name}:[ \t]*([^\r\n]*)`, 'i').exec(head)?.[1];

/** Cuts a stream into messages; the last one may be incomplete. Bytes that are no head end the list as one incomplete message. */
export function messages(stream: string, context: Context): Message[] {
  const list: Message[] = [];
  let finals = 0;
  for (let at = 0; at < stream.length;) {
    const method = context.methods?.[finals] ?? 'GET';
    const message = readMessage(stream, at, context, method);
    list.push(message);
    if (!message.complete || message.framing === 'close' || message.framing === 'tunnel') break;
    if (status(message) >= 200) finals++;
    at = message.end;
  }
  return list;
}

/** The status of a response, 0 when its first line has none. */
export function status(message: Message): number {
  return Number(/^HTTP\/1\.[01] (\d{3})/.exec(message.head)?.[1] ?? 0);
}

function readMessage(stream: string, at: number, context: Context, method: string): Message {
  const headEnd = stream.indexOf('\r\n\r\n', at);
  const message: Message = { head: '', body: '', trailers: '', complete: false, framing: 'none', end: stream.length };
  if (headEnd < 0) return { ...message, head: stream.slice(at) };
  message.head = stream.slice(at, headEnd + 2);
  const start = headEnd + 4;
  const framing = framingOf(message, context, method);
  if (framing === 'chunked') return readChunks(stream, start, { ...message, framing });
  if (framing === 'close' || framing === 'tunnel') {
    return { ...message, framing, body: stream.slice(start), complete: context.ended ?? false };
  }
  const length = framing === 'length' ? Number(field(message.head, 'content-length')) : 0;
  const end = Math.min(start + length, stream.length);
  return { ...message, framing, body: stream.slice(start, end), complete: stream.length >= start + length, end };
}

function framingOf(message: Message, { kind }: Context, method: string): Message['framing'] {
  if (kind === 'response') {
    const code = status(message);
    if (code === 101 || (method === 'CONNECT' && code >= 200 && code < 300)) return 'tunnel';
    if (code < 200 || code === 204 || code === 304 || method === 'HEAD') return 'none';
  } else if (message.head.startsWith('CONNECT ') || upgrades(message.head)) return 'tunnel';
  if (field(message.head, 'transfer-encoding') !== undefined) return 'chunked';
  if (field(message.head, 'content-length') !== undefined) return 'length';
  return kind === 'response' ? 'close' : 'none';
}

const upgrades = (head: string): boolean =>
  /\r\nupgrade:/i.test(head) && /\r\nconnection:[^\r\n]*upgrade/i.test(head) && !/\r\ncontent-length:/i.test(head);

/** A chunk size with its extensions, in not more digits than 64 bits need. */
const SIZE_LINE = /([0-9A-Fa-f]{1,16})(?:[ \t]*;[^\r\n]*)?\r\n/y;

function readChunks(stream: string, start: number, message: Message): Message {
  let at = start;
  let body = '';
  for (;;) {
    SIZE_LINE.lastIndex = at;
    const line = SIZE_LINE.exec(stream);
    if (line === null) return { ...message, body, trailers: `?${stream.slice(at)}` };
    at += line[0].length;
    const size = Number.parseInt(line[1]!, 16);
    if (size === 0) break;
    body += stream.slice(at, at + size);
    if (stream.slice(at + size, at + size + 2) !== '\r\n') return { ...message, body, trailers: '?' };
    at += size + 2;
  }
  const rest = stream.slice(at);
  const end = rest.startsWith('\r\n') ? 0 : rest.indexOf('\r\n\r\n') + 2;
  if (end === 1 || rest === '') return { ...message, body, trailers: `?${rest}` };
  return { ...message, body, trailers: rest.slice(0, end), complete: true, end: at + end + 2 };
}

/**
 * Rewrites a stream so that two streams that differ in nothing but the borders of chunks, their extensions and the
 * spelling of their sizes become the same text. Where chunked framing is broken off, only the decoded part counts.
 */
export function canonical(stream: string, context: Context): string {
  let text = '';
  let at = 0;
  for (const message of messages(stream, context)) {
    text += message.framing === 'chunked' ? rewritten(message) : stream.slice(at, message.end);
    at = message.end;
  }
  return text + stream.slice(at);
}

function rewritten({ head, body, trailers, complete }: Message): string {
  // Blanks around a trailer's value are not part of it, and a body that is not re-encoded keeps them.
  const plain = trailers.replace(/:[ \t]*([^\r]*?)[ \t]*\r\n/g, ': $1\r\n');
  return `${head}\r\n<${body}>${complete ? `\r\n${plain}\r\n` : '…'}`;
}
