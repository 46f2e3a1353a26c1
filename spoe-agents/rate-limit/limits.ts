import { duration, UsageError } from '../shared/command.ts';

/** So many requests within a time, in milliseconds. */
export interface Limit {
  readonly count: number;
  readonly period: number;
}

/** `100/1m`: a number of requests, and a time. */
export function readLimit(written: string, what: string): Limit {
  const [count, period, ...rest] = written.split('/') as [string, string?, ...string[]];
  if (period === undefined || rest.length > 0 || !/^[1-9]\d{0,8}$/.test(count))
    throw new UsageError(`${what} expects a limit such as 100/1m or 10/500ms, not '${written}'`);
  return { count: Number(count), period: duration(period, what) };
}

/** `NAME=100/1m`. */
export function readRule(written: string): [name: string, limit: Limit] {
  const at = written.indexOf('=');
  if (at < 1) throw new UsageError(`--rule expects NAME=COUNT/TIME, as in login=5/1m, not '${written}'`);
  return [written.slice(0, at), readLimit(written.slice(at + 1), `--rule ${written}`)];
}

/**
 * The generic cell rate algorithm, in one step of the store: all proxies of a fleet see one count, and one number is kept for each key, the time
 * (µs of the store's clock) at which all that was let pass will have been used up. A burst of `count` may pass at once; then one each `period / count`.
 *
 * KEYS: the key. ARGV: count, period (µs), cost. Answers: whether it may pass, how many more may at once, ms to wait.
 */
export const GCRA = `
local count, period, cost = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local interval = period / count
local used = tonumber(redis.call('GET', KEYS[1])) or now
if used < now then used = now end
local next = used + interval * cost
local wait = next - period - now
if wait > 0 then
  return {0, math.floor((period - (used - now)) / interval + 0.0001), math.ceil(wait / 1000)}
end
if cost > 0 then
  redis.call('SET', KEYS[1], string.format('%.0f', next), 'PX', math.ceil((next - now) / 1000))
end
return {1, math.floor((period - (next - now)) / interval + 0.0001), 0}
`;
