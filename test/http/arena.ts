import { afterAll, beforeAll, describe, type ExpectStatic, test } from 'vitest';
import { startProxy } from '../support/proxy.ts';
import { missing, title } from '../support/which.ts';
import { FullPort } from './full-port.ts';
import { ScriptedOrigin } from './scripted-origin.ts';
import { type Running, Side } from './side.ts';

/** The program under test first, then the one it is measured by, where it is installed. */
const absent = missing('haproxy');
const PROGRAMS = absent.length === 0 ? ['sluice', 'haproxy'] : ['sluice'];

/** What a log line says in these tests: nothing that differs from run to run. */
const LOG_FORMAT = '"%ft %b/%s %ST %tsc rc=%rc sq=%sq bq=%bq <%{+Q}r>"';

const GLOBAL = `global
  log stdout format raw local0
  nbthread 1
`;
const DEFAULTS = `defaults
  mode http
  log global
  option dontlognull
  log-format ${LOG_FORMAT}
  timeout connect 5s
  timeout client 10s
  timeout server 10s
  retries 0
`;

/** `expect` is the one of the test, as inline snapshots of concurrent tests want it. */
export type Check<T> = (seen: T, expect: ExpectStatic) => void;

/** One behaviour: a configuration of its own, what is done with it, and what has to come of it. */
interface Duel<T> {
  readonly title: string;
  readonly name: string;
  readonly configuration: string;
  readonly scenario: (side: Side) => Promise<T>;
  /** Sluice's outcome, which is also HAProxy's unless `apart` is given. */
  readonly check: Check<T>;
  /** What HAProxy does otherwise, on purpose. */
  readonly apart: Check<T> | undefined;
}

export interface Arena {
  /**
   * A behaviour in which both programs agree. `configuration` is what a `listen` section has between its `bind` and `server` lines;
   * one that has a `{bind}` of its own stands as it is. `{bind}` `{bind2}` … are addresses of the proxy, `{origin}` `{origin2}` …
   * of origins, `{dead}` refuses connections, `{full}` never answers them, `{name}` is the name of the section.
   */
  agree<T>(title: string, configuration: string, scenario: (side: Side) => Promise<T>, check: Check<T>): void;
  /** A behaviour in which Sluice means to differ. */
  differ<T>(
    title: string,
    configuration: string,
    scenario: (side: Side) => Promise<T>,
    checks: { sluice: Check<T>; haproxy: Check<T> },
  ): void;
  /** A behaviour that HAProxy 2.6 does not have. */
  alone<T>(title: string, configuration: string, scenario: (side: Side) => Promise<T>, check: Check<T>): void;
}

/** What stands in the configuration besides the behaviours' own sections. */
export interface Lines {
  readonly global?: string;
  readonly defaults?: string;
  /** Whole sections. */
  readonly sections?: string;
}

/** Runs all behaviours of a suite in one process of each program. */
export function arena(suite: string, declare: (arena: Arena) => void, lines: Lines = {}): void {
  const duels: Duel<unknown>[] = [];
  const alone = new Set<string>();
  const add = <T>(duel: Omit<Duel<T>, 'name'>, single = false): void => {
    const name = `p${duels.length}x`;
    duels.push({ ...duel, name } as Duel<unknown>);
    if (single) alone.add(name);
  };
  describe(title(suite, absent), () => {
    declare({
      agree: (text, configuration, scenario, check) =>
        add({ title: text, configuration, scenario, check, apart: undefined }),
      differ: (text, configuration, scenario, { sluice, haproxy }) =>
        add({ title: text, configuration, scenario, check: sluice, apart: haproxy }),
      alone: (text, configuration, scenario, check) =>
        add({ title: text, configuration, scenario, check, apart: undefined }, true),
    });
    const running = new Map<string, Running>();
    let full: FullPort | undefined;
    beforeAll(async () => {
      if (duels.some(({ configuration }) => configuration.includes('{full}'))) full = await FullPort.start();
      const fixed = new Map([
        // Another loopback address: no test listens there, as one may on any port that was free a moment ago.
        ['{dead}', '127.9.9.9:9'],
        ['{full}', `127.0.0.1:${full?.port ?? 0}`],
      ]);
      for (const program of PROGRAMS) {
        const mine = program === 'sluice' ? duels : duels.filter(({ name }) => !alone.has(name));
        if (mine.length > 0) running.set(program, await start(program, mine, fixed, lines));
      }
    });
    afterAll(async () => {
      const crashes: string[] = [];
      for (const { proxy, origins } of running.values()) {
        const { exit, command, stderr } = proxy.process;
        if (exit !== undefined) crashes.push(`${command} ended with ${exit}\n${stderr}`);
        await proxy.stop();
        for (const origin of origins.values()) await origin.stop();
      }
      full?.stop();
      if (crashes.length > 0) throw new Error(crashes.join('\n'));
    });
    for (const duel of duels) {
      test.concurrent(duel.title, async ({ expect }) => {
        const programs = alone.has(duel.name) ? ['sluice'] : PROGRAMS;
        const sides = programs.map((program) => new Side(program, duel.name, running.get(program)!));
        try {
          const [ours, theirs] = await Promise.all(sides.map((side) => duel.scenario(side)));
          if (sides.length === 2 && duel.apart === undefined) {
            expect({ sluice: ours }, 'Sluice beside HAProxy').toEqual({ sluice: theirs });
          }
          duel.check(ours, expect);
          if (sides.length === 2) duel.apart?.(theirs, expect);
        } finally {
          for (const side of sides) side.close();
        }
      });
    }
  });
}

const wrapped = ({ name, configuration }: Duel<unknown>): string =>
  (configuration.includes('{bind}')
    ? configuration
    : `listen {name}\n  bind {bind}\n  ${configuration}\n  server s {origin}`
  ).replaceAll('{name}', name);

const PLACE = /\{(bind|origin)(\d*)\}/g;

async function start(
  program: string,
  duels: readonly Duel<unknown>[],
  fixed: ReadonlyMap<string, string>,
  lines: Lines,
): Promise<Running> {
  const origins = new Map<string, ScriptedOrigin>();
  const binds: string[] = [];
  for (const duel of duels) {
    for (const [, kind, number] of wrapped(duel).matchAll(PLACE)) {
      const key = `${duel.name}${number}`;
      if (kind === 'origin') origins.set(key, origins.get(key) ?? (await ScriptedOrigin.start()));
      else if (!binds.includes(key)) binds.push(key);
    }
  }
  const configuration = (ports: readonly number[]): string => {
    const section = (duel: Duel<unknown>): string => {
      let text = wrapped(duel).replaceAll(PLACE, (_, kind: string, number: string) => {
        const key = `${duel.name}${number}`;
        return `127.0.0.1:${kind === 'origin' ? origins.get(key)!.port : ports[binds.indexOf(key)]}`;
      });
      for (const [place, address] of fixed) text = text.replaceAll(place, address);
      return text;
    };
    const more = (text: string | undefined): string => (text === undefined ? '' : `  ${text}\n`);
    return `${GLOBAL}${more(lines.global)}${DEFAULTS}${more(lines.defaults)}\n${lines.sections ?? ''}${duels.map(section).join('\n')}\n`;
  };
  const proxy = await startProxy(binds.length, configuration, program);
  const ports = new Map(binds.map((key, index) => [key, proxy.ports[index]!]));
  return { proxy, origins, ports };
}
