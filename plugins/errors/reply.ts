import type { ErrorReply, Format, Place, Reply, ReplyCause, Scope, Transaction, Words } from 'sluice/plugin';
import { readErrorFile, readFile } from './errorfile.ts';
import { findErrors } from './replacing.ts';
import { isOwnStatus } from './statuses.ts';

/** An answer that a `return`, `deny`, `tarpit` or `http-error` line describes. */
export interface Answer {
  readonly status: number;
  /** Answers the client of this transaction. */
  send(transaction: Transaction, cause: ReplyCause): 'done';
  /** The same for a proxy's table of error replies; undefined stands for the usual answer. */
  readonly asErrorReply: () => ErrorReply | undefined;
}

export const REPLY_USAGE: string =
  '[ status <code> ] [ content-type <type> ] [ { default-errorfiles | errorfile <file> | errorfiles <name> | ' +
  'file <file> | lf-file <file> | string <text> | lf-string <log-format> } ] [ hdr <name> <log-format> ]…';

const SOURCES = ['default-errorfiles', 'errorfile', 'errorfiles', 'file', 'lf-file', 'string', 'lf-string'] as const;
type Source = (typeof SOURCES)[number];
/** What an answer's framing says is not for a rule to choose. */
const FRAMING = ['content-length', 'content-type', 'transfer-encoding'];

interface Parts {
  status: number;
  type: string | undefined;
  source: Source | undefined;
  /** What followed the source's word. */
  argument: string;
  readonly headers: { readonly name: string; readonly value: Format }[];
}

/** Reads the words of an answer; what is no word of it is left for `if` and `unless`. */
export function readReply(words: Words, scope: Scope, status: number, places: readonly Place[] = scope.places): Answer {
  const parts: Parts = { status, type: undefined, source: undefined, argument: '', headers: [] };
  for (let word = words.peek(); word !== undefined; word = words.peek()) {
    if (word === 'status') {
      words.next('status');
      parts.status = readStatusCode(words);
    } else if (word === 'content-type') {
      words.next('content-type');
      parts.type = argument(words, 'content-type', 'a content type');
    } else if (word === 'hdr') {
      words.next('hdr');
      const name = argument(words, 'hdr', 'a header name');
      const value = scope.format(words.next('a log-format string'), words, places);
      if (FRAMING.includes(name.toLowerCase())) words.warn(`header '${name}' always ignored by the http reply.`);
      else parts.headers.push({ name: name.toLowerCase(), value });
    } else if (isSource(word)) {
      words.next(word);
      if (parts.source) words.fail(`unexpected '${word}' argument, '${parts.source}' already defined.`);
      parts.source = word;
      if (word !== 'default-errorfiles') parts.argument = argument(words, word, 'a value');
    } else break;
  }
  return build(parts, words, scope, places);
}

function isSource(word: string): word is Source {
  return (SOURCES as readonly string[]).includes(word);
}

function argument(words: Words, word: string, what: string): string {
  const value = words.next(what);
  return value === '' ? words.fail(`'${word}' expects ${what} as argument.`) : value;
}

export function readStatusCode(words: Words): number {
  const text = words.next('a status code');
  const status = Number(text);
  if (!/^\d+$/.test(text) || status < 200 || status > 599) words.fail(`Unexpected status code '${text}'.`);
  return status;
}

