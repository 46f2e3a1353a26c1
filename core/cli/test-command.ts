import { accessSync, constants, readdirSync, statSync, watch, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { constants as system } from 'node:os';
import { killAll } from '../config-test/haproxy.ts';
import { junit } from '../config-test/report-junit.ts';
import { paintFor } from '../config-test/paint.ts';
import { succeeded } from '../config-test/report.ts';
import { TextReporter } from '../config-test/report-text.ts';
import { runTests } from '../config-test/run-tests.ts';
import { findTestFiles, NoSuchTest } from '../config-test/test-files.ts';
import { didYouMean } from '../config/nearest.ts';
import { describe } from './loading.ts';

export const TEST_USAGE: string = `Usage : sluice test [options] [files|folders ...]

Runs assertions about a haproxy.cfg: *.cfgtest.yaml, *.cfgtest.ts, *.cfgtest.js, *.cfgtest.mjs.
Without arguments, all of them below the current folder. Nothing outside is reached: servers,
logs, addresses and clients are stand-ins.

        -t, --filter <regex>       runs only the cases whose name matches
        --bail                     ends with the first failure
        --against haproxy[=<path>] runs the cases against HAProxy instead of Sluice; with
                                   --against sluice besides, against both, and compares them
        --coverage                 tells which rules, conditions, ACLs, frontends, backends and
                                   servers no case has made true or used
        --coverage-threshold <n>   fails below so many percent (and implies --coverage)
        --reporter text|junit      for people, or JUnit's XML for CI; may be given twice
        --output <file>            where the XML goes (to stdout if left out)
        --watch                    runs again whenever a file changes; ends with Ctrl-C
        -h, --help                 shows this text

Exit codes: 0 all is well, 1 something failed, 2 the command makes no sense.
docs/testing-a-configuration.md tells how to write tests.
`;

interface TestArguments {
  readonly words: string[];
  filter: RegExp | undefined;
  bail: boolean;
  sluice: boolean;
  /** A path, or the name to look for. */
  haproxy: string | undefined;
  coverage: boolean;
  threshold: number | undefined;
  readonly reporters: Set<'text' | 'junit'>;
  output: string | undefined;
  watch: boolean;
}

class BadUsage extends Error {}

type Write = (text: string) => void;

/** `sluice test …`; gives the exit code. */
export async function testCommand(args: readonly string[], out: Write, err: Write): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) {
    out(TEST_USAGE);
    return 0;
  }
  const leave = (signal: NodeJS.Signals): void => {
    killAll();
    process.exit(128 + system.signals[signal]);
  };
  process.once('SIGINT', leave).once('SIGTERM', leave);
  try {
    const asked = readArguments(args);
    if (asked.watch) return await watchTests(asked, out, err);
    return (await runOnce(asked, out)).code;
  } catch (error) {
    if (!(error instanceof BadUsage) && !(error instanceof NoSuchTest)) throw error;
    err(`sluice test: ${error.message}\n`);
    return 2;
  } finally {
    process.off('SIGINT', leave).off('SIGTERM', leave);
  }
}

const OPTIONS = [
  '-t',
  '--filter',
  '--bail',
  '--against',
  '--coverage',
  '--coverage-threshold',
  '--reporter',
  '--output',
  '--watch',
  '-h',
  '--help',
];

function readArguments(args: readonly string[]): TestArguments {
  const asked: TestArguments = {
    words: [],
    filter: undefined,
    bail: false,
    sluice: false,
    haproxy: undefined,
    coverage: false,
    threshold: undefined,
    reporters: new Set(),
    output: undefined,
    watch: false,
  };
  for (let index = 0; index < args.length; index++) {
    const word = args[index]!;
    if (word === '--') {
      asked.words.push(...args.slice(index + 1));
      break;
    }
    if (!word.startsWith('-')) {
      asked.words.push(word);
      continue;
    }
    const [, name = word, inline] = /^(--[^=]+)=(.*)$/s.exec(word) ?? [];
    const argument = (what: string): string => {
      const value = inline ?? args[++index];
      if (value === undefined || value === '') throw new BadUsage(`'${name}' expects ${what}`);
      return value;
    };
    readOption(name, argument, inline, asked);
  }
  if (!asked.sluice && asked.haproxy === undefined) asked.sluice = true;
  if (asked.reporters.size === 0) asked.reporters.add('text');
  if (asked.output !== undefined && !asked.reporters.has('junit'))
    throw new BadUsage("'--output' is the file of '--reporter junit'");
  if (asked.coverage && !asked.sluice)
    throw new BadUsage("'--coverage' looks into Sluice; HAProxy does not tell: add '--against sluice'");
  if (asked.watch && asked.reporters.has('junit'))
    throw new BadUsage("'--watch' is for people: it cannot be with '--reporter junit'");
  return asked;
}

