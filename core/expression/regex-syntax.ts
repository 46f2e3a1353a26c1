/** What a pattern in PCRE's language is in JavaScript's, for byte strings, and how dangerous backtracking is on it. */
export interface Translation {
  /** Undefined when JavaScript has nothing for a construct. */
  readonly source: string | undefined;
  readonly ignoreCase: boolean;
  /** `^` begins it, and no alternative stands beside that at the top level. */
  readonly anchored: boolean;
  /** Repetitions whose number the subject decides. */
  readonly repetitions: number;
  /** Only characters that stand for themselves (and perhaps `^` before and `$` behind): that text. */
  readonly literal: string | undefined;
  readonly startsAtStart: boolean;
  readonly endsAtEnd: boolean;
}

const ESCAPES: Readonly<Record<string, string>> = {
  A: '^',
  z: '$',
  Z: '$',
  h: '[ \\t]',
  H: '[^ \\t]',
  R: '(?:\\r\\n|[\\n-\\r])',
  N: '[^\\n]',
  e: '\\x1b',
  a: '\\x07',
  s: '[\\t-\\r ]',
  S: '[^\\t-\\r ]',
};

/** The same inside brackets. `\S` in a class has no short form. */
const CLASS_ESCAPES: Readonly<Record<string, string>> = { h: ' \\t', e: '\\x1b', a: '\\x07', s: '\\t-\\r ' };

const POSIX: Readonly<Record<string, string>> = {
  alpha: 'A-Za-z',
  digit: '0-9',
  alnum: 'A-Za-z0-9',
  upper: 'A-Z',
  lower: 'a-z',
  space: '\\t-\\r ',
  blank: ' \\t',
  punct: '!-\\/:-@\\[-`{-~',
  print: ' -~',
  graph: '!-~',
  cntrl: '\\x00-\\x1f\\x7f',
  xdigit: '0-9A-Fa-f',
  word: '\\w',
};

const GROUP_STARTS = /^\?(?:[:=!]|<[=!]|P?<[A-Za-z_]\w*>)/;

export function translate(pattern: string): Translation {
  let source = '';
  let literal: string | undefined = '';
  let supported = true;
  let ignoreCase = false;
  let repetitions = 0;
  let depth = 0;
  let topAlternation = false;
  let startsAtStart = false;
  let endsAtEnd = false;
  let at = 0;
  const flags = /^\(\?([a-z]+)\)/.exec(pattern);
  if (flags) {
    if (flags[1] === 'i') ignoreCase = true;
    else supported = false;
    at = flags[0].length;
  }
  const begin = at;
  while (at < pattern.length) {
    const char = pattern[at]!;
    if (char === '\\') {
      const next = pattern[at + 1] ?? '';
      if (next === 'Q') {
        const end = pattern.indexOf('\\E', at + 2);
        const quoted = pattern.slice(at + 2, end < 0 ? undefined : end);
        source += quoted.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
        if (literal !== undefined) literal += quoted;
        at = end < 0 ? pattern.length : end + 2;
        continue;
      }
      const wide = /^\\x\{([0-9a-fA-F]{1,2})\}/.exec(pattern.slice(at));
      if (wide) source += `\\x${wide[1]!.padStart(2, '0')}`;
      else if ('KGCX'.includes(next)) supported = false;
      else source += ESCAPES[next] ?? char + next;
      if (literal !== undefined) literal = /[^A-Za-z0-9]/.test(next) ? literal + next : undefined;
      at += wide ? wide[0].length : 2;
    } else if (char === '[') {
      const end = classEnd(pattern, at);
      const translated = translateClass(pattern.slice(at, end));
      if (translated === undefined) supported = false;
      else source += translated;
      literal = undefined;
      at = end;
    } else if (char === '(') {
      const rest = pattern.slice(at + 1);
      const comment = /^\?#[^)]*\)/.exec(rest);
      literal = undefined;
      if (comment) {
        at += 1 + comment[0].length;
        continue;
      }
      if (rest.startsWith('?') && !GROUP_STARTS.test(rest)) supported = false;
      const named = rest.startsWith('?P<');
      source += named ? '(?<' : '(';
      at += named ? 4 : 1;
      depth++;
    } else {
      const repeat = /^(?:[*+]|\{(\d+)(?:,(\d*))?\})[?+]?/.exec(pattern.slice(at));
      if (repeat) {
        const [whole, low, high] = repeat;
        if (low === undefined || high === '' || Number(high ?? low) > 8 || source.endsWith(')')) repetitions++;
        source += low === undefined || !whole.endsWith('+') ? whole.replace(/^([*+])\+$/, '$1') : whole.slice(0, -1);
        literal = undefined;
        at += whole.length;
        continue;
      }
      if (char === '^' && at === begin) startsAtStart = true;
      else if (char === '$' && at === pattern.length - 1) endsAtEnd = true;
      else if ('^$.?|)'.includes(char)) literal = undefined;
      else if (literal !== undefined) literal += char;
      if (char === ')') depth--;
      if (char === '|' && depth === 0) topAlternation = true;
      source += char === '.' ? '[^\\n]' : char;
      at++;
    }
  }
  return {
    source: supported ? source : undefined,
    ignoreCase,
    anchored: startsAtStart && !topAlternation,
    repetitions,
    literal,
    startsAtStart,
    endsAtEnd,
  };
}

/** Behind the bracket that closes a class; the first character inside may be one that does not. */
function classEnd(pattern: string, open: number): number {
  let at = open + 1;
  if (pattern[at] === '^') at++;
  if (pattern[at] === ']') at++;
  while (at < pattern.length && pattern[at] !== ']') {
    const posix = /^\[:\^?[a-z]+:\]/.exec(pattern.slice(at));
    at += posix ? posix[0].length : pattern[at] === '\\' ? 2 : 1;
  }
  return at + 1;
}

function translateClass(text: string): string | undefined {
  let source = '[';
  let at = 1;
  if (text[at] === '^') {
    source += '^';
    at++;
  }
  if (text[at] === ']') {
    source += '\\]';
    at++;
  }
  while (at < text.length) {
    const posix = /^\[:(\^?)([a-z]+):\]/.exec(text.slice(at));
    if (posix) {
      const range = POSIX[posix[2]!];
      if (posix[1] === '^' || range === undefined) return undefined;
      source += range;
      at += posix[0].length;
      continue;
    }
    if (text[at] === '\\') {
      const next = text[at + 1] ?? '';
      if (next === 'S' || next === 'H' || next === 'R') return undefined;
      source += CLASS_ESCAPES[next] ?? `\\${next}`;
      at += 2;
      continue;
    }
    source += text[at];
    at++;
  }
  return source;
}
