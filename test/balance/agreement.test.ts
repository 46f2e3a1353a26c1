import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunningProxy } from '../support/proxy.ts';
import { missing, title } from '../support/which.ts';
import { type Ask, picks, startChooser } from './picks.ts';
import { Dice } from './dice.ts';

/** How many keys each variant is tried with. */
const KEYS = 1000;

const dice = new Dice(20_230_531);
const word = (): string => dice.below(2 ** 40).toString(36);

/** Servers whose weights and ids follow no pattern. */
function servers(count: number, weight: (index: number) => number, ids: boolean): string {
  const lines = [];
  for (let i = 0; i < count; i++) {
    const id = ids ? ` id ${1 + i * 977 + dice.below(900)}` : '';
    lines.push(`  server s${i} {origin} weight ${weight(i)}${id}`);
  }
  return lines.join('\n');
}

const FARMS = [
  () => servers(7, () => 1, false),
  () => servers(23, () => dice.between(1, 40), false),
  () => servers(11, (index) => (index % 4 === 3 ? 0 : dice.between(1, 256)), true),
];

const TYPES = ['map-based', 'consistent'].flatMap((method) => [
  method,
  ...['sdbm', 'djb2', 'crc32'].flatMap((name) => [`${method} ${name}`, `${method} ${name} avalanche`]),
]);

const ipv4 = (): string => [0, 0, 0, 0].map(() => dice.below(256)).join('.');
const ipv6 = (): string => Array.from({ length: 8 }, () => dice.below(65_536).toString(16)).join(':');
const path = (): string => {
  let text = dice.chance(0.1) ? 'http://example.com' : '';
  for (let i = dice.below(5); i >= 0; i--) text += `/${dice.chance(0.1) ? '' : word()}`;
  return text + (dice.chance(0.4) ? `?${word()}=${word()}/${word()}?` : '');
};
const query = (): string => {
  const parts = [];
  for (let i = dice.below(4); i >= 0; i--) {
    const name = dice.pick(['id', 'id', 'idx', 'xid', 'ID', '', 'i']);
    parts.push(name + dice.pick(['', '=', `=${word()}`, `=${word()}=${word()}`, `=${word()};id=3`]));
  }
  return parts.join('&');
};
const host = (): string => {
  const letters = 'ab1-.....:';
  return Array.from({ length: dice.between(1, 9) }, () => letters[dice.below(letters.length)]).join('');
};
const list = (): string => {
  const parts = ['a', 'b ', ' c', '"d,e"', '"', '', 'f;g', '\\"', word()];
  return Array.from({ length: dice.between(1, 3) }, () => dice.pick(parts)).join(',');
};

type Make = (backend: string) => Ask;
const keyed: Make = (backend) => ({ backend, headers: [['x-key', word()]] });
const fromSource: Make = (backend) => ({ backend, headers: [['x-src', dice.chance(0.7) ? ipv4() : ipv6()]] });
const withUri: Make = (backend) => ({ backend, target: path() });

interface Variant {
  readonly name: string;
  readonly lines: string;
  readonly ask: Make;
}

