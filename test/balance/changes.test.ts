import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Backend, Balancer, Transaction } from '../../core/api/index.ts';
import { hashed } from '../../plugins/balance/hashed.ts';
import { sdbm, spread } from '../../plugins/balance/hash-functions.ts';
import { LeastConnections } from '../../plugins/balance/leastconn.ts';
import { HASHING } from '../../plugins/balance/settings.ts';
import { StaticRoundRobin } from '../../plugins/balance/slots.ts';
import type { RunningProxy } from '../support/proxy.ts';
import { missing, title } from '../support/which.ts';
import { Dice } from './dice.ts';
import { fakeBackend, type FakeServer, fakeServer, setWeight, tell } from './fakes.ts';
import { picks, startChooser } from './picks.ts';
import { command } from './runtime-api.ts';

const dice = new Dice(7);

interface Farm {
  readonly weights: number[];
  /** Indexes of backups. */
  readonly backups: number[];
  readonly allBackups: boolean;
}

const FARMS: Farm[] = [
  { weights: [1, 1, 1, 1, 1, 1], backups: [], allBackups: false },
  { weights: [1, 3, 2, 5, 1, 1, 9], backups: [], allBackups: false },
  { weights: [100, 256, 7, 33], backups: [], allBackups: false },
  { weights: [2, 1, 1, 3, 2], backups: [2, 3, 4], allBackups: false },
  { weights: [2, 1, 1, 3, 2], backups: [2, 3, 4], allBackups: true },
];

interface Algorithm {
  readonly lines: string;
  /** Weights may be changed while it works. */
  readonly dynamic: boolean;
  /** How many of the requests have a key. */
  readonly keyed: number;
  /** The farms that it is compared on. */
  readonly farms: readonly number[];
  make(backend: Backend): Balancer;
}

type Asked = Partial<Transaction> & { key?: string };

const byKey = hashed(() => (transaction) => {
  const { key } = transaction as Asked;
  return key === undefined ? undefined : spread(sdbm)(key);
});

const ALL = [0, 1, 2, 3, 4];

const ALGORITHMS: Algorithm[] = [
  // HAProxy may use all backups in turn though `option allbackups` is not there.
  {
    lines: 'balance static-rr',
    dynamic: false,
    keyed: 0,
    farms: [0, 1, 2, 4],
    make: (backend) => new StaticRoundRobin(backend),
  },
  // HAProxy's backups have an order among themselves before they are needed.
  {
    lines: 'balance leastconn',
    dynamic: true,
    keyed: 0,
    farms: [0, 1, 2, 3],
    make: (backend) => new LeastConnections(backend),
  },
  {
    lines: 'balance hdr(x-key)\n  hash-type map-based sdbm avalanche',
    dynamic: false,
    keyed: 0.7,
    farms: ALL,
    make: byKey,
  },
  { lines: 'balance hdr(x-key)\n  hash-type consistent', dynamic: false, keyed: 0.7, farms: [0, 1, 2, 3], make: byKey },
  {
    lines: 'balance hdr(x-key)\n  hash-type consistent # and other weights',
    dynamic: true,
    keyed: 1,
    farms: ALL,
    make: byKey,
  },
];

const CASES = ALGORITHMS.flatMap((algorithm) => algorithm.farms.map((farm) => ({ ...algorithm, ...FARMS[farm]! })));

function section(index: number): string {
  const { lines, weights, backups, allBackups } = CASES[index]!;
  const servers = weights.map(
    (weight, i) => `  server ${i} {origin} weight ${weight}${backups.includes(i) ? ' backup' : ''}`,
  );
  return [`backend b${index}`, `  ${lines}`, allBackups ? '  option allbackups' : '', ...servers].join('\n');
}

/** Picks after each change, and how many changes. */
const PICKS = 14;
const CHANGES = 80;

const absent = missing('haproxy');
describe.skipIf(absent.length > 0)(title('picks while servers come, go and change, beside HAProxy', absent), () => {
  let haproxy: RunningProxy;
  const folder = mkdtempSync(join(tmpdir(), 'sluice-balance-'));
  const socket = join(folder, 'haproxy.sock');
  beforeAll(async () => {
    const sections = CASES.map((_, index) => section(index)).join('\n');
    haproxy = await startChooser('haproxy', sections, `stats socket ${socket} level admin`);
  });
  afterAll(async () => {
    await haproxy?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(CASES.map((one, index) => ({ ...one, index })))(
    '$lines, weights $weights, backups $backups $allBackups',
    { timeout: 20_000, retry: 0 },
    async ({ index, weights, backups, allBackups, dynamic, keyed, make, lines }) => {
      const servers = weights.map((weight, i) => fakeServer(i, weight, { backup: backups.includes(i) }));
      const hashing = { ...HASHING.create(), consistent: lines.includes('consistent') };
      const balancer = make(fakeBackend(servers, [['allbackups', allBackups]], new Map([[HASHING, hashing]])));
      const history: string[] = [];
      for (let change = 0; change < CHANGES; change++) {
        const keys = Array.from({ length: PICKS }, () =>
          dice.chance(keyed) ? dice.below(1e6).toString(36) : undefined,
        );
        const expected = await picks(
          haproxy.ports[0]!,
          keys.map((key) => ({ backend: `b${index}`, headers: key === undefined ? [] : [['x-key', key] as const] })),
        );
        const got = keys.map((key) => {
          const asked: Asked = key === undefined ? {} : { key };
          const server = balancer.pick(asked as Transaction) as FakeServer | undefined;
          if (server === undefined) return '503';
          server.active++;
          balancer.took?.(server as never);
          server.active--;
          balancer.dropped?.(server as never);
          return server.name;
        });
        if (got.join(' ') !== expected.join(' '))
          history.push(keys.map((key) => (key === undefined ? '-' : 'k')).join(' '));
        expect([...history.slice(-8), got.join(' ')]).toEqual([...history.slice(-8), expected.join(' ')]);
        history.push(got.join(' '));
        const server = dice.pick(servers);
        // HAProxy forgets its order of backups when there is nobody at all.
        const others = servers.filter((one) => one !== server && one.usable && one.effectiveWeight > 0);
        if (others.length === 0 && server.usable) continue;
        const line = `set server b${index}/${server.name}`;
        if (dynamic && dice.chance(0.4)) {
          const weight = dice.chance(0.2) ? 0 : dice.between(1, 20);
          history.push(`${server.name} weighs ${weight}`);
          expect(await command(socket, `${line} weight ${weight}`)).toBe('');
          setWeight(server, weight);
        } else {
          server.usable = !server.usable;
          history.push(`${server.name} ${server.usable ? 'comes' : 'goes'}`);
          expect(await command(socket, `${line} state ${server.usable ? 'ready' : 'maint'}`)).toBe('');
        }
        tell(balancer, server);
      }
    },
  );
});
