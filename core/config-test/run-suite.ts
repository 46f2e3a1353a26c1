import { randomInt } from 'node:crypto';
import { chdir, cwd } from 'node:process';
import type { Coverage } from './coverage.ts';
import { compare, type Difference } from './compare.ts';
import { freePorts, Haproxy, observingLines } from './haproxy.ts';
import type { Prepared } from './prepare.ts';
import { PLAIN } from './read-origins.ts';
import { type BindAddress, rewrite } from './rewrite.ts';
import { CaseError, CaseRun, NotPossible, type StepResult } from './run-case.ts';
import { Sluice } from './sluice.ts';
import { checkSink, type Seen, StandIn } from './stand-in.ts';
import { type Run, type Subject, SubjectError } from './subject.ts';
import type { Case, OriginScripts, Script } from './suite.ts';
import { LogCollector } from './syslog.ts';

/** What cases are run with. */
export interface Programs {
  readonly sluice: boolean;
  /** The program's path, if it is to be run. */
  readonly haproxy: string | undefined;
}

/** What one program made of a case. */
export interface ProgramResult {
  readonly program: Subject['name'];
  readonly steps: readonly StepResult[];
  /** Why it could not be played to its end. */
  readonly error: string | undefined;
  /** Why it was not played at all. */
  readonly skipped: string | undefined;
}

export interface CaseResult {
  readonly case: Case;
  readonly state: 'passed' | 'failed' | 'skipped';
  /** Why it was skipped. */
  readonly reason: string;
  readonly programs: readonly ProgramResult[];
  readonly differences: readonly Difference[];
  /** Milliseconds. */
  readonly duration: number;
}

/** Stand-ins, logs and addresses, for all cases of a file. */
export class SuiteRun {
  readonly #prepared: Prepared;
  readonly #programs: Programs;
  readonly #coverage: Coverage | undefined;
  readonly #standIns: StandIn[] = [];
  readonly #closers: (() => Promise<void> | void)[] = [];
  /** What arrived at stand-ins in this case. */
  readonly #seen: Seen[] = [];
  readonly #host = loopback();
  /** Where the user is. */
  readonly #home = cwd();
  #log!: LogCollector;
  readonly #comparing: boolean;
  #checkPort = 0;
  /** HAProxy does not take the configuration; told with the first case. */
  #refused = false;

  constructor(prepared: Prepared, programs: Programs, coverage: Coverage | undefined) {
    this.#prepared = prepared;
    this.#programs = programs;
    this.#coverage = coverage;
    this.#comparing = programs.sluice && programs.haproxy !== undefined;
    coverage?.declare(prepared.config, prepared.sources);
  }

