import type { CommandKeyword, CommandLevel } from 'sluice/plugin';

type Listed = readonly (readonly [name: string, keyword: CommandKeyword])[];
const LEVELS: readonly CommandLevel[] = ['user', 'operator', 'admin'];
/** They stand below every list, as whoever gets one may need them next. */
const ALWAYS = ['help', 'prompt', 'quit'];
/** Usages are filled up to so many columns. */
const COLUMNS = 40;
/** The most suggestions for an unknown command. */
const MOST = 5;

const lineOf = ({ usage, summary }: CommandKeyword): string =>
  bytes(summary === '' ? `  ${usage}\n` : `  ${usage.padEnd(COLUMNS)}: ${summary}\n`);
/** What is written are bytes; the texts of plugins are not. */
const bytes = (text: string): string => Buffer.from(text).toString('latin1');
const lines = (commands: Listed): string => commands.map(([, keyword]) => lineOf(keyword)).join('');

const allowed = (all: ReadonlyMap<string, CommandKeyword>, level: CommandLevel): Listed =>
  [...all].filter(([, keyword]) => LEVELS.indexOf(keyword.level) <= LEVELS.indexOf(level));

/** `help`, and `help` behind which words stand: those commands that begin like them. */
export function helpText(
  all: ReadonlyMap<string, CommandKeyword>,
  level: CommandLevel,
  words: readonly string[],
): string {
  const commands = allowed(all, level);
  const wanted = words.join(' ');
  const found = commands.filter(([name]) => name.startsWith(wanted));
  if (wanted !== '' && found.length === 0) return unknownText(all, level, words);
  const rest = commands.filter(([name]) => wanted !== '' && ALWAYS.includes(name) && !name.startsWith(wanted));
  return `The following commands are valid at this level:\n${lines(found)}${lines(rest)}`;
}

/** What an unknown command is answered with: those it may have been meant to be, or all. */
export function unknownText(
  all: ReadonlyMap<string, CommandKeyword>,
  level: CommandLevel,
  words: readonly string[],
): string {
  const commands = allowed(all, level);
  const near = nearest(commands, words.join(' '));
  if (words.length === 0 || near.length === 0) {
    return `Unknown command. Please enter one of the following commands only:\n${lines(commands)}`;
  }
  const rest = commands.filter(([name]) => ALWAYS.includes(name));
  return `Unknown command, but maybe one of the following ones is a better match:\n${lines(near)}${lines(rest)}`;
}

/** Those with the same first word and the like of the second; else those whose letters are nearest. */
function nearest(commands: Listed, text: string): Listed {
  return commands
    .filter(([name]) => !ALWAYS.includes(name))
    .map((command) => ({ command, distance: distance(command[0], text) }))
    .filter(({ command: [name], distance: far }) => far <= Math.max(2, Math.min(name.length, text.length) / 2))
    .toSorted((a, b) => a.distance - b.distance)
    .slice(0, MOST)
    .map(({ command }) => command);
}

/** Levenshtein's, for lines as short as these. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length]!;
}
