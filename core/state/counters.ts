import type { Counters } from '../api/index.ts';
import { EventRate } from './event-rate.ts';

/** Fresh counters. Plain stores by one thread; a reader of several threads would add up. */
export function newCounters(): Counters {
  return {
    current: 0,
    highest: 0,
    total: 0,
    bytesIn: 0,
    bytesOut: 0,
    deniedRequests: 0,
    deniedResponses: 0,
    requestErrors: 0,
    connectionErrors: 0,
    responseErrors: 0,
    retries: 0,
    redispatches: 0,
    requests: 0,
    responses: [0, 0, 0, 0, 0, 0],
    sessionRate: new EventRate(),
    requestRate: new EventRate(),
    internalErrors: 0,
    cliAborts: 0,
    srvAborts: 0,
    cacheLookups: 0,
    cacheHits: 0,
    cacheHintHits: 0,
    compressedIn: 0,
    compressedOut: 0,
    compressionBypassed: 0,
    compressedResponses: 0,
  };
}

/** Counts one more session on a proxy; `at` in monotonic milliseconds. */
export function enter(counters: Counters, at: number): void {
  counters.total++;
  counters.sessionRate.add(at);
  if (++counters.current > counters.highest) counters.highest = counters.current;
}

/** Counts a response by the class of its status. */
export function countStatus(counters: Counters, status: number): void {
  const kind = Math.floor(status / 100);
  counters.responses[kind >= 1 && kind <= 5 ? kind : 0]!++;
}
