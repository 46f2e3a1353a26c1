import { describe, expect, it } from 'vitest';
import type { Balancer, Server } from '../../core/api/index.ts';
import { random } from '../../plugins/balance/random.ts';
import { fakeBackend, fakeServer, tell, turns } from './fakes.ts';

const PICKS = 20_000;

/** How many of the picks each server gets, in percent. Those that are picked have been taken and dropped again. */
function shares(balancer: Balancer, count: number): number[] {
  const taken = Array.from({ length: count }, () => 0);
  for (let i = 0; i < PICKS; i++) {
    const name = Number(turns(balancer, 1));
    taken[name]! += 100 / PICKS;
  }
  return taken;
}

describe('random', () => {
  it('gives each server its share', () => {
    const servers = [1, 2, 4, 13].map((weight, index) => fakeServer(index, 10 * weight));
    const got = shares(random(1)(fakeBackend(servers)), 4);
    // The ring of 3200 points is not quite even; HAProxy's is the same.
    [5, 10, 20, 65].forEach((share, index) => expect(Math.abs(got[index]! - share)).toBeLessThan(4));
  });

  it('prefers the less loaded of two', () => {
    const servers = [0, 1].map((index) => fakeServer(index, 50));
    servers[0]!.active = 5;
    const [busy, idle] = shares(random(2)(fakeBackend(servers)), 2);
    expect(busy! + idle!).toBeCloseTo(100);
    expect(idle!).toBeGreaterThan(65);
  });

  it('passes by who is full, and has nobody when all are', () => {
    const servers = [0, 1].map((index) => fakeServer(index, 1, { maxconn: 1, limit: 1 }));
    const balancer = random(2)(fakeBackend(servers));
    servers[0]!.active = 1;
    balancer.took!(servers[0] as unknown as Server);
    expect(turns(balancer, 5)).toBe('11111');
    servers[1]!.active = 1;
    balancer.took!(servers[1] as unknown as Server);
    expect(turns(balancer, 1)).toBe('-');
    servers[0]!.active = 0;
    balancer.dropped!(servers[0] as unknown as Server);
    expect(turns(balancer, 2)).toBe('00');
    servers[0]!.usable = false;
    tell(balancer, servers[0]!);
    expect(turns(balancer, 1)).toBe('-');
  });
});
