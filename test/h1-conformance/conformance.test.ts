import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { proxyUnderTest } from '../support/proxy.ts';
import { sleep } from '../support/wait.ts';
import { Arena } from './arena.ts';
import type { Case, Outcome } from './case.ts';
import { tables } from './cases/index.ts';
import { essence, fault } from './judge.ts';
import { readRecording } from './recording.ts';

const recording = readRecording();
const program = proxyUnderTest();
/** HAProxy is measured by its own record alone: that shows that the record can be trusted. */
const wanted = (it: Case): Case => (program === 'haproxy' ? { ...it, want: 'same' } : it);

/** How long an outcome that is as wanted has to stay so, in milliseconds. */
const SETTLE = 60;

async function outcome(slot: Parameters<Parameters<Arena['playAll']>[1]>[0], it: Case): Promise<Outcome> {
  const recorded = recording.outcomes[it.name];
  if (recorded === undefined) throw new Error(`not recorded yet: ${it.name}`);
  return slot.run(it, async (look, client) => {
    const right = (): boolean => fault(it, recorded, look()) === undefined;
    for (let i = 0; i < 100 && !right(); i++) {
      const { received } = client;
      await client.when(() => client.received !== received || client.closed !== 'open', 20);
      if (client.closed !== 'open') await sleep(20);
    }
    await sleep(SETTLE);
    return look();
  });
}

/** The outcome when nobody listens any more: it fits no case, and {@link Arena.close} tells why. */
const lost = (error: unknown): Outcome => ({ statuses: [], closed: true, client: String(error), origin: [] });

describe(`HTTP/1 as ${program} reads it`, () => {
  let arena: Arena;
  const seen = new Map<string, Outcome>();
  beforeAll(async () => {
    arena = await Arena.open(16);
    const list = tables.flatMap(({ cases }) => cases).map(wanted);
    await arena.playAll(list, async (slot, it) => {
      seen.set(it.name, await outcome(slot, it).catch(lost));
    });
  }, 180_000);
  afterAll(() => arena?.close());

  for (const { subject, cases } of tables) {
    describe(subject, () => {
      for (const it of cases.map(wanted)) {
        test(`${it.name} (${it.rfc}): ${it.want}`, () => {
          const recorded = recording.outcomes[it.name]!;
          const got = seen.get(it.name)!;
          const wrong = fault(it, recorded, got);
          if (wrong === undefined || (program === 'haproxy' && it.unsteady)) return;
          if (it.want === 'same') expect(essence(it, got)).toEqual(essence(it, recorded));
          expect.fail(`${wrong}: ${JSON.stringify(got, null, 2)}\nHAProxy: ${JSON.stringify(recorded, null, 2)}`);
        });
      }
    });
  }

  test('names are unique and nothing recorded is left over', () => {
    const names = tables.flatMap(({ cases }) => cases.map(({ name }) => name));
    expect(Object.keys(recording.outcomes).toSorted()).toEqual(names.toSorted());
  });
});
