import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

export const ROOT: string = resolve(import.meta.dirname, '../..');

/** A fenced block: what it is written in, what follows on the fence, its text, and its first line's number. */
export interface Block {
  readonly language: string;
  readonly info: string;
  readonly text: string;
  readonly line: number;
}

/** A command of a `console` block and what the page says that it prints. */
export interface Step {
  readonly command: string;
  readonly output: string;
  readonly line: number;
}

export function readDocument(name: string): string {
  return readFileSync(join(ROOT, name), 'utf8');
}

export function blocksOf(text: string): Block[] {
  const blocks: Block[] = [];
  const lines = text.split('\n');
  for (let index = 0; index < lines.length; index++) {
    const opening = /^```(\w+)(?: (.*))?$/.exec(lines[index]!);
    if (!opening) continue;
    const start = index + 1;
    while (index + 1 < lines.length && lines[++index] !== '```');
    blocks.push({
      language: opening[1]!,
      info: opening[2] ?? '',
      text: `${lines.slice(start, index).join('\n')}\n`,
      line: start + 1,
    });
  }
  return blocks;
}

/** The commands of a `console` block: lines that begin with `$ `, each with the output under it. */
export function stepsOf({ text, line }: Block): Step[] {
  const steps: Step[] = [];
  for (const [index, row] of text.trimEnd().split('\n').entries()) {
    if (row.startsWith('$ ')) steps.push({ command: row.slice(2), output: '', line: line + index });
    else {
      const last = steps.pop();
      if (!last) throw new Error(`line ${line + index}: output without a command`);
      steps.push({ ...last, output: `${last.output}${row}\n` });
    }
  }
  return steps;
}

/** Whether `actual` is what the page shows; `…` in the page stands for anything, a line `…` for any lines. */
export function matches(expected: string, actual: string): boolean {
  const pattern = expected
    .trim()
    .split('\n')
    .map((line) => (line === '…' ? String.raw`[^]*` : line.split('…').map(escape).join('.*')))
    .join('\n')
    .replaceAll('\n[^]*', '(?:\n[^]*)?');
  return new RegExp(`^${pattern}$`).test(actual.trim());
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}
