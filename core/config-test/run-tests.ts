import { locateDiagnostic } from '../config/diagnostics.ts';
import { ConfigurationError } from '../proxy/refusal.ts';
import { Coverage, percentage } from './coverage.ts';
import { FormatError } from './located.ts';
import { prepare, type Prepared } from './prepare.ts';
import { failed, type FileResult, type Report } from './report.ts';
import { type CaseResult, type Programs, SuiteRun } from './run-suite.ts';
import type { Suite } from './suite.ts';
import { readTestFile } from './test-files.ts';

export interface TestOptions {
  readonly programs: Programs;
  /** Ends with the first failure. */
  readonly bail: boolean;
  /** Only cases whose name matches. */
  readonly filter: RegExp | undefined;
  readonly coverage: boolean;
  /** Percent. */
  readonly threshold: number | undefined;
  /** Told of each file when it is done. */
  readonly onFile: (result: FileResult) => void;
}

/** Runs test files, one after the other. */
export async function runTests(files: readonly string[], options: TestOptions): Promise<Report> {
  const began = performance.now();
  const coverages = new Map<string, Coverage>();
  const coverageOf = (suite: Suite): Coverage | undefined => {
    if (!options.coverage) return undefined;
    const key = suite.configuration.map(({ value }) => value).join('\n');
    const known = coverages.get(key) ?? new Coverage();
    coverages.set(key, known);
    return known;
  };
  const results: FileResult[] = [];
  for (const file of files) {
    const result = await runFile(file, options, coverageOf);
    results.push(result);
    options.onFile(result);
    if (options.bail && failed(result)) break;
  }
  const items = [...coverages.values()].flatMap((coverage) => coverage.items);
  const { sluice, haproxy } = options.programs;
  return {
    files: results,
    duration: performance.now() - began,
    programs: haproxy === undefined ? [] : sluice ? ['Sluice', 'HAProxy'] : ['HAProxy'],
    coverage: options.coverage ? { items, percent: percentage(items), threshold: options.threshold } : undefined,
  };
}

async function runFile(
  file: string,
  options: TestOptions,
  coverageOf: (suite: Suite) => Coverage | undefined,
): Promise<FileResult> {
  const began = performance.now();
  let about: readonly string[] = [];
  const result = (errors: readonly string[], cases: readonly CaseResult[] = []): FileResult => ({
    file,
    errors,
    cases,
    about,
    duration: performance.now() - began,
  });
  const read = await readTestFile(file);
  if (isErrors(read)) return result(read.map(({ text }) => text));
  about = [...read.configuration.map(({ value }) => value), read.directory];
  let prepared: Prepared | readonly FormatError[];
  try {
    prepared = await prepareIn(read);
  } catch (error) {
    if (error instanceof FormatError) return result([error.text]);
    if (!(error instanceof ConfigurationError)) throw error;
    return result(explain(error));
  }
  if (isErrors(prepared)) return result(prepared.map(({ text }) => text));
  const run = new SuiteRun(prepared, options.programs, coverageOf(read));
  const only = read.cases.some((one) => one.only);
  const cases: CaseResult[] = [];
  try {
    await run.open();
    for (const one of read.cases) {
      const reason =
        one.skip ??
        (only && !one.only ? 'others have only: true' : undefined) ??
        (isFiltered(one.name, options) ? 'filtered' : undefined);
      if (reason === 'filtered') continue;
      if (reason !== undefined)
        cases.push({ case: one, state: 'skipped', reason, programs: [], differences: [], duration: 0 });
      else cases.push(await run.run(one));
      if (options.bail && cases.at(-1)!.state === 'failed') break;
    }
  } finally {
    await run.close();
  }
  return result([], cases);
}

const isFiltered = (name: string, { filter }: TestOptions): boolean =>
  filter !== undefined && name.search(filter) === -1;

function isErrors(value: object): value is readonly FormatError[] {
  return Array.isArray(value);
}

/** Relative paths of the configuration begin in its folder. */
async function prepareIn(suite: Suite): Promise<Prepared | readonly FormatError[]> {
  const folder = process.cwd();
  try {
    process.chdir(suite.directory);
  } catch {
    throw new FormatError(suite.configuration[0]!.place, `there is no folder '${suite.directory}'`);
  }
  try {
    return await prepare(suite);
  } finally {
    process.chdir(folder);
  }
}

function explain({ diagnostics }: ConfigurationError): string[] {
  const alerts = diagnostics.filter(({ severity, line }) => severity === 'alert' && line !== undefined);
  const told = (alerts.length > 0 ? alerts : diagnostics.filter(({ severity }) => severity === 'alert')).map(
    (diagnostic) => locateDiagnostic(diagnostic).replaceAll(`${process.cwd()}/`, ''),
  );
  return ['The configuration is refused:', ...told];
}