  async open(): Promise<void> {
    for (const { line, mode } of this.#prepared.servers) {
      const standIn = await StandIn.start(line, mode, this.#host, (seen) => void this.#seen.push(seen));
      this.#standIns.push(standIn);
      this.#closers.push(() => standIn.stop());
    }
    const sink = await checkSink(this.#host);
    this.#checkPort = sink.port;
    this.#closers.push(() => sink.stop());
    this.#log = new LogCollector(this.#host);
    await this.#log.listen();
    this.#closers.push(() => this.#log.close());
  }

  async close(): Promise<void> {
    for (const close of this.#closers.splice(0)) await close();
  }

  async run(one: Case): Promise<CaseResult> {
    const began = performance.now();
    const results: ProgramResult[] = [];
    if (this.#programs.sluice) results.push(await this.#play(one, 'Sluice'));
    if (this.#programs.haproxy !== undefined) {
      if (one.notWithHaproxy === undefined) results.push(await this.#play(one, 'HAProxy'));
      else
        results.push({
          program: 'HAProxy',
          steps: [],
          error: undefined,
          skipped: one.notWithHaproxy || 'as the case says',
        });
    }
    const played = results.filter(({ skipped }) => skipped === undefined);
    const [ours, theirs] = played;
    const differences = ours !== undefined && theirs !== undefined ? compare(ours, theirs, one.mayDiffer) : [];
    const failed =
      differences.length > 0 ||
      played.some(
        ({ error, steps }) => error !== undefined || steps.some(({ judgement }) => judgement.misses.length > 0),
      );
    return {
      case: one,
      state: played.length === 0 ? 'skipped' : failed ? 'failed' : 'passed',
      reason: played.length === 0 ? (results[0]?.skipped ?? '') : '',
      programs: results,
      differences,
      duration: performance.now() - began,
    };
  }

  async #play(one: Case, program: Subject['name']): Promise<ProgramResult> {
    const steps: StepResult[] = [];
    const result = (error?: string): ProgramResult => ({ program, steps, error, skipped: undefined });
    const folder = cwd();
    this.#seen.length = 0;
    for (const standIn of this.#standIns) standIn.play(this.#scriptOf(standIn, one));
    let subject: Subject | undefined;
    let run: CaseRun | undefined;
    try {
      // Relative paths of the configuration begin in the current folder, as those of HAProxy do.
      chdir(this.#prepared.suite.directory);
      subject = program === 'Sluice' ? await this.#startSluice() : await this.#startHaproxy();
      run = new CaseRun(this.#prepared, one, subject, this.#seen, this.#comparing);
      for (const step of one.steps) {
        const played = await run.step(step);
        steps.push(played);
        if (program === 'Sluice') for (const outcome of played.outcomes) this.#coverage?.went(outcome);
        // What follows was meant for another state of things.
        if (played.judgement.misses.length > 0) break;
      }
      return result();
    } catch (error) {
      if (error instanceof NotPossible) return { ...result(), skipped: error.message };
      if (error instanceof CaseError || error instanceof SubjectError) return result(error.message);
      // A fault of ours: the other cases are run all the same.
      const told = error instanceof Error ? (error.stack ?? error.message) : String(error);
      return result(`internal error: ${told}`);
    } finally {
      run?.end();
      await subject?.stop();
      chdir(folder);
    }
  }

  async #startSluice(): Promise<Subject> {
    const { sources, lines } = rewrite(
      this.#prepared.sources,
      this.#places(() => `${this.#host}:0`),
      this.#prepared.rewriting,
    );
    return Sluice.start(this.#runOf(sources, lines), this.#coverage);
  }

  async #startHaproxy(): Promise<Subject> {
    const { listeners, sources: original, variables, rewriting } = this.#prepared;
    const http = new Set(listeners.filter(({ mode }) => mode === 'http').map(({ frontend }) => frontend));
    const observing = observingLines(variables);
    const frontendLines = (name: string): readonly string[] => (http.has(name) ? observing : []);
    for (let attempt = 1; ; attempt++) {
      const ports = await freePorts(this.#host, listeners.length);
      const places = new Map(
        listeners.map(({ bind }, index) => [keyOf(bind), { host: this.#host, port: ports[index]! }]),
      );
      // Addresses of branches that are not taken, or of proxies that are disabled, are never bound.
      const bind = (address: BindAddress): string => `${this.#host}:${places.get(keyOf(address))?.port ?? 1}`;
      const { sources, lines } = rewrite(original, this.#places(bind), { ...rewriting, haproxy: { frontendLines } });
      const byBind = new Map(listeners.map((listener) => [listener.bind, places.get(keyOf(listener.bind))!]));
      const subject = new Haproxy(this.#runOf(sources, lines), byBind, this.#log, this.#home);
      if (this.#refused) throw new SubjectError('HAProxy does not start, as was said before');
      try {
        await subject.start(this.#programs.haproxy!);
        return subject;
      } catch (error) {
        await subject.stop();
        // Somebody else may have taken a port in between.
        const taken = error instanceof SubjectError && /cannot bind|Address already in use/i.test(error.message);
        if (taken && attempt < 3) continue;
        this.#refused = true;
        throw error;
      }
    }
  }

  #places(bind: (address: BindAddress) => string): Parameters<typeof rewrite>[1] {
    return {
      bind,
      server: (line) => {
        const standIn = this.#standIns.find((one) => one.line.file === line.file && one.line.line === line.line);
        // Nobody listens there.
        return standIn === undefined || standIn.refuses ? `${this.#host}:1` : standIn.address;
      },
      checkPort: this.#checkPort,
      log: this.#log.address,
    };
  }

  #runOf(sources: Run['sources'], lines: Run['lines']): Run {
    const { suite, rewriting, listeners, config, variables } = this.#prepared;
    const listens = new Set(config.proxies.filter(({ kind }) => kind === 'listen').map(({ name }) => name));
    return {
      sources,
      lines,
      listeners,
      variables,
      directory: suite.directory,
      environment: rewriting.environment,
      isListen: (proxy) => listens.has(proxy),
    };
  }

  /** Of the case before that of the file, of the server before that of its backend, before that of all. */
  #scriptOf({ line: { backend, names } }: StandIn, one: Case): Script {
    const find = (scripts: OriginScripts): Script | undefined => {
      const by = (key: string): Script | undefined => scripts.find(([{ value }]) => value === key)?.[1];
      return (
        names.map((name) => by(`${backend}/${name}`)).find((script) => script !== undefined) ?? by(backend) ?? by('*')
      );
    };
    return find(one.origins) ?? find(this.#prepared.suite.origins) ?? PLAIN;
  }
}

const keyOf = ({ file, line, label }: BindAddress): string => `${file}:${line}:${label}`;

/** An address of the loopback interface on which hardly anybody else listens; Linux has all of 127.0.0.0/8. */
function loopback(): string {
  if (process.platform !== 'linux') return '127.0.0.1';
  return `127.${randomInt(1, 255)}.${randomInt(1, 255)}.${randomInt(2, 255)}`;
}
