import { execFileSync } from 'node:child_process';
import { commandLine } from '../support/proxy.ts';
import { sleep } from '../support/wait.ts';
import { Arena } from './arena.ts';
import { cases } from './cases/index.ts';
import type { Outcome } from './case.ts';
import { writeRecording } from './recording.ts';

/** How long nothing may happen, in milliseconds, before a case counts as over. */
const QUIET = 400;

/** Plays all cases against haproxy and writes down what happened; returns how many there were. */
export async function record(): Promise<number> {
  const [haproxy] = commandLine('haproxy');
  const version = /version (\S+)/.exec(execFileSync(haproxy!, ['-v'], { encoding: 'latin1' }))?.[1] ?? 'unknown';
  const arena = await Arena.open(8, 'haproxy');
  const outcomes: Record<string, Outcome> = {};
  try {
    const list = await arena.playAll(cases, (slot, it) =>
      slot.run(it, async (look) => {
        for (let last = ''; ;) {
          const seen = JSON.stringify(look());
          if (seen === last) return look();
          last = seen;
          await sleep(QUIET);
        }
      }),
    );
    cases.forEach(({ name }, i) => (outcomes[name] = list[i]!));
  } finally {
    await arena.close();
  }
  writeRecording({ program: `haproxy ${version}`, outcomes });
  return cases.length;
}
