/** In place of fengari's lstring: strings are latin1 (values.ts), and their own table key. */
import { TString } from './values.ts';

/** Names and constants, one object each: tables then find them by identity. Bounded, since scripts can load code without end. */
const interned = new Map<string, TString>();
const INTERNED_LENGTH = 40;
const INTERNED_COUNT = 20_000;

export function intern(text: string): TString {
  const known = interned.get(text);
  if (known !== undefined) return known;
  const made = new TString(text);
  if (text.length <= INTERNED_LENGTH) {
    if (interned.size >= INTERNED_COUNT) interned.clear();
    interned.set(text, made);
  }
  return made;
}

/** Bytes to the string that stands for them. */
export function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).latin1Slice();
}

function fromBytes(_state: unknown, bytes: Uint8Array): TString {
  return new TString(latin1(bytes));
}

/** fengari's own messages and names; anything beyond ASCII in them came from a file name, as UTF-8. */
function fromLiteral(_state: unknown, text: string): TString {
  // eslint-disable-next-line no-control-regex
  return new TString(/^[\0-\x7f]*$/.test(text) ? text : Buffer.from(text).latin1Slice());
}

export const lstring: Readonly<Record<string, unknown>> = {
  TString,
  luaS_eqlngstr: (left: TString, right: TString): boolean => left === right || left.js === right.js,
  luaS_hash: latin1,
  luaS_hashlongstr: (string: TString): string => string.js,
  luaS_bless: fromBytes,
  luaS_new: fromBytes,
  luaS_newliteral: fromLiteral,
};
