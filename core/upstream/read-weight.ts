const LARGEST = 256;

/** A weight as `set weight` and agents say it: absolute, or a percentage of the initial one. A string is what is wrong with it. */
export function readWeight(text: string, initial: number): number | string {
  if (text === '') return 'Require <weight> or <weight%>.';
  const match = /^([+-]?\d+)(%?)$/.exec(text);
  if (match === null) {
    return /^[+-]?\d/.test(text)
      ? 'Trailing garbage in weight string'
      : 'Empty weight string empty or preceded by garbage';
  }
  const number = Number(match[1]);
  if (match[2] === '%') {
    if (number < 0) return 'Relative weight must be positive.';
    return Math.min(LARGEST, Math.floor((initial * number) / 100));
  }
  if (number < 0 || number > LARGEST) return 'Absolute weight can only be between 0 and 256 inclusive.';
  return number;
}
