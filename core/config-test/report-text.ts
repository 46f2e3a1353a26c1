import { relative } from 'node:path';
import type { CoverageItem } from './coverage.ts';
import type { Miss } from './judge.ts';
import type { Outcome } from './outcome.ts';
import { describePlace } from './located.ts';
import type { Paint } from './paint.ts';
import { type CoverageReport, failed, type FileResult, type Report } from './report.ts';
import type { CaseResult, ProgramResult } from './run-suite.ts';
import type { Step } from './suite.ts';
import { diffLines } from './text-diff.ts';

const WIDTH = 78;

/** The report for people, in the manner of vitest. */
export class TextReporter {
  readonly #paint: Paint;
  readonly #write: (text: string) => void;

  constructor(paint: Paint, write: (text: string) => void) {
    this.#paint = paint;
    this.#write = write;
  }

  begin(programs: readonly string[]): void {
    this.#line(
      ` ${this.#paint.bold('sluice test')}${programs.length === 0 ? '' : ` against ${programs.join(' and ')}`}`,
    );
    this.#line();
  }

  /** As soon as a file is done. */
  file(result: FileResult): void {
    const { bold, red, green, dim } = this.#paint;
    const bad = failed(result);
    const counts = [`${result.cases.length} case${result.cases.length === 1 ? '' : 's'}`];
    const broken = result.cases.filter(({ state }) => state === 'failed').length;
    const skipped = result.cases.filter(({ state }) => state === 'skipped').length;
    if (broken > 0) counts.push(`${broken} failed`);
    if (skipped > 0) counts.push(`${skipped} skipped`);
    const told = result.errors.length > 0 ? '(could not be run)' : `(${counts.join(' | ')})`;
    this.#line(` ${bad ? red('×') : green('✓')} ${bold(result.file)} ${dim(told)} ${dim(time(result.duration))}`);
    for (const one of result.cases) this.#case(one);
  }

  #case(one: CaseResult): void {
    const { red, green, yellow, dim } = this.#paint;
    const mark = one.state === 'passed' ? green('✓') : one.state === 'failed' ? red('×') : yellow('↓');
    const tail =
      one.state === 'skipped' ? `[skipped${one.reason === '' ? '' : `: ${one.reason}`}]` : time(one.duration);
    this.#line(`   ${mark} ${one.case.name} ${dim(tail)}`);
    for (const { program, skipped, steps } of one.programs) {
      if (skipped !== undefined && one.state !== 'skipped')
        this.#line(`     ${yellow('↓')} ${dim(`not checked with ${program}: ${skipped}`)}`);
      const unchecked = new Set(steps.flatMap(({ judgement }) => [...judgement.unchecked]));
      if (unchecked.size > 0)
        this.#line(`     ${yellow('↓')} ${dim(`not checked with ${program}: ${[...unchecked].join(', ')}`)}`);
    }
    if (one.state !== 'failed') return;
    for (const { misses, error, where } of failuresOf(one)) {
      if (error !== undefined) this.#line(`     ${red(`→ ${where}${error.split('\n', 1)[0]}`)}`);
      for (const { what, expected, received } of misses)
        this.#line(`     ${red(`→ ${where}${what}: expected ${short(expected)}, received ${short(received)}`)}`);
    }
    for (const { what, values } of one.differences)
      this.#line(
        `     ${red(`→ ${what} differs: ${values.map(([name, value]) => `${name} ${short(value)}`).join(', ')}`)}`,
      );
  }

  end(report: Report): void {
    this.#failures(report.files);
    if (report.coverage !== undefined) this.#coverage(report.coverage);
    this.#summary(report);
  }

  #failures(files: readonly FileResult[]): void {
    const cases = files.flatMap(({ file, cases: all }) =>
      all.filter(({ state }) => state === 'failed').map((one) => [file, one] as const),
    );
    const broken = files.filter(({ errors }) => errors.length > 0);
    if (cases.length + broken.length === 0) return;
    this.#line();
    this.#rule(broken.length > 0 ? `Failed ${cases.length + broken.length}` : `Failed cases ${cases.length}`);
    for (const { file, errors } of broken) {
      this.#line();
      this.#line(` ${this.#paint.alarm(' FAIL ')} ${file}`);
      for (const error of errors) for (const line of error.split('\n')) this.#line(`   ${this.#paint.red(line)}`);
    }
    for (const [file, one] of cases) this.#failure(file, one);
    this.#line();
    this.#rule();
  }

  #failure(file: string, one: CaseResult): void {
    const { alarm, red, dim } = this.#paint;
    this.#line();
    this.#line(` ${alarm(' FAIL ')} ${file} > ${one.case.name}`);
    for (const { misses, error, where, step, story } of failuresOf(one)) {
      const place = misses[0]?.place ?? step?.place ?? one.case.place;
      this.#line(`   ${dim(`${where === '' ? '' : `${where.slice(0, -2)} at `}${shownPlace(describePlace(place))}`)}`);
      if (error !== undefined) for (const line of error.split('\n')) this.#line(`   ${red(line)}`);
      for (const miss of misses) this.#miss(miss);
      if (story !== undefined) this.#line(`     ${dim(story)}`);
    }
    if (one.differences.length === 0) return;
    this.#line(`   ${red('The programs differ:')} ${dim("(what is allowed to is said by 'may-differ')")}`);
    for (const { what, values } of one.differences) {
      this.#line(`     ${what}`);
      for (const [name, value] of values) this.#line(`       ${name.padEnd(8)} ${value}`);
    }
  }

  #miss({ what, expected, received, texts }: Miss): void {
    const { green, red, bold, dim } = this.#paint;
    this.#line(`     ${bold(what)}`);
    if (texts !== undefined && (texts.expected.includes('\n') || texts.received.includes('\n'))) {
      this.#line(`       ${green('- expected')}  ${red('+ received')}`);
      for (const { sign, text } of diffLines(texts.expected, texts.received)) {
        const colour = sign === '-' ? green : sign === '+' ? red : dim;
        this.#line(text === '' && sign === ' ' ? '' : `       ${colour(`${sign} ${text}`)}`);
      }
      return;
    }
    this.#line(`       ${green(`- expected  ${expected}`)}`);
    const [first, ...more] = received.split('\n');
    this.#line(`       ${red(`+ received  ${first}`)}`);
    for (const line of more) this.#line(`       ${red(`            ${line}`)}`);
  }

  #coverage({ items, percent, threshold }: CoverageReport): void {
    const { bold, dim, red, green } = this.#paint;
    this.#line();
    this.#line(` ${bold('Coverage')}`);
    const files = [...new Set(items.map(({ file }) => file))];
    for (const file of files) {
      const own = items.filter((item) => item.file === file);
      const missing = own.filter(({ covered }) => covered === 0).toSorted((a, b) => a.line - b.line);
      this.#line(`   ${shownPlace(file)} ${dim(`${own.length - missing.length} of ${own.length}`)}`);
      for (const item of missing)
        this.#line(`     ${red(`${shownPlace(file)}:${item.line}`)}  ${item.text}  ${dim(verdict(item))}`);
    }
    const enough = threshold === undefined || percent >= threshold;
    const asked = threshold === undefined ? '' : ` (${threshold} % asked for)`;
    this.#line(
      `   ${enough ? green(`${percent} %`) : red(`${percent} %`)} of rules, conditions, ACLs, frontends, backends and servers${asked}`,
    );
  }

  #summary({ files, duration, coverage }: Report): void {
    const { bold, red, green } = this.#paint;
    const states = files.flatMap(({ cases }) => cases.map(({ state }) => state));
    this.#line();
    this.#line(`  Files  ${this.#tally(files.map((file) => (failed(file) ? 'failed' : 'passed')))}`);
    this.#line(`  Cases  ${this.#tally(states)}`);
    if (coverage?.threshold !== undefined) {
      const enough = coverage.percent >= coverage.threshold;
      this.#line(
        `  Cover  ${enough ? green(`${coverage.percent} %`) : red(`${coverage.percent} %, ${coverage.threshold} % asked for`)}`,
      );
    }
    this.#line(`   Time  ${bold(time(duration))}`);
    this.#line();
  }

  #tally(states: readonly CaseResult['state'][]): string {
    const { red, green, yellow, dim } = this.#paint;
    const parts: string[] = [];
    for (const [state, colour] of [
      ['failed', red],
      ['passed', green],
      ['skipped', yellow],
    ] as const) {
      const n = states.filter((one) => one === state).length;
      if (n > 0) parts.push(colour(`${n} ${state}`));
    }
    return `${parts.join(' | ')}${parts.length === 0 ? 'none' : ` ${dim(`(${states.length})`)}`}`;
  }

  #rule(text = ''): void {
    const { red } = this.#paint;
    if (text === '') this.#line(red('⎯'.repeat(WIDTH)));
    else {
      const side = '⎯'.repeat(Math.max(3, Math.floor((WIDTH - text.length - 2) / 2)));
      this.#line(red(`${side} ${text} ${side}`));
    }
  }

  #line(text = ''): void {
    this.#write(`${text}\n`);
  }
}

