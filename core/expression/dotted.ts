import { ExpressionError } from './errors.ts';

/** ACL words whose numbers may be written with a dot, as the versions they are: `3.1` is 3 in the upper and 1 in the lower 16 bits. */
const WORDS: ReadonlySet<string> = new Set(['req.ssl_ver', 'req_ssl_ver']);
const OPERATORS: ReadonlySet<string> = new Set(['eq', 'gt', 'ge', 'lt', 'le']);

export function takesDotted(word: string): boolean {
  return WORDS.has(word);
}

/** A pattern of such a word, as `-m int` reads it: `3:3.1` becomes `196608:196609`. */
export function undotted(pattern: string): string {
  if (OPERATORS.has(pattern)) return pattern;
  const ends = pattern.split(':').map((text) => (text === '' ? undefined : numberOf(text)));
  const [low, high] = ends;
  const wrong = ends.length > 2 || ends.includes(Number.NaN) || ends.every((end) => end === undefined);
  if (wrong) throw new ExpressionError(`'${pattern}' is not a dotted number`);
  if (low !== undefined && high !== undefined && low > high)
    throw new ExpressionError(`'${pattern}' is not a valid dotted number range`);
  return ends.map((end) => end ?? '').join(':');
}

function numberOf(text: string): number {
  const [, major, minor] = /^([0-9]+)(?:\.([0-9]+))?$/.exec(text) ?? [];
  if (major === undefined || Number(major) > 0xffff || Number(minor ?? 0) > 0xffff) return Number.NaN;
  return Number(major) * 0x10000 + Number(minor ?? 0);
}