function build(parts: Parts, words: Words, scope: Scope, places: readonly Place[]): Answer {
  const { status, source } = parts;
  if (source === 'default-errorfiles' || source === 'errorfile' || source === 'errorfiles') {
    if (!isOwnStatus(status)) words.fail(`status code '${status}' not handled by default with '${source}' argument.`);
    if (parts.type !== undefined)
      words.warn(`content-type '${parts.type}' ignored by the http reply when used with an errorfile.`);
    if (parts.headers.length > 0) words.warn('hdr parameters ignored by the http reply when used with an errorfile.');
    if (source === 'default-errorfiles') return page(status);
    if (source === 'errorfile') return fixed(status, readErrorFile(parts.argument, words, scope));
    return fromSection(status, parts.argument, words, scope);
  }
  const body = readBody(parts, words, scope, places);
  if (body === undefined && parts.type !== undefined)
    words.warn(
      `content-type '${parts.type}' ignored by the http reply ` +
        (source ? 'when used with an empty payload.' : 'because neither errorfile nor payload defined.'),
    );
  if (body !== undefined && (status === 204 || status === 304)) words.fail(`No body expected for ${status} responses.`);
  if (body !== undefined && parts.type === undefined)
    words.fail('a content type must be defined when non-empty payload is configured.');
  return made(status, parts.headers, parts.type, body, scope.global.settings.bufsize);
}

/** The body that a string or a file gives, or nothing if it is empty. */
function readBody(parts: Parts, words: Words, scope: Scope, places: readonly Place[]): string | Format | undefined {
  const { source, argument: text } = parts;
  if (source === undefined) return undefined;
  const content = source === 'file' || source === 'lf-file' ? readFile(text, words, scope) : text;
  if (content === '') return undefined;
  const { bufsize } = scope.global.settings;
  if (content.length > bufsize) words.fail(`'${source}' : the payload does not fit in a buffer (${bufsize} bytes)`);
  if (source === 'file' || source === 'string') return content;
  const format = scope.format(content, words, places);
  return format.constant ?? format;
}

/** The proxy's own answer for the status. */
export function page(status: number): Answer {
  return {
    status,
    send: (transaction, cause) => transaction.error(status, cause),
    asErrorReply: () => undefined,
  };
}

function fixed(status: number, reply: ErrorReply): Answer {
  return {
    status,
    send: (transaction, cause) => transaction.replyRaw(reply.kind === 'raw' ? reply.bytes : '', cause),
    asErrorReply: () => reply,
  };
}

function fromSection(status: number, name: string, words: Words, scope: Scope): Answer {
  let found: Answer = made(status, [], undefined, undefined, scope.global.settings.bufsize);
  scope.later((names) => {
    const section = findErrors(names, name);
    if (!section) words.fail(`unknown http-errors section '${name}' referenced by an http reply.`);
    const reply = section.replies.get(status);
    if (reply) found = fixed(status, reply);
    else words.warn(`status '${status}' referenced by an http reply not declared in http-errors section '${name}'.`);
  });
  return {
    status,
    send: (transaction, cause) => found.send(transaction, cause),
    asErrorReply: () => found.asErrorReply(),
  };
}

function made(
  status: number,
  headers: Parts['headers'],
  type: string | undefined,
  body: string | Format | undefined,
  limit: number,
): Answer {
  const make = (transaction: Transaction): Reply => {
    const payload = body === undefined || typeof body === 'string' ? (body ?? '') : body.evaluate(transaction);
    const fields: [string, string][] = [];
    for (const { name, value } of headers) {
      const text = value.evaluate(transaction);
      // A field whose value comes to nothing is left out, as HAProxy does it.
      if (text !== '') fields.push([name, text]);
    }
    if (status !== 204) fields.push(['content-length', String(payload.length)]);
    if (payload.length > 0 && type !== undefined) fields.push(['content-type', type]);
    return { status, headers: fields, body: payload };
  };
  return {
    status,
    send(transaction, cause) {
      const reply = make(transaction);
      return fits(reply, limit) ? transaction.reply({ ...reply, cause }) : transaction.error(500, 'denied');
    },
    asErrorReply: () => ({ kind: 'reply', make }),
  };
}

/** Whether an answer fits in a buffer: a field costs 8 bytes besides its name and value, as does each other part. */
export function fits({ headers = [], body = '' }: Reply, bufsize: number): boolean {
  let size = 128 + body.length;
  for (const [name, value] of headers) size += 8 + name.length + value.length;
  return size <= bufsize;
}
