/** The string library (manual 6.4), on latin1 strings. */
import type { Call } from '../call.ts';
import type { HostFunction } from '../engine.ts';
import { fengari } from '../fengari.ts';
import { tick } from '../limits.ts';
import { machine } from '../machine.ts';
import { account, STRING_COST } from '../memory.ts';
import { checkLength } from '../operations.ts';
import { toText } from '../numbers.ts';
import { HOST_CLOSURE, HostClosure, LUA_FUNCTION, STRING, TABLE, TString } from '../values.ts';
import type { NativeFunction, Thread } from '../values.ts';
import { viewOf } from '../call.ts';
import { latin1 } from '../strings.ts';
import { format } from './format.ts';
import { pack, packSize, unpack } from './pack.ts';
import { compilePattern, Matcher } from './pattern.ts';

/** Characters that make a pattern more than its own text. */
const SPECIAL = /[\^$*+?.([%-]/;

/** A place counted from the end if negative: the manual's convention, as an offset from 1 on. */
function place(at: number, length: number): number {
  if (at >= 0) return at;
  return -at > length ? 0 : length + at + 1;
}

function spender(L: Thread): (steps: number) => void {
  return (steps) => tick(L, steps);
}

/** Pushes the captures, or the whole match where there are none. */
function pushCaptures(call: Call, matcher: Matcher, from: number, whole: boolean): number {
  const count = matcher.level === 0 && whole ? 1 : matcher.level;
  for (let at = 0; at < count; at++) pushCapture(call, matcher, at, from);
  return count;
}

function pushCapture(call: Call, matcher: Matcher, at: number, from: number): void {
  if (at === 0 && matcher.level === 0) call.pushString(matcher.subject.slice(from, matcher.end));
  else {
    const capture = matcher.capture(at);
    if (typeof capture === 'number') call.pushInteger(capture);
    else call.pushString(capture);
  }
}

function find(call: Call, wantPlaces: boolean): number {
  const subject = call.string(1);
  const text = call.string(2);
  let init = place(call.optionalInt(3, 1), subject.length) - 1;
  if (init < 0) init = 0;
  else if (init > subject.length) {
    call.pushNil();
    return 1;
  }
  if (wantPlaces && (call.boolean(4) || !SPECIAL.test(text))) {
    const at = subject.indexOf(text, init);
    if (at < 0) {
      call.pushNil();
      return 1;
    }
    call.pushInteger(at + 1);
    call.pushInteger(at + text.length);
    return 2;
  }
  const matcher = new Matcher(compilePattern(text), subject, spender(call.L));
  const at = matcher.search(init);
  if (at < 0) {
    call.pushNil();
    return 1;
  }
  if (!wantPlaces) return pushCaptures(call, matcher, at, true);
  call.pushInteger(at + 1);
  call.pushInteger(matcher.end);
  return 2 + pushCaptures(call, matcher, at, false);
}

class Iteration {
  readonly matcher: Matcher;
  at = 0;

  constructor(matcher: Matcher) {
    this.matcher = matcher;
  }
}

/** The function that gmatch returns; its state is its upvalue. */
const nextMatch: NativeFunction = (L) => {
  const iteration: Iteration = L.ci.func.value.upvalue[0].value;
  const matcher = iteration.matcher;
  if (iteration.at > matcher.subject.length) return 0;
  const at = matcher.next(iteration.at);
  if (at < 0) {
    iteration.at = Infinity;
    return 0;
  }
  iteration.at = matcher.end;
  return pushCaptures(viewOf(L), matcher, at, true);
};

function replacement(call: Call, matcher: Matcher, at: number, text: string): string {
  let result = '';
  for (let from = 0; ;) {
    const percent = text.indexOf('%', from);
    if (percent < 0) return result + text.slice(from);
    result += text.slice(from, percent);
    const next = text[percent + 1];
    if (next === '%') result += '%';
    else if (next === '0') result += matcher.subject.slice(at, matcher.end);
    else if (next !== undefined && next >= '1' && next <= '9') {
      const index = Number(next) - 1;
      if (index === 0 && matcher.level === 0) result += matcher.subject.slice(at, matcher.end);
      else result += String(matcher.capture(index));
    } else call.fail("invalid use of '%' in replacement string");
    from = percent + 2;
  }
}

/** What a match becomes, by function or table; the match itself if that answers false or nil. */
function replaced(call: Call, matcher: Matcher, at: number): string {
  const L = call.L;
  const by = call.slot(3);
  if (by.type === TABLE) {
    pushCapture(call, matcher, 0, at);
    call.index(3);
  } else {
    const top = L.top;
    call.pushCopy(3);
    pushCaptures(call, matcher, at, true);
    fengari.ldo.luaD_callnoyield(L, top, 1);
  }
  const value = call.slot(-1);
  let text: string;
  if (value.type === STRING) text = value.value.js;
  else if (!call.boolean(-1)) text = matcher.subject.slice(at, matcher.end);
  else if (value.ttisnumber()) text = toText(value);
  else return call.fail(`invalid replacement value (a ${call.kind(-1)})`);
  call.pop();
  return text;
}

function gsub(call: Call): number {
  const subject = call.string(1);
  const pattern = compilePattern(call.string(2));
  const kind = call.kind(3);
  if (kind !== 'number' && kind !== 'string' && kind !== 'table' && kind !== 'function')
    call.failArgument(3, 'string/function/table expected');
  const most = call.optionalInt(4, subject.length + 1);
  const matcher = new Matcher(pattern, subject, spender(call.L));
  const by = kind === 'string' || kind === 'number' ? call.string(3) : undefined;
  const plain = by !== undefined && !by.includes('%');
  let result = '';
  // Joined by the hundred: a rope of single characters would be thirty times as large.
  let pieces: string[] = [];
  let length = 0;
  let copied = 0;
  let from = 0;
  let count = 0;
  while (count < most) {
    const at = matcher.next(from);
    if (at < 0) break;
    const end = matcher.end;
    count++;
    if ((count & 255) === 0) {
      tick(call.L, 256);
      result += pieces.join('');
      pieces = [];
    }
    const text = plain ? by : by === undefined ? replaced(call, matcher, at) : replacement(call, matcher, at, by);
    if (copied !== at) pieces.push(subject.slice(copied, at));
    pieces.push(text);
    length += at - copied + text.length;
    copied = end;
    if (length > machine.maxString) checkLength(call.L, length);
    from = end;
    if (pattern.anchored) break;
  }
  if (count === 0) call.pushCopy(1);
  else call.pushString(result + pieces.join('') + subject.slice(copied));
  call.pushInteger(count);
  return 2;
}

function repeat(call: Call): number {
  const text = call.string(1);
  const times = call.int(2);
  const separator = call.optionalString(3, '');
  if (times <= 0) {
    call.pushString('');
    return 1;
  }
  const length = (text.length + separator.length) * times - separator.length;
  if (length >= 2 ** 53) call.fail('resulting string too large');
  checkLength(call.L, length);
  call.pushString(
    separator === '' ? text.repeat(times) : times === 1 ? text : (text + separator).repeat(times - 1) + text,
  );
  return 1;
}

const UPPER = /[A-Z]/;
const NOT_ASCII = /[\x80-\xff]/;

/** In the C locale: letters beyond ASCII stay. */
function upper(text: string): string {
  return NOT_ASCII.test(text) ? text.replace(/[a-z]+/g, (letters) => letters.toUpperCase()) : text.toUpperCase();
}

function lower(text: string): string {
  if (!UPPER.test(text)) return text;
  return NOT_ASCII.test(text) ? text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()) : text.toLowerCase();
}

export const stringFunctions: Readonly<Record<string, HostFunction>> = {
  byte(given) {
    const call = given as Call;
    const text = call.string(1);
    let from = place(call.optionalInt(2, 1), text.length);
    let to = place(call.optionalInt(3, from), text.length);
    if (from < 1) from = 1;
    if (to > text.length) to = text.length;
    if (to - from >= 200_000) call.fail('string slice too long');
    for (let at = from; at <= to; at++) call.pushInteger(text.charCodeAt(at - 1));
    return Math.max(to - from + 1, 0);
  },
  char(call) {
    let text = '';
    for (let index = 1, count = call.count; index <= count; index++) {
      const code = call.int(index);
      if (code < 0 || code > 255) call.failArgument(index, 'value out of range');
      text += String.fromCharCode(code);
    }
    call.pushString(text);
    return 1;
  },
  dump(given) {
    const call = given as Call;
    const func = call.slot(1);
    if (!func.ttisfunction()) call.expected(1, 'function');
    const strip = call.boolean(2);
    if (func.type !== LUA_FUNCTION) call.fail('unable to dump given function');
    call.count = 1;
    const parts: Uint8Array[] = [];
    const write = (_state: Thread, bytes: Uint8Array, size: number): number => {
      parts.push(Uint8Array.from(bytes.subarray(0, size)));
      return 0;
    };
    fengari.lapi.lua_dump(call.L, write, null, strip);
    call.pushBytes(Buffer.concat(parts));
    return 1;
  },
  find: (call) => find(call as Call, true),
  match: (call) => find(call as Call, false),
  format: (call) => format(call as Call),
  gmatch(given) {
    const call = given as Call;
    const subject = call.string(1);
    const text = call.string(2);
    // An anchor means nothing here: gmatch takes it for a character.
    const pattern = compilePattern(text.startsWith('^') ? `%^${text.slice(1)}` : text);
    const closure = new HostClosure(call.L, nextMatch, 1);
    closure.upvalue[0]!.value = new Iteration(new Matcher(pattern, subject, spender(call.L)));
    call.pushSlot(HOST_CLOSURE, closure);
    return 1;
  },
  gsub: (call) => gsub(call as Call),
  len(call) {
    call.pushInteger(call.string(1).length);
    return 1;
  },
  lower(call) {
    call.pushString(lower(call.string(1)));
    return 1;
  },
  pack: (call) => pack(call as Call),
  packsize: (call) => packSize(call as Call),
  unpack: (call) => unpack(call as Call),
  rep: (call) => repeat(call as Call),
  reverse(call) {
    const text = call.string(1);
    call.pushString(latin1(Buffer.from(text, 'latin1').toReversed()));
    return 1;
  },
  sub(given) {
    const call = given as Call;
    const text = call.string(1);
    const from = place(call.int(2), text.length);
    const to = place(call.optionalInt(3, -1), text.length);
    const part = text.slice(from < 1 ? 0 : from - 1, Math.max(to, 0));
    account(STRING_COST);
    call.pushSlot(STRING, new TString(part));
    return 1;
  },
  upper(call) {
    call.pushString(upper(call.string(1)));
    return 1;
  },
};
