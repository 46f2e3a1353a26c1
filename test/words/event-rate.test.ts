import { expect, test } from 'vitest';
import { EventRate } from '../../core/state/event-rate.ts';

/** The rate every 100 ms, from the events of one moment on. */
function course(events: number): number[] {
  const rate = new EventRate();
  for (let i = 0; i < events; i++) rate.add(5000);
  return Array.from({ length: 22 }, (_, step) => rate.perSecond(5001 + step * 100));
}

test('as haproxy 2.6 lets a burst fade: whole for its second, then less and less', () => {
  expect(course(10)).toEqual([10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0, 0]);
  expect(course(2)).toEqual([2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0]);
});

test('a single event counts for two periods', () => {
  expect(course(1)).toEqual([...Array.from({ length: 20 }, () => 1), 0, 0]);
});

test('a steady flow has its rate, whenever it is asked', () => {
  const rate = new EventRate();
  for (let at = 0; at < 10_000; at += 10) {
    rate.add(at);
    if (at > 1000) expect(Math.abs(rate.perSecond(at) - 100)).toBeLessThanOrEqual(2);
  }
  expect(rate.highest).toBe(100);
});
