import { readFileSync } from 'node:fs';
import type { Words } from '../api/words.ts';
import type { Build } from './build.ts';
import type { ConfigLine } from './line.ts';
import { Reader } from './reader.ts';
import { openError } from './sources.ts';
import { LineWords } from './words.ts';

/**
 * Reads a file that a line names, in the language of the configuration; `each` gets its lines. Says whether nothing in it was
 * refused. Lines that change the environment have no place in it, and it has no sections that the language would know.
 */
export function readIncluded(build: Build, file: string, words: Words, each: (line: LineWords) => void): boolean {
  let text: string;
  try {
    text = readFileSync(file, 'latin1');
  } catch (error) {
    return words.fail(openError('file ', file, error));
  }
  const { diagnostics } = build;
  diagnostics.include(file);
  const before = diagnostics.alerts;
  const reader = new Reader(build.environment, diagnostics, () => false);
  reader.read({ name: file, text });
  for (const line of reader.files[0]!) each(lineWords(build, line));
  return diagnostics.alerts === before;
}

function lineWords({ diagnostics }: Build, { file, tokens }: ConfigLine): LineWords {
  const first = tokens[0]!.text;
  const negated = first === 'no' && tokens.length > 1;
  const keyword = tokens[negated ? 1 : 0]!.text;
  return new LineWords(file, tokens, negated ? 2 : 1, keyword, negated ? 'no' : 'plain', diagnostics);
}
