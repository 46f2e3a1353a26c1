// The client: wrk, and the reading of what it prints.
import { start, stop } from './processes.js';

const UNITS = /** @type {const} */ ({ us: 0.001, ms: 1, s: 1000, m: 60_000, h: 3_600_000 });

/**
 * @typedef {object} Load
 * @property {number} requests answered
 * @property {number} seconds
 * @property {number} p50 milliseconds
 * @property {number} p99 milliseconds
 * @property {number} errors failed connects, reads and writes, timeouts, and answers that were not 2xx or 3xx
 */

/**
 * @param {string} url
 * @param {{ connections: number, seconds: number, headers: readonly string[] }} load
 * @returns {Promise<Load>}
 * @throws {Error} when wrk fails
 */
export async function runWrk(url, load) {
  const command = ['wrk', '-t', '1', '-c', String(load.connections), '-d', `${load.seconds}s`, '--latency'];
  for (const header of load.headers) command.push('-H', header);
  const wrk = await start('wrk', [...command, url]);
  try {
    await wrk.closed;
    return readWrk(wrk.output());
  } finally {
    await stop(wrk);
  }
}

/**
 * @param {string} text what wrk printed
 * @returns {Load}
 */
export function readWrk(text) {
  const [, requests, seconds] = /(\d+) requests in ([\d.]+\w+),/.exec(text) ?? [];
  const p50 = / 50%\s+(\S+)/.exec(text)?.[1];
  const p99 = / 99%\s+(\S+)/.exec(text)?.[1];
  if (requests === undefined || seconds === undefined || p50 === undefined || p99 === undefined) {
    throw new Error(`wrk said: ${text}`);
  }
  const socket = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(text);
  const failed = /Non-2xx or 3xx responses: (\d+)/.exec(text);
  let errors = Number(failed?.[1] ?? 0);
  for (const count of socket?.slice(1) ?? []) errors += Number(count);
  return {
    requests: Number(requests),
    seconds: milliseconds(seconds) / 1000,
    p50: milliseconds(p50),
    p99: milliseconds(p99),
    errors,
  };
}

/** @param {string} text a number and its unit */
function milliseconds(text) {
  const [, number, unit] = /^([\d.]+)(us|ms|s|m|h)$/.exec(text) ?? [];
  if (number === undefined || unit === undefined) throw new Error(`wrk gave a time of '${text}'`);
  return Number(number) * UNITS[/** @type {keyof typeof UNITS} */ (unit)];
}
