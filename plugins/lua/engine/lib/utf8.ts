/** The utf8 library (manual 6.5). As Lua 5.3 reads it: surrogates pass, overlong forms and what lies beyond U+10FFFF do not. */
import { nativeOf } from '../call.ts';
import type { Call } from '../call.ts';
import type { HostFunction } from '../engine.ts';
import { tick } from '../limits.ts';
import { LIGHT_FUNCTION } from '../values.ts';

const MAX_CODE = 0x10_ff_ff;
const LEAST = [0, 0, 0x80, 0x800, 0x10000];

function continues(text: string, at: number): boolean {
  return (text.charCodeAt(at) & 0xc0) === 0x80;
}

/** The character at a place: its code and how many bytes it has; undefined if it is none. */
function decode(text: string, at: number): { code: number; size: number } | undefined {
  const lead = text.charCodeAt(at);
  if (lead < 0x80) return { code: lead, size: 1 };
  const size = lead >= 0xf8 ? 0 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 0;
  if (size === 0) return undefined;
  let code = lead & (0x7f >> size);
  for (let next = 1; next < size; next++) {
    if (at + next >= text.length || !continues(text, at + next)) return undefined;
    code = (code << 6) | (text.charCodeAt(at + next) & 0x3f);
  }
  return code < LEAST[size]! || code > MAX_CODE ? undefined : { code, size };
}

function encode(code: number): string {
  if (code < 0x80) return String.fromCharCode(code);
  if (code < 0x800) return String.fromCharCode(0xc0 | (code >> 6), 0x80 | (code & 0x3f));
  if (code < 0x10000)
    return String.fromCharCode(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f));
  return String.fromCharCode(
    0xf0 | (code >> 18),
    0x80 | ((code >> 12) & 0x3f),
    0x80 | ((code >> 6) & 0x3f),
    0x80 | (code & 0x3f),
  );
}

function place(at: number, length: number): number {
  if (at >= 0) return at;
  return -at > length ? 0 : length + at + 1;
}

const nextCode: HostFunction = (call) => {
  const text = call.string(1);
  let at = call.int(2) - 1;
  if (at < 0) at = 0;
  else if (at < text.length) {
    at++;
    while (at < text.length && continues(text, at)) at++;
  }
  if (at >= text.length) return 0;
  const found = decode(text, at);
  if (found === undefined || (at + found.size < text.length && continues(text, at + found.size)))
    return call.fail('invalid UTF-8 code');
  call.pushInteger(at + 1);
  call.pushInteger(found.code);
  return 2;
};
const nextCodeNative = nativeOf(nextCode, 'codes_aux');

export const utf8Functions: Readonly<Record<string, HostFunction>> = {
  char(call) {
    let text = '';
    for (let index = 1, count = call.count; index <= count; index++) {
      const code = call.int(index);
      if (code < 0 || code > MAX_CODE) call.failArgument(index, 'value out of range');
      text += encode(code);
    }
    call.pushString(text);
    return 1;
  },
  codepoint(call) {
    const text = call.string(1);
    const from = place(call.optionalInt(2, 1), text.length);
    const to = place(call.optionalInt(3, from), text.length);
    if (from < 1) call.failArgument(2, 'out of range');
    if (to > text.length) call.failArgument(3, 'out of range');
    if (from > to) return 0;
    let count = 0;
    for (let at = from - 1; at < to; count++) {
      const found = decode(text, at);
      if (found === undefined) return call.fail('invalid UTF-8 code');
      if (count >= 200_000) call.fail('string slice too long');
      call.pushInteger(found.code);
      at += found.size;
    }
    return count;
  },
  codes(given) {
    const call = given as Call;
    const text = call.string(1);
    call.pushSlot(LIGHT_FUNCTION, nextCodeNative);
    call.pushString(text);
    call.pushInteger(0);
    return 3;
  },
  len(given) {
    const call = given as Call;
    const text = call.string(1);
    let at = place(call.optionalInt(2, 1), text.length);
    const to = place(call.optionalInt(3, -1), text.length);
    if (at < 1 || at > text.length + 1) call.failArgument(2, 'initial position out of string');
    if (to > text.length) call.failArgument(3, 'final position out of string');
    let count = 0;
    for (at--; at < to; count++) {
      const found = decode(text, at);
      if (found === undefined) {
        call.pushNil();
        call.pushInteger(at + 1);
        return 2;
      }
      at += found.size;
      if ((count & 1023) === 0) tick(call.L, 256);
    }
    call.pushInteger(count);
    return 1;
  },
  offset(call) {
    const text = call.string(1);
    let n = call.int(2);
    let at = place(call.optionalInt(3, n >= 0 ? 1 : text.length + 1), text.length) - 1;
    if (at < 0 || at > text.length) call.failArgument(3, 'position out of range');
    if (n === 0) {
      while (at > 0 && continues(text, at)) at--;
      call.pushInteger(at + 1);
      return 1;
    }
    if (continues(text, at)) call.fail('initial position is a continuation byte');
    if (n < 0) {
      for (; n < 0 && at > 0; n++) {
        do at--;
        while (at > 0 && continues(text, at));
      }
    } else {
      for (n--; n > 0 && at < text.length; n--) {
        do at++;
        while (continues(text, at));
      }
    }
    if (n === 0) call.pushInteger(at + 1);
    else call.pushNil();
    return 1;
  },
};

/** `utf8.charpattern`. */
export const CHARACTER_PATTERN = '[\0-\x7F\xC2-\xF4][\x80-\xBF]*';
