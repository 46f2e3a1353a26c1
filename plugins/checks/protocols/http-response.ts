import type { Body, HeaderList, Response } from 'sluice/plugin';

/** What no check needs: its fields are read and never changed. */
class Fields implements HeaderList {
  readonly #fields: [name: string, value: string][];

  constructor(fields: [name: string, value: string][]) {
    this.#fields = fields;
  }

  get size(): number {
    return this.#fields.length;
  }
  has(name: string): boolean {
    return this.#fields.some(([own]) => own === name);
  }
  get(name: string): string | undefined {
    return this.#fields.findLast(([own]) => own === name)?.[1];
  }
  all(name: string): string[] {
    return this.#fields.filter(([own]) => own === name).map(([, value]) => value);
  }
  some(name: string, visit: (value: string) => boolean): boolean {
    return this.#fields.some(([own, value]) => own === name && visit(value));
  }
  nameAt(index: number): string {
    return this.#fields[index]![0];
  }
  valueAt(index: number): string {
    return this.#fields[index]![1];
  }
  add(name: string, value: string): void {
    this.#fields.push([name, value]);
  }
  set(name: string, value: string): void {
    this.delete(name);
    this.add(name, value);
  }
  delete(name: string): boolean {
    const before = this.#fields.length;
    for (let index = before - 1; index >= 0; index--) if (this.#fields[index]![0] === name) this.deleteAt(index);
    return this.#fields.length < before;
  }
  setAt(index: number, value: string): void {
    this.#fields[index]![1] = value;
  }
  deleteAt(index: number): void {
    this.#fields.splice(index, 1);
  }
}

/** A response to a health check, as far as it has come. */
export interface HttpResponse extends Response {
  readonly body: Body;
}

const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
// HAProxy takes any protocol of four letters, white space of any length, and statuses of any number of digits.
const STATUS_LINE = /^[A-Z]{4}\/(\d\.\d)[ \t]+(\d+)(?:[ \t]+(.*))?$/s;

const trimmed = (value: string): string => value.replaceAll(/^[ \t]+|[ \t]+$/g, '');

type Head = { readonly response: Omit<HttpResponse, 'body'>; readonly end: number };

/** `incomplete` while there is no whole head; `broken` for what is none. A bare LF ends a line as well. */
function readHead(text: string): Head | 'incomplete' | 'broken' {
  let at = text.startsWith('\r\n') ? 2 : text.startsWith('\n') ? 1 : 0;
  let line: [status: number, reason: string, version: string] | undefined;
  const fields: [string, string][] = [];
  for (;;) {
    const lf = text.indexOf('\n', at);
    if (lf < 0) {
      // The first bytes tell already that this will be no response.
      if (line === undefined && !/^(?:[A-Z]{0,4}$|[A-Z]{4}\/)/.test(text.slice(at))) return 'broken';
      return 'incomplete';
    }
    const row = text.slice(at, text[lf - 1] === '\r' ? Math.max(at, lf - 1) : lf);
    at = lf + 1;
    if (row.includes('\r')) return 'broken';
    if (line === undefined) {
      const [, version, status, reason] = STATUS_LINE.exec(row) ?? [];
      if (version === undefined) return 'broken';
      line = [Number(status), reason ?? '', version];
    } else if (row === '') {
      const [status, reason, version] = line;
      return { response: { status, receivedStatus: status, reason, version, headers: new Fields(fields) }, end: at };
    } else if (/^[ \t]/.test(row)) {
      // obs-fold: the end of the line becomes blanks, RFC 9112 5.2.
      const last = fields.at(-1);
      if (last === undefined) return 'broken';
      last[1] = trimmed(`${last[1]}  ${row}`);
    } else {
      const colon = row.indexOf(':');
      if (colon < 1 || !NAME.test(row.slice(0, colon))) return 'broken';
      fields.push([row.slice(0, colon).toLowerCase(), trimmed(row.slice(colon + 1))]);
    }
  }
}

type Part = { readonly bytes: Buffer; readonly complete: boolean };

/** Takes chunked framing off, as far as it has come; undefined where it is broken. RFC 9112 7.1. */
function dechunk(bytes: Buffer): Part | undefined {
  const parts: Buffer[] = [];
  const sofar = (complete = false): Part => ({ bytes: Buffer.concat(parts), complete });
  for (let at = 0; ;) {
    const lf = bytes.indexOf(10, at);
    const line = bytes.toString('latin1', at, lf < 0 ? bytes.length : lf);
    const [, digits] = /^([0-9a-f]{1,8})[ \t]*(?:;.*)?\r?$/is.exec(line) ?? [];
    if (lf < 0) return /^[0-9a-f]*[ \t]*(?:;.*)?\r?$/is.test(line) ? sofar() : undefined;
    if (digits === undefined) return undefined;
    const size = Number.parseInt(digits, 16);
    at = lf + 1;
    if (size === 0) return sofar(/^(?:[^\r\n]+\r?\n)*\r?\n/.test(bytes.toString('latin1', at)));
    parts.push(bytes.subarray(at, at + size));
    at += size;
    if (at >= bytes.length) return sofar();
    if (bytes[at] === 13) at++;
    if (at >= bytes.length) return sofar();
    if (bytes[at++] !== 10) return undefined;
  }
}

/** Undefined where the framing cannot be right. RFC 9112 6.3. */
function readBody(
  { response }: Head,
  bytes: Buffer,
  last: boolean,
  headRequest: boolean,
): (Part & { length?: number }) | undefined {
  const { status, headers, version } = response;
  const lengths = new Set(headers.all('content-length').flatMap((value) => value.split(',').map((one) => one.trim())));
  if ([...lengths].some((value) => !/^\d+$/.test(value)) || lengths.size > 1) return undefined;
  if (headRequest || status === 204 || status === 304 || (status < 200 && status !== 101 && status >= 100))
    return { bytes: Buffer.alloc(0), complete: true, length: 0 };
  const coding = headers.all('transfer-encoding').join(',').toLowerCase();
  // No other coding was asked for.
  if (coding !== '' && coding !== 'chunked') return undefined;
  if (version >= '1.1' && coding !== '') {
    const found = dechunk(bytes);
    return found && { bytes: found.bytes, complete: found.complete || last };
  }
  const [length] = coding === '' ? [...lengths].map(Number) : [];
  if (length === undefined || status === 101) return { bytes, complete: last };
  return { bytes: bytes.subarray(0, length), complete: bytes.length >= length || last, length };
}

/**
 * Reads a response as HAProxy's HTTP/1 parser does: strictly, but for what it forgives. `incomplete` while its head has not come;
 * `broken` for what is no response, and for one that ended before its head did.
 */
export function readResponse(
  bytes: Buffer,
  last: boolean,
  headRequest: boolean,
): HttpResponse | 'incomplete' | 'broken' {
  const head = readHead(bytes.toString('latin1'));
  if (head === 'incomplete') return last ? 'broken' : head;
  if (head === 'broken') return head;
  const body = readBody(head, bytes.subarray(head.end), last, headRequest);
  if (body === undefined) return 'broken';
  return {
    ...head.response,
    body: { available: () => body.bytes, complete: body.complete, length: body.length },
  };
}
