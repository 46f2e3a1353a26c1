import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Outcome } from './case.ts';

const FILE = join(import.meta.dirname, 'recorded.json');

/** The measured answers: which program gave them, and the outcome of each case by name. */
export interface Recording {
  program: string;
  outcomes: Record<string, Outcome>;
}

export function readRecording(): Recording {
  return JSON.parse(readFileSync(FILE, 'utf8')) as Recording;
}

export function writeRecording(recording: Recording): void {
  writeFileSync(FILE, `${JSON.stringify(recording, null, 2)}\n`);
}
