/**
 * Lua's patterns (manual 6.4.1). A pattern is parsed once into items; where none of them needs more than a regular expression can do,
 * and the subject is so short that even the worst backtracking ends soon, V8's engine matches it. Otherwise {@link Matcher} does, which
 * counts its steps, so that a catastrophic pattern is stopped by the script's CPU limit.
 *
 * What is wrong with a pattern is an item too: PUC Lua finds it only when the match gets there, and not at all if it never does.
 */
type Quantity = '' | '*' | '+' | '-' | '?';

export type Item =
  | { readonly kind: 'one'; readonly set: Uint8Array; readonly source: string; readonly quantity: Quantity }
  | { readonly kind: 'open' | 'position' | 'close' | 'end' }
  | { readonly kind: 'back'; readonly index: number }
  | { readonly kind: 'balance'; readonly from: number; readonly to: number }
  | { readonly kind: 'frontier'; readonly set: Uint8Array }
  | { readonly kind: 'error'; readonly message: string };

export interface Pattern {
  readonly anchored: boolean;
  readonly items: readonly Item[];
  /** The pattern from `init` on, sticky or global; undefined if it takes more than a regular expression. */
  readonly expression: RegExp | undefined;
  /** The longest subject for which the expression is used. */
  readonly reach: number;
  readonly captures: number;
}

const MAX_CAPTURES = 32;
/** As many steps may V8 take, where nobody can stop it: some milliseconds. */
const MOST_STEPS = 1e6;

function classSet(letter: string): Uint8Array | undefined {
  return CLASSES.get(letter);
}

