import { array, assert, asyncProperty, constant, constantFrom, record, subarray } from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { proxyUnderTest } from '../support/proxy.ts';
import { sleep } from '../support/wait.ts';
import { Arena } from './arena.ts';
import type { Outcome } from './case.ts';
import { cut, type Exchange, exchanges, size } from './exchanges.ts';
import { essence } from './judge.ts';
import type { Slot } from './slot.ts';

/** An exchange with the places where its two sides break their writes. */
interface Plan {
  exchange: Exchange;
  client: readonly number[];
  origin: readonly number[];
}

const WIDTH = 16;
const program = proxyUnderTest();
/** The outcome of each exchange when nothing is cut. */
const whole = new Map<string, Outcome>();
const list = exchanges.filter(({ stalls }) => !(stalls && program === 'haproxy'));

/** Plays an exchange until its essence is what it is uncut, or three seconds are over. */
async function play(slot: Slot, { exchange, client, origin }: Plan): Promise<Outcome> {
  slot.apart = 2;
  const script = exchange.origin && cut(exchange.origin, origin);
  const judged = { ...exchange, rfc: '', want: 'same' } as const;
  const steps = { send: cut(exchange.send, client), ...(script && { origin: script }) };
  return slot.run(steps, async (look, raw) => {
    const expected = whole.get(exchange.name);
    if (expected === undefined) await sleep(300);
    else {
      const text = JSON.stringify(expected);
      for (let i = 0; i < 300 && JSON.stringify(essence(judged, look())) !== text; i++) {
        const { received } = raw;
        await raw.when(() => raw.received !== received, 10);
      }
    }
    return essence(judged, look());
  });
}

/** The positions inside a side's bytes. */
function places(steps: Exchange['send'] | Exchange['origin']): number[] {
  return Array.from({ length: Math.max(size(steps) - 1, 0) }, (_, i) => i + 1);
}

const upTo8 = (positions: number[]): ReturnType<typeof subarray<number>> =>
  subarray(positions, { maxLength: Math.min(8, positions.length) });

describe(`valid exchanges, cut at every byte, through ${program}`, () => {
  let arena: Arena;

  beforeAll(async () => {
    arena = await Arena.open(WIDTH);
    const uncut = await arena.playAll(list, (slot, exchange) => play(slot, { exchange, client: [], origin: [] }));
    list.forEach(({ name }, i) => whole.set(name, uncut[i]!));
  }, 60_000);
  afterAll(() => arena?.close());

  const same = async (plans: readonly Plan[]): Promise<void> => {
    const outcomes = await arena.playAll(plans, play);
    plans.forEach(({ exchange, client, origin }, i) => {
      const place = `client cut at [${client.join()}], origin at [${origin.join()}]`;
      expect(outcomes[i], place).toEqual(whole.get(exchange.name));
    });
  };

  test.each(list)('$name: uncut', ({ name, statuses }) => {
    expect(whole.get(name)!.statuses).toEqual(statuses);
  });

  test.each(list)('$name: the client cuts once, at each byte', { timeout: 60_000 }, async (exchange) => {
    await same(places(exchange.send).map((at) => ({ exchange, client: [at], origin: [] })));
  });

  test.each(list)('$name: the origin cuts once, at each byte', { timeout: 60_000 }, async (exchange) => {
    await same(places(exchange.origin).map((at) => ({ exchange, client: [], origin: [at] })));
  });

  test('both cut at several bytes at once', { timeout: 60_000 }, async () => {
    const plan = constantFrom(...list).chain((exchange) =>
      record({
        exchange: constant(exchange),
        client: upTo8(places(exchange.send)),
        origin: upTo8(places(exchange.origin)),
      }),
    );
    await assert(asyncProperty(array(plan, { minLength: 1, maxLength: WIDTH }), same), { numRuns: 25 });
  });
});