function readOption(
  name: string,
  argument: (what: string) => string,
  inline: string | undefined,
  asked: TestArguments,
): void {
  const flag = (): true => {
    if (inline !== undefined) throw new BadUsage(`'${name}' takes no value`);
    return true;
  };
  switch (name) {
    case '-t':
    case '--filter':
      asked.filter = pattern(argument('a regular expression'));
      return;
    case '--bail':
      asked.bail = flag();
      return;
    case '--against':
      for (const one of argument("'sluice' or 'haproxy[=path]'").split(',')) against(one, asked);
      return;
    case '--coverage':
      asked.coverage = flag();
      return;
    case '--coverage-threshold': {
      const text = argument('a percentage');
      const percent = Number(text);
      if (!/^\d{1,3}(?:\.\d+)?$/.test(text) || percent > 100)
        throw new BadUsage(`'${text}' is no percentage: expected 0 to 100`);
      asked.threshold = percent;
      asked.coverage = true;
      return;
    }
    case '--reporter': {
      const reporter = argument('text or junit');
      if (reporter !== 'text' && reporter !== 'junit')
        throw new BadUsage(
          `unknown reporter '${reporter}', expected text or junit${didYouMean(reporter, ['text', 'junit'])}`,
        );
      asked.reporters.add(reporter);
      return;
    }
    case '--output':
      asked.output = argument('a file');
      return;
    case '--watch':
      asked.watch = flag();
      return;
    default:
      throw new BadUsage(`unknown option '${name}'${didYouMean(name, OPTIONS)}; see sluice test --help`);
  }
}

function pattern(text: string): RegExp {
  try {
    return new RegExp(text, 'u');
  } catch (error) {
    throw new BadUsage(describe(error), { cause: error });
  }
}

function against(text: string, asked: TestArguments): void {
  const [name, path] = text.split('=', 2);
  if (name === 'sluice' && path === undefined) asked.sluice = true;
  else if (name === 'haproxy') asked.haproxy = locate(path ?? 'haproxy');
  else
    throw new BadUsage(
      `'--against ${text}': expected sluice, haproxy or haproxy=<path>${didYouMean(name!, ['sluice', 'haproxy'])}`,
    );
}

/** Daemons are often where the path of users does not lead. */
function locate(program: string): string {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  const paths = program.includes('/') ? [program] : folders.map((folder) => join(folder, program));
  for (const path of paths) {
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // not there
    }
  }
  throw new BadUsage(
    program.includes('/')
      ? `'${program}' cannot be run`
      : `'${program}' is not installed; --against haproxy=<path> says where it is`,
  );
}

interface Ran {
  readonly code: number;
  /** Files and folders that the result depends on. */
  readonly paths: readonly string[];
}

async function runOnce(asked: TestArguments, out: Write): Promise<Ran> {
  const files = await findTestFiles(asked.words);
  const people = asked.reporters.has('text');
  // XML on stdout has it for itself.
  const onStdout = people && (!asked.reporters.has('junit') || asked.output !== undefined);
  const text = new TextReporter(paintFor(process.stdout.isTTY, process.env), onStdout ? out : () => {});
  const { sluice, haproxy } = asked;
  text.begin(haproxy === undefined ? [] : sluice ? ['Sluice', `HAProxy (${haproxy})`] : [`HAProxy (${haproxy})`]);
  const report = await runTests(files, {
    programs: { sluice, haproxy },
    bail: asked.bail,
    filter: asked.filter,
    coverage: asked.coverage,
    threshold: asked.threshold,
    onFile: (result) => text.file(result),
  });
  text.end(report);
  if (asked.filter !== undefined && report.files.every(({ cases, errors }) => cases.length + errors.length === 0))
    throw new BadUsage(`no case has a name that matches ${String(asked.filter)}`);
  if (asked.reporters.has('junit')) {
    const xml = junit(report);
    if (asked.output === undefined) out(xml);
    else writeXml(asked.output, xml);
  }
  return { code: succeeded(report) ? 0 : 1, paths: [...files, ...report.files.flatMap(({ about }) => about)] };
}

function writeXml(file: string, xml: string): void {
  try {
    writeFileSync(file, xml);
  } catch (error) {
    throw new BadUsage(`'--output': ${describe(error)}`, { cause: error });
  }
}

/** Again and again, until somebody ends it. */
async function watchTests(asked: TestArguments, out: Write, err: Write): Promise<number> {
  const once = async (): Promise<readonly string[]> => {
    try {
      return (await runOnce(asked, out)).paths;
    } catch (error) {
      if (!(error instanceof BadUsage) && !(error instanceof NoSuchTest)) throw error;
      err(`sluice test: ${error.message}\n`);
      return [];
    }
  };
  for (;;) {
    const paths = await once();
    const change = changed(new Set(['.', ...asked.words, ...paths].flatMap(foldersOf)));
    out(' Waiting for changes; Ctrl-C ends.\n');
    await change;
  }
}

/** The folder of a path, and those in it: maps and lists are often one level below. */
function foldersOf(path: string): string[] {
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
  const folder = isFolder ? path : dirname(path);
  const entries = readdirSync(folder, { withFileTypes: true });
  const below = entries.filter((entry) => entry.isDirectory() && !/^(?:\.|node_modules$)/.test(entry.name));
  return [folder, ...below.map(({ name }) => join(folder, name))];
}

/** A file in one of the folders was written; several in a row count once. */
function changed(folders: ReadonlySet<string>): Promise<void> {
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout | undefined;
    const watchers = [...folders].map((folder) =>
      watch(folder, () => {
        clearTimeout(timer);
        timer = setTimeout(() => {
          for (const watcher of watchers) watcher.close();
          resolve();
        }, 100);
      }),
    );
  });
}