const CLASS_SOURCES: Readonly<Record<string, RegExp>> = {
  a: /[A-Za-z]/,
  c: /[\0-\x1f\x7f]/,
  d: /\d/,
  g: /[!-~]/,
  l: /[a-z]/,
  p: /[!-/:-@[-`{-~]/,
  s: /[ \t-\r]/,
  u: /[A-Z]/,
  w: /[0-9A-Za-z]/,
  x: /[0-9A-Fa-f]/,
  // Deprecated since Lua 5.2, and still there.
  z: /\0/,
};

const CLASSES: ReadonlyMap<string, Uint8Array> = new Map(
  Object.entries(CLASS_SOURCES).flatMap(([letter, expression]): [string, Uint8Array][] => {
    const set = Uint8Array.from({ length: 256 }, (_, code) => (expression.test(String.fromCharCode(code)) ? 1 : 0));
    return [
      [letter, set],
      [letter.toUpperCase(), set.map((member) => 1 - member)],
    ];
  }),
);

const ANY = new Uint8Array(256).fill(1);

function single(code: number): Uint8Array {
  const set = new Uint8Array(256);
  set[code] = 1;
  return set;
}

/** A set as a class of a regular expression. */
function classOf(set: Uint8Array): string {
  let text = '';
  for (let from = 0; from < 256; from++) {
    if (set[from] === 0) continue;
    let to = from;
    while (to < 255 && set[to + 1] === 1) to++;
    text += hex(from) + (to > from ? `-${hex(to)}` : '');
    from = to;
  }
  return `[${text}]`;
}

function hex(code: number): string {
  return `\\x${code.toString(16).padStart(2, '0')}`;
}

class Parser {
  readonly text: string;
  at: number;
  readonly items: Item[] = [];

  constructor(text: string, at: number) {
    this.text = text;
    this.at = at;
  }

  fail(message: string): void {
    this.items.push({ kind: 'error', message });
    this.at = this.text.length;
  }

  parse(): void {
    const text = this.text;
    while (this.at < text.length) {
      const char = text[this.at]!;
      if (char === '(') {
        const position = text[this.at + 1] === ')';
        this.items.push({ kind: position ? 'position' : 'open' });
        this.at += position ? 2 : 1;
      } else if (char === ')') {
        this.items.push({ kind: 'close' });
        this.at++;
      } else if (char === '$' && this.at + 1 === text.length) {
        this.items.push({ kind: 'end' });
        this.at++;
      } else if (char === '%' && this.special()) continue;
      else this.one();
    }
  }

  /** `%b`, `%f` and `%1`; false for the classes and escaped characters. */
  special(): boolean {
    const text = this.text;
    const next = text[this.at + 1];
    if (next === 'b') {
      if (this.at + 3 >= text.length) this.fail("malformed pattern (missing arguments to '%b')");
      else {
        this.items.push({ kind: 'balance', from: text.charCodeAt(this.at + 2), to: text.charCodeAt(this.at + 3) });
        this.at += 4;
      }
      return true;
    }
    if (next === 'f') {
      this.at += 2;
      if (text[this.at] !== '[') {
        this.fail("missing '[' after '%f' in pattern");
        return true;
      }
      const set = this.set();
      if (set !== undefined) this.items.push({ kind: 'frontier', set });
      return true;
    }
    if (next !== undefined && next >= '0' && next <= '9') {
      this.items.push({ kind: 'back', index: Number(next) - 1 });
      this.at += 2;
      return true;
    }
    return false;
  }

  one(): void {
    const text = this.text;
    const char = text[this.at]!;
    let set: Uint8Array | undefined;
    let source: string | undefined;
    if (char === '[') set = this.set();
    else if (char === '%') {
      if (this.at + 1 >= text.length) return this.fail("malformed pattern (ends with '%')");
      set = classSet(text[this.at + 1]!) ?? single(text.charCodeAt(this.at + 1));
      this.at += 2;
    } else {
      if (char === '.') {
        set = ANY;
        source = '[^]';
      } else {
        set = single(text.charCodeAt(this.at));
        source = hex(text.charCodeAt(this.at));
      }
      this.at++;
    }
    if (set === undefined) return;
    const after = text[this.at];
    const quantity: Quantity = after === '*' || after === '+' || after === '-' || after === '?' ? after : '';
    if (quantity !== '') this.at++;
    this.items.push({ kind: 'one', set, source: source ?? classOf(set), quantity });
  }

  /** A set in brackets. */
  set(): Uint8Array | undefined {
    const text = this.text;
    let at = this.at + 1;
    const negated = text[at] === '^';
    if (negated) at++;
    const set = new Uint8Array(256);
    let first = true;
    for (; ; first = false) {
      if (at >= text.length) {
        this.fail("malformed pattern (missing ']')");
        return undefined;
      }
      if (text[at] === ']' && !first) break;
      if (text[at] === '%') {
        if (at + 1 >= text.length) {
          this.fail("malformed pattern (missing ']')");
          return undefined;
        }
        const known = classSet(text[at + 1]!);
        if (known === undefined) set[text.charCodeAt(at + 1)] = 1;
        else for (let code = 0; code < 256; code++) set[code] = set[code]! | known[code]!;
        at += 2;
      } else if (text[at + 1] === '-' && at + 2 < text.length && text[at + 2] !== ']') {
        for (let code = text.charCodeAt(at); code <= text.charCodeAt(at + 2); code++) set[code] = 1;
        at += 3;
      } else {
        set[text.charCodeAt(at)] = 1;
        at++;
      }
    }
    this.at = at + 1;
    return negated ? set.map((member) => 1 - member) : set;
  }
}

/** The expression's source; undefined where a regular expression means something else or cannot say it. */
function expressionOf(items: readonly Item[]): string | undefined {
  let text = '';
  const open: number[] = [];
  let captures = 0;
  for (const item of items) {
    switch (item.kind) {
      case 'one':
        text += item.source + (item.quantity === '-' ? '*?' : item.quantity);
        break;
      case 'open':
        open.push(captures++);
        text += '(';
        break;
      case 'close':
        if (open.pop() === undefined) return undefined;
        text += ')';
        break;
      case 'end':
        text += '$';
        break;
      default:
        return undefined;
    }
  }
  return open.length > 0 || captures > MAX_CAPTURES ? undefined : text;
}

const known = new Map<string, Pattern>();

export function compilePattern(text: string): Pattern {
  let pattern = known.get(text);
  if (pattern !== undefined) return pattern;
  const anchored = text.startsWith('^');
  const parser = new Parser(text, anchored ? 1 : 0);
  parser.parse();
  const items = parser.items;
  const source = text.length < 500 ? expressionOf(items) : undefined;
  let loops = anchored ? 0 : 1;
  for (const item of items) if (item.kind === 'one' && item.quantity !== '' && item.quantity !== '?') loops++;
  const optional = items.filter((item) => item.kind === 'one' && item.quantity === '?').length;
  const captures = items.filter((item) => item.kind === 'open' || item.kind === 'position').length;
  pattern = {
    anchored,
    items,
    captures,
    expression: source === undefined ? undefined : new RegExp(source, anchored ? 'y' : 'g'),
    reach: loops <= 1 && optional < 4 ? 100_000 : Math.floor((MOST_STEPS / 2 ** optional) ** (1 / loops)),
  };
  if (known.size >= 1000) known.clear();
  known.set(text, pattern);
  return pattern;
}

const UNFINISHED = -1;
const POSITION = -2;
/** As PUC Lua's: captures and repetitions within one another. */
const MAX_DEPTH = 200;

export class PatternError extends Error {}

/** One match of a pattern after another in a subject. Captures are places; the host reads them. */
export class Matcher {
  readonly pattern: Pattern;
  readonly subject: string;
  /** Takes what the steps cost; raises when it is too much. */
  readonly spend: (steps: number) => void;
  level = 0;
  readonly starts: number[] = [];
  readonly lengths: number[] = [];
  #depth = 0;
  #steps = 0;

  constructor(pattern: Pattern, subject: string, spend: (steps: number) => void) {
    this.pattern = pattern;
    this.subject = subject;
    this.spend = spend;
  }

  /** The first match at `from` or after; answers where it starts, or -1; it ends at {@link end}. */
  end = 0;
  /** Where the last match ended: an empty one there does not count, for those who go on from it. */
  last = -1;
  /** The next match that is not an empty one where the last ended. */
  next(from: number): number {
    for (;;) {
      const at = this.search(from);
      if (at < 0 || this.end !== this.last) {
        this.last = this.end;
        return at;
      }
      if (this.pattern.anchored || ++from > this.subject.length) return -1;
    }
  }

  search(from: number): number {
    const { pattern, subject } = this;
    const expression = pattern.expression;
    if (expression !== undefined && subject.length <= pattern.reach) {
      expression.lastIndex = from;
      const found = expression.exec(subject);
      if (found === null) return -1;
      this.end = found.index + found[0].length;
      this.found = found;
      this.level = found.length - 1;
      return found.index;
    }
    const items = pattern.items;
    this.found = undefined;
    do {
      this.level = 0;
      this.#depth = 0;
      this.#step();
      const end = this.#match(from, 0, items);
      if (end >= 0) {
        this.end = end;
        return from;
      }
      from++;
    } while (!pattern.anchored && from <= subject.length);
    return -1;
  }

  found: RegExpExecArray | undefined = undefined;

  /** A capture: text, or the place of an empty one. */
  capture(index: number): string | number {
    if (index >= this.level) throw new PatternError(`invalid capture index %${index + 1}`);
    if (this.found !== undefined) return this.found[index + 1]!;
    const length = this.lengths[index]!;
    if (length === UNFINISHED) throw new PatternError('unfinished capture');
    const start = this.starts[index]!;
    return length === POSITION ? start + 1 : this.subject.slice(start, start + length);
  }

  #step(): void {
    if (++this.#steps >= 1000) {
      this.#steps = 0;
      this.spend(1000);
    }
  }

  /** Matches the items from `at` on at a place of the subject; answers where the match ends, or -1. */
  #match(place: number, at: number, items: readonly Item[]): number {
    const subject = this.subject;
    if (++this.#depth > MAX_DEPTH) throw new PatternError('pattern too complex');
    for (; at < items.length; at++) {
      this.#step();
      const item = items[at]!;
      if (item.kind === 'one') {
        const set = item.set;
        if (item.quantity === '') {
          if (place >= subject.length || set[subject.charCodeAt(place)] === 0) return this.#leave(-1);
          place++;
          continue;
        }
        if (item.quantity === '?') {
          if (place < subject.length && set[subject.charCodeAt(place)] === 1) {
            const end = this.#match(place + 1, at + 1, items);
            if (end >= 0) return this.#leave(end);
          }
          continue;
        }
        return this.#leave(
          item.quantity === '-'
            ? this.#shortest(place, at, set, items)
            : this.#longest(place, at, set, items, item.quantity),
        );
      }
      if (item.kind === 'open' || item.kind === 'position') {
        if (this.level >= MAX_CAPTURES) throw new PatternError('too many captures');
        this.starts[this.level] = place;
        this.lengths[this.level] = item.kind === 'open' ? UNFINISHED : POSITION;
        this.level++;
        const end = this.#match(place, at + 1, items);
        if (end < 0) this.level--;
        return this.#leave(end);
      }
      if (item.kind === 'close') {
        let open = this.level - 1;
        while (open >= 0 && this.lengths[open] !== UNFINISHED) open--;
        if (open < 0) throw new PatternError('invalid pattern capture');
        this.lengths[open] = place - this.starts[open]!;
        const end = this.#match(place, at + 1, items);
        if (end < 0) this.lengths[open] = UNFINISHED;
        return this.#leave(end);
      }
      if (item.kind === 'end') {
        if (place !== subject.length) return this.#leave(-1);
      } else {
        place = this.#other(place, item);
        if (place < 0) return this.#leave(-1);
      }
    }
    return this.#leave(place);
  }

  #leave(end: number): number {
    this.#depth--;
    return end;
  }

  #longest(place: number, at: number, set: Uint8Array, items: readonly Item[], quantity: Quantity): number {
    const subject = this.subject;
    let last = place;
    while (last < subject.length && set[subject.charCodeAt(last)] === 1) last++;
    this.#steps += (last - place) >> 3;
    for (const least = quantity === '+' ? place + 1 : place; last >= least; last--) {
      const end = this.#match(last, at + 1, items);
      if (end >= 0) return end;
    }
    return -1;
  }

  #shortest(place: number, at: number, set: Uint8Array, items: readonly Item[]): number {
    const subject = this.subject;
    for (;;) {
      const end = this.#match(place, at + 1, items);
      if (end >= 0) return end;
      if (place >= subject.length || set[subject.charCodeAt(place)] === 0) return -1;
      place++;
    }
  }

  #other(place: number, item: Item): number {
    const subject = this.subject;
    switch (item.kind) {
      case 'balance': {
        if (subject.charCodeAt(place) !== item.from) return -1;
        let depth = 1;
        for (let next = place + 1; next < subject.length; next++) {
          const code = subject.charCodeAt(next);
          if (code === item.to) {
            if (--depth === 0) return next + 1;
          } else if (code === item.from) depth++;
        }
        this.#steps += (subject.length - place) >> 3;
        return -1;
      }
      case 'frontier': {
        const before = place === 0 ? 0 : subject.charCodeAt(place - 1);
        const after = place < subject.length ? subject.charCodeAt(place) : 0;
        return item.set[before] === 0 && item.set[after] === 1 ? place : -1;
      }
      case 'back': {
        const length = this.lengths[item.index];
        if (item.index < 0 || item.index >= this.level || length === UNFINISHED)
          throw new PatternError(`invalid capture index %${item.index + 1}`);
        const text = length === POSITION ? '' : subject.substr(this.starts[item.index]!, length);
        return subject.startsWith(text, place) ? place + text.length : -1;
      }
      case 'error':
        throw new PatternError(item.message);
      default:
        return -1;
    }
  }
}