export interface Failure {
  readonly step: Step | undefined;
  readonly misses: readonly Miss[];
  readonly error: string | undefined;
  /** The program and the step, where there are several. */
  readonly where: string;
  /** What became of the request. */
  readonly story: string | undefined;
}

/** What went wrong in a case, program by program. */
export function failuresOf(one: CaseResult): Failure[] {
  const failures: Failure[] = [];
  const several = one.programs.length > 1;
  const where = (program: ProgramResult, step: Step | undefined): string => {
    const parts: string[] = several ? [program.program] : [];
    if (one.case.steps.length > 1 && step?.name !== undefined) parts.push(step.name);
    return parts.length === 0 ? '' : `${parts.join(', ')}: `;
  };
  for (const program of one.programs) {
    for (const { step, outcomes, judgement } of program.steps) {
      const { misses } = judgement;
      const story = outcomes.length === 1 ? tell(outcomes[0]!) : undefined;
      if (misses.length > 0) failures.push({ step, misses, error: undefined, where: where(program, step), story });
    }
    if (program.error !== undefined) {
      const step = one.case.steps[program.steps.length];
      failures.push({ step, misses: [], error: program.error, where: where(program, step), story: undefined });
    }
  }
  return failures;
}

/** `web → app/a1: 200, by haproxy.cfg:12 http-request …` */
function tell({ response, observation: { frontend, backend, server, rule } }: Outcome): string | undefined {
  if (frontend === undefined) return undefined;
  const way = [
    frontend,
    ...(typeof backend === 'string' ? [`${backend}${typeof server === 'string' ? `/${server}` : ''}`] : []),
  ];
  const last = rule === undefined ? '' : `; the last word had ${shownPlace(rule.file)}:${rule.line} ${rule.text}`;
  return `it went ${way.join(' → ')}${response === undefined ? '' : ` and came to ${response.status}`}${last}`;
}

function verdict({ kind, reached }: CoverageItem): string {
  if (kind === 'frontend' || kind === 'backend' || kind === 'server') return 'never used';
  return reached === 0 ? 'never reached' : 'never true';
}

export function time(milliseconds: number): string {
  return milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(2)} s`;
}

const short = (text: string): string => {
  const line = text.replaceAll('\n', ' ');
  return line.length > 100 ? `${line.slice(0, 99)}…` : line;
};

/** Absolute paths below the current folder, from there. */
export function shownPlace(place: string): string {
  if (!place.startsWith('/')) return place;
  const path = relative(process.cwd(), place);
  return path.startsWith('..') ? place : path;
}
