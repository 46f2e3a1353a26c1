/** Lines of two texts, one above the other: `-` is expected only, `+` received only. */
export interface DiffLine {
  readonly sign: '-' | '+' | ' ';
  readonly text: string;
}

/** Texts beyond this many lines are not compared line by line. */
const MOST = 400;

/** A longest common subsequence of the lines, and what is around it. */
export function diffLines(expected: string, received: string): DiffLine[] {
  const a = expected.split('\n');
  const b = received.split('\n');
  if (a.length > MOST || b.length > MOST) return [...whole('-', a.slice(0, MOST)), ...whole('+', b.slice(0, MOST))];
  // How many lines the rests have in common, from each place on.
  const common = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--)
      common[i]![j] = a[i] === b[j] ? common[i + 1]![j + 1]! + 1 : Math.max(common[i + 1]![j]!, common[i]![j + 1]!);
  }
  const lines: DiffLine[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push({ sign: ' ', text: a[i]! });
      i++;
      j++;
    } else if (j >= b.length || (i < a.length && common[i + 1]![j]! >= common[i]![j + 1]!)) {
      lines.push({ sign: '-', text: a[i++]! });
    } else lines.push({ sign: '+', text: b[j++]! });
  }
  return lines;
}

const whole = (sign: '-' | '+', lines: readonly string[]): DiffLine[] => lines.map((text) => ({ sign, text }));
