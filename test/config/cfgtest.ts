import { readFileSync } from 'node:fs';
import type { Source } from '../../core/config/index.ts';

/** The parts of a `.cfgtest` file. */
export interface Case {
  readonly env: Record<string, string>;
  readonly sources: Source[];
  /** Up to and with the line of dashes. */
  readonly head: string;
  readonly expected: string;
}

/**
 * Reads one. Lines of dashes end the configuration. Before that, `## env NAME=value` sets a variable and `## file NAME`
 * begins another file (the first is `test.cfg`). ␍ and ␀ stand for those bytes, and ␃ for the end of the file where no line
 * feed is to be before it.
 */
export function readCase(path: string): Case {
  const text = readFileSync(path, 'utf8');
  const cut = /^-{5,}\n/m.exec(text);
  if (!cut) throw new Error(`${path}: no line of dashes`);
  const env: Record<string, string> = {};
  const files: { name: string; lines: string[] }[] = [];
  let lines: string[] | undefined;
  for (const line of text.slice(0, cut.index).split('\n').slice(0, -1)) {
    const variable = /^## env (\w+)=(.*)$/.exec(line);
    const file = /^## file (\S+)$/.exec(line);
    if (variable) env[variable[1]!] = variable[2]!;
    else if (file) files.push({ name: file[1]!, lines: (lines = []) });
    else if (lines) lines.push(line);
    else files.push({ name: 'test.cfg', lines: (lines = [line]) });
  }
  return {
    env,
    sources: files.map((file) => ({ name: file.name, text: bytes(file.lines) })),
    head: text.slice(0, cut.index + cut[0].length),
    expected: text.slice(cut.index + cut[0].length),
  };
}

function bytes(lines: readonly string[]): string {
  const text = lines
    .map((line) => `${line}\n`)
    .join('')
    .replaceAll('␍', '\r')
    .replaceAll('␀', '\0')
    .replace(/␃\n$/, '');
  return Buffer.from(text, 'utf8').toString('latin1');
}