const VARIANTS: Variant[] = [];
const add = (name: string, lines: string, ask: Make): void => void VARIANTS.push({ name, lines, ask });
const everyType = (name: string, lines: string, ask: Make, types: readonly string[] = TYPES): void => {
  for (const type of types) {
    FARMS.forEach((farm, index) => {
      add(`${name}, ${type}, farm ${index + 1}`, `  ${lines}\n  hash-type ${type}\n${farm()}`, ask);
    });
  }
};
everyType('hdr', 'balance hdr(x-key)', keyed);
everyType('source', 'balance source', fromSource, [
  'map-based',
  'map-based sdbm avalanche',
  'consistent',
  'consistent djb2',
]);
const TWO = ['map-based', 'consistent'];
everyType('hash of an address', 'balance hash src', fromSource, TWO);
everyType('hash of a number', 'balance hash req.hdr(x-key),crc32,neg', keyed, TWO);
everyType('hash of a string', 'balance hash req.hdr(x-key),lower', keyed, TWO);
everyType(
  'hash of what may be missing',
  'balance hash req.hdr(x-key) ',
  (backend) => (dice.chance(0.5) ? keyed(backend) : { backend }),
  TWO,
);
const farm = (): string => servers(101, () => 1, false);
for (const options of [
  '',
  'whole',
  'len 5',
  'depth 1',
  'depth 3',
  'len 8 depth 2',
  'path-only',
  'path-only whole',
  'path-only depth 2',
  'whole depth 2',
  'path-only len 7',
]) {
  add(`uri ${options}`, `  balance uri ${options}\n${farm()}`, withUri);
}
add('url_param', `  balance url_param id\n${farm()}`, (backend) => ({ backend, target: `/${word()}?${query()}` }));
add('url_param check_post', `  balance url_param id check_post\n${farm()}`, (backend) => {
  const target = `/${dice.chance(0.3) ? `?${query()}` : ''}`;
  return { backend, target, method: dice.pick(['POST', 'POST', 'PUT']), body: query() };
});
// HAProxy looks one byte too far: what comes next must be no dot.
const hosts: Make = (backend) => ({
  backend,
  headers: [
    ['x-key', host()],
    ['x-next', '1'],
  ],
});
const lists: Make = (backend) => ({
  backend,
  headers: Array.from({ length: dice.below(3) }, () => ['x-key', list()] as const),
});
add('hdr of lists', `  balance hdr(X-Key)\n${farm()}`, lists);
add('hdr use_domain_only', `  balance hdr(x-key) use_domain_only\n${farm()}`, hosts);
for (const algorithm of ['roundrobin', 'static-rr', 'leastconn', 'first']) {
  FARMS.forEach((make, index) =>
    add(`${algorithm}, farm ${index + 1}`, `  balance ${algorithm}\n${make()}`, (backend) => ({ backend })),
  );
}
FARMS.forEach((make, index) =>
  add(`turns on the ring, farm ${index + 1}`, `  balance hdr(x-key)\n  hash-type consistent\n${make()}`, (backend) => ({
    backend,
  })),
);

const DEAD = '  retries 2\n  option redispatch 1\n  server dead 127.0.0.1:1 weight 3';
for (const algorithm of ['roundrobin', 'static-rr', 'leastconn', 'hdr(x-key)\n  hash-type consistent']) {
  add(`redispatch, ${algorithm}`, `  balance ${algorithm}\n${DEAD}\n${servers(7, () => 2, false)}`, keyed);
}

const absent = missing('haproxy');
describe.skipIf(absent.length > 0)(title('the servers that HAProxy chooses', absent), () => {
  const sections = VARIANTS.map(({ lines }, index) => `backend b${index}\n${lines}`).join('\n');
  let ours: RunningProxy;
  let theirs: RunningProxy;
  beforeAll(async () => {
    [ours, theirs] = await Promise.all([startChooser('sluice', sections), startChooser('haproxy', sections)]);
  }, 30_000);
  afterAll(async () => {
    await ours?.stop();
    await theirs?.stop();
  });

  it.each(VARIANTS.map(({ name }, index) => ({ name, index })))(
    '$name',
    async ({ index }) => {
      const { ask } = VARIANTS[index]!;
      const asks = Array.from({ length: KEYS }, () => ask(`b${index}`));
      const expected = await picks(theirs.ports[0]!, asks);
      const got = await picks(ours.ports[0]!, asks);
      const wrong = asks.flatMap((one, at) =>
        got[at] === expected[at] ? [] : [{ ...one, got: got[at], expected: expected[at] }],
      );
      expect(wrong.slice(0, 3)).toEqual([]);
      expect(new Set(got).size).toBeGreaterThan(lonely(VARIANTS[index]!.name) ? 0 : 3);
    },
    30_000,
  );
});

/** All go to the first. */
const lonely = (name: string): boolean => name.startsWith('first');
