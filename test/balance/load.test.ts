import type { RawClient } from '../support/raw-client.ts';
import { arena } from '../http/arena.ts';
import { response } from '../http/scripted-origin.ts';
import type { Side } from '../http/side.ts';
import { get } from '../http/wire.ts';
import { Dice } from './dice.ts';

/** Milliseconds after which a request that has not come to the origin waits in a queue, where it might; and where it must not. */
const PATIENCE = 150;
const FAITH = 3000;

/**
 * Opens and ends requests at random, of which the origin holds as many as there are. Gives who got each, in the order in which
 * they came: `a`, and `a!` for one that had waited; `-` for one that waits. All servers together have `room`, 0 for any number.
 */
async function load(
  side: Side,
  steps: number,
  finish: number,
  room: number,
  key?: (dice: Dice) => string,
): Promise<string> {
  const dice = new Dice(steps);
  const { origin } = side;
  origin.answer = () => undefined;
  const trace: string[] = [];
  const held: number[] = [];
  const clients = new Map<string, RawClient>();
  let seen = 0;
  let open = 0;
  const arrivals = async (late: boolean): Promise<boolean> => {
    const before = seen;
    const sure = room === 0 || (key === undefined && held.length < Math.min(room, open));
    if (sure || key !== undefined) await origin.got(seen + 1, sure ? FAITH : PATIENCE);
    for (; seen < origin.requests.length; seen++) {
      const name = /^x-server: (\S+)/im.exec(origin.requests[seen]!.head)?.[1] ?? '?';
      trace.push(late ? `${name}!` : name);
      held.push(seen);
    }
    return seen > before;
  };
  const end = async (): Promise<void> => {
    const { on, target } = origin.requests[held.splice(dice.below(held.length), 1)[0]!]!;
    on.send(response(target));
    open--;
    await clients.get(target)!.sawClose();
    if (open > held.length) await arrivals(true);
  };
  for (let step = 0; step < steps; step++) {
    if (held.length > 0 && dice.chance(finish)) await end();
    const headers = ['Connection: close'];
    if (key !== undefined) headers.push(`x-key: ${key(dice)}`);
    clients.set(`/${step}`, await side.client(get(`/${step}`, ...headers)));
    open++;
    if (!(await arrivals(false))) trace.push('-');
  }
  while (open > 0) {
    if (held.length === 0) await arrivals(true);
    else await end();
  }
  return trace.join(' ');
}

const SERVERS = (words: readonly string[]): string =>
  words.map((word, index) => `  server ${'abcdef'[index]} {origin} ${word}`).join('\n');

const section = (lines: string, words: readonly string[]): string => `listen {name}
  bind {bind}
  ${lines}
  timeout queue 20s
  http-send-name-header x-server
${SERVERS(words)}`;

const UNLIMITED = ['weight 1', 'weight 2', 'weight 4', 'weight 7'];
const LIMITED = ['maxconn 2', 'maxconn 1 weight 2', 'maxconn 3'];

arena('picks under load', ({ agree }) => {
  for (const algorithm of ['roundrobin', 'static-rr', 'leastconn', 'first']) {
    agree(
      algorithm,
      section(`balance ${algorithm}`, UNLIMITED),
      (side) => load(side, 60, 0.4, 0),
      (seen, expect) => expect(seen.length).toBeGreaterThan(60),
    );
    agree(
      `${algorithm} with maxconn`,
      section(`balance ${algorithm}`, LIMITED),
      (side) => load(side, 40, 0.6, 6),
      (seen, expect) => expect(seen.length).toBeGreaterThan(60),
    );
  }
  const key = (dice: Dice): string => `k${dice.below(8)}`;
  for (const type of ['map-based', 'consistent']) {
    agree(
      `hash-type ${type} with maxconn`,
      section(`balance hdr(x-key)\n  hash-type ${type}`, LIMITED),
      (side) => load(side, 40, 0.6, 6, key),
      (seen, expect) => expect(seen.length).toBeGreaterThan(60),
    );
  }
  for (const factor of [101, 150, 300]) {
    const lines = `balance hdr(x-key)\n  hash-type consistent\n  hash-balance-factor ${factor}`;
    agree(
      `hash-balance-factor ${factor}`,
      section(lines, UNLIMITED),
      (side) => load(side, 60, 0.4, 0, key),
      (seen, expect) => expect(seen.length).toBeGreaterThan(60),
    );
  }
});
