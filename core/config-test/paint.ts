/** Colours for a terminal, or none. */
export interface Paint {
  readonly red: (text: string) => string;
  readonly green: (text: string) => string;
  readonly yellow: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly bold: (text: string) => string;
  /** White on red. */
  readonly alarm: (text: string) => string;
}

const plain = (text: string): string => text;
const code =
  (on: string, off: string) =>
  (text: string): string =>
    `\u001B[${on}m${text}\u001B[${off}m`;

export const NO_COLOURS: Paint = { red: plain, green: plain, yellow: plain, dim: plain, bold: plain, alarm: plain };

export const COLOURS: Paint = {
  red: code('31', '39'),
  green: code('32', '39'),
  yellow: code('33', '39'),
  dim: code('2', '22'),
  bold: code('1', '22'),
  alarm: code('41;97', '49;39'),
};

/** On terminals only; https://no-color.org. */
export function paintFor(isTerminal: boolean, env: Readonly<Record<string, string | undefined>>): Paint {
  const { NO_COLOR, FORCE_COLOR } = env;
  if (NO_COLOR !== undefined && NO_COLOR !== '') return NO_COLOURS;
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== '0') return COLOURS;
  return isTerminal ? COLOURS : NO_COLOURS;
}
