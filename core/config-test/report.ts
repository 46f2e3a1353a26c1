import type { CoverageItem } from './coverage.ts';
import type { CaseResult } from './run-suite.ts';

/** What became of one test file. */
export interface FileResult {
  /** As it is shown. */
  readonly file: string;
  /** Why no case of it could be run: errors of the file, or what is said of the configuration. */
  readonly errors: readonly string[];
  readonly cases: readonly CaseResult[];
  /** The configuration's files and folders. */
  readonly about: readonly string[];
  /** Milliseconds. */
  readonly duration: number;
}

/** What became of all. */
export interface Report {
  readonly files: readonly FileResult[];
  readonly duration: number;
  /** Names of the programs, where it is not Sluice alone. */
  readonly programs: readonly string[];
  readonly coverage: CoverageReport | undefined;
}

export interface CoverageReport {
  readonly items: readonly CoverageItem[];
  readonly percent: number;
  /** The percentage that was asked for. */
  readonly threshold: number | undefined;
}

export function failed({ errors, cases }: FileResult): boolean {
  return errors.length > 0 || cases.some(({ state }) => state === 'failed');
}

export function succeeded({ files, coverage }: Report): boolean {
  const enough = coverage?.threshold === undefined || coverage.percent >= coverage.threshold;
  return enough && !files.some(failed);
}
