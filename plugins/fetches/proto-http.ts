import type { Transaction } from 'sluice/plugin';
import { mayChange } from './received.ts';

const TOKEN = "[!#$%&'*+.^_`|~\\w-]+";
/** A line that could become one of a request. */
const BEGINNING = new RegExp(`^(?:${TOKEN})?$|^${TOKEN} [^\\s]*(?: [\\x21-\\x7e]*\\r?)?$`);
/** HTTP/0.9 had no version, no fields, and nothing but GET. */
const REQUEST_LINE = new RegExp(`^(?:${TOKEN} \\S+( [A-Z]+/\\d\\.\\d)|GET /\\S*)\\r?$`);
const FIELD = new RegExp(`^(?:${TOKEN}:.*|[ \\t].*)$`);

/** `req.proto_http`: the head of a request has come. In mode tcp the bytes are looked at; undefined while too few have come. */
export function isHttp(transaction: Transaction): boolean | undefined {
  const { request, received } = transaction;
  if (request !== undefined) return true;
  if (received === undefined) return false;
  const lines = received.request.toString('latin1').split('\n');
  const rest = lines.pop()!;
  const [first, ...fields] = lines;
  if (first === undefined) return BEGINNING.test(rest) ? mayChange(transaction) : false;
  const parts = REQUEST_LINE.exec(first);
  if (parts === null) return false;
  if (parts[1] === undefined) return true;
  for (const field of fields) {
    const text = field.replace(/\r$/, '');
    if (text === '') return true;
    if (!FIELD.test(text)) return false;
  }
  return mayChange(transaction);
}
