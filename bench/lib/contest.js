// One scenario: every proxy that can take part is started, checked, warmed and measured in turns.
import { gunzipSync } from 'node:zlib';
import path from 'node:path';
import http from 'node:http';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { EDITED } from './config.js';
import { freePort } from './machine.js';
import { cpuTime, residentMemory } from './measure.js';
import { start, stop } from './processes.js';
import { runWrk } from './wrk.js';

/** @typedef {import('./options.js').Options} Options */
/** @typedef {import('./proxies.js').Proxy} Proxy */
/** @typedef {import('./processes.js').Running} Running */
/** @typedef {import('./scenarios.js').Scenario} Scenario */

const START_PATIENCE_MS = 10_000;
const PROBE_PATIENCE_MS = 10_000;
/** Errors per request beyond which a figure says nothing: failing is cheap. */
const TOLERATED_ERRORS = 0.01;

/**
 * @typedef {object} Place where the contest is held
 * @property {string} folder for configuration files
 * @property {number} originPort
 * @property {string | null} core the proxy is pinned to
 * @property {(text: string) => void} say progress
 */

/**
 * @typedef {object} Contestant
 * @property {Proxy} proxy
 * @property {Running} process
 * @property {number} port
 */

/**
 * @typedef {object} Sample of one proxy in one round
 * @property {number} requests
 * @property {number} requestsPerSecond
 * @property {number} cpuMicros per request, user and system
 * @property {number} p50 milliseconds
 * @property {number} p99 milliseconds
 * @property {number} memory resident bytes after the round
 * @property {number} busy share of one core, 0 to 1
 * @property {number} errors
 */

/**
 * @typedef {object} Outcome
 * @property {Scenario} scenario
 * @property {Map<string, Sample[]>} samples by proxy
 * @property {Map<string, string>} absent proxy → why it has no figures
 * @property {string[]} failed those of absent that could have been expected to have some
 */

/**
 * @param {Scenario} scenario
 * @param {Proxy[]} proxies
 * @returns {Outcome} with those that do not take part
 */
export function emptyOutcome(scenario, proxies) {
  const absent = new Map();
  for (const proxy of proxies) {
    const why = proxy.missing ?? proxy.unfit(scenario);
    if (why !== null) absent.set(proxy.id, why);
  }
  return { scenario, samples: new Map(), absent, failed: [] };
}

/**
 * @param {Scenario} scenario
 * @param {Proxy[]} proxies
 * @param {Options} options
 * @param {Place} place
 * @returns {Promise<Outcome>}
 */
export async function hold(scenario, proxies, options, place) {
  const outcome = emptyOutcome(scenario, proxies);
  /** @type {Contestant[]} */
  let contestants = [];
  const fail = (/** @type {string} */ id, /** @type {unknown} */ error) => {
    outcome.absent.set(id, error instanceof Error ? error.message : String(error));
    outcome.failed.push(id);
    outcome.samples.delete(id);
    contestants = contestants.filter((contestant) => contestant.proxy.id !== id);
  };
  try {
    for (const proxy of proxies) {
      if (outcome.absent.has(proxy.id)) continue;
      try {
        const contestant = await enter(proxy, scenario, scenario.connections + 1000, place);
        contestants.push(contestant);
        place.say(`${scenario.id}: warming ${proxy.id}`);
        await measure(contestant, scenario, options.warm * proxy.warming);
      } catch (error) {
        fail(proxy.id, error);
      }
    }
    for (let round = 0; round < options.rounds; round++) {
      // Each round begins with another proxy, so that none always follows the same one.
      const turn = round % Math.max(1, contestants.length);
      for (const contestant of [...contestants.slice(turn), ...contestants.slice(0, turn)]) {
        const id = contestant.proxy.id;
        place.say(`${scenario.id}: round ${round + 1} of ${options.rounds}, ${id}`);
        try {
          const sample = await measure(contestant, scenario, options.seconds);
          outcome.samples.set(id, [...(outcome.samples.get(id) ?? []), sample]);
        } catch (error) {
          fail(id, error);
        }
      }
    }
  } finally {
    await Promise.all(contestants.map((contestant) => stop(contestant.process)));
  }
  return outcome;
}

/**
 * Starts a proxy and makes sure it does what the scenario wants.
 *
 * @param {Proxy} proxy
 * @param {Scenario} scenario
 * @param {number} maxConnections
 * @param {Place} place
 * @returns {Promise<Contestant>}
 * @throws {Error} saying what the proxy said
 */
export async function enter(proxy, scenario, maxConnections, place) {
  const port = await freePort();
  const folder = path.join(place.folder, `${scenario.id}-${proxy.id.replaceAll('/', '-')}`);
  const setup = {
    mode: scenario.mode,
    rules: scenario.rules,
    cache: scenario.cache,
    compress: scenario.compress,
    lua: scenario.lua,
    port,
    originPort: place.originPort,
    maxConnections,
  };
  const command = proxy.command(setup, folder);
  const pinned = place.core === null ? command : ['taskset', '-c', place.core, ...command];
  const running = await start(proxy.id, pinned, { env: { NODE_ENV: 'production' } });
  try {
    await listening(running, port);
    const answer = await probe(port, scenario.path, scenario.headers);
    const body = scenario.compress ? gunzipSync(answer) : answer;
    if (body.length !== scenario.bytes) throw new Error(`answered ${body.length} bytes, not ${scenario.bytes}`);
    if (scenario.rules) {
      const edits = (await probe(port, '/echo', scenario.headers)).toString('latin1');
      if (edits !== EDITED) throw new Error(`the origin saw the edits as '${edits}', not '${EDITED}'`);
    }
  } catch (error) {
    await stop(running);
    throw error;
  }
  return { proxy, process: running, port };
}

/**
 * @param {Contestant} contestant
 * @param {Scenario} scenario
 * @param {number} seconds
 * @returns {Promise<Sample>}
 */
async function measure(contestant, scenario, seconds) {
  const { process: running, port } = contestant;
  const before = cpuTime(running.pid);
  const load = await runWrk(`http://127.0.0.1:${port}${scenario.path}`, { ...scenario, seconds });
  const cpu = cpuTime(running.pid) - before;
  const memory = residentMemory(running.pid);
  if (running.ended() !== null) throw new Error(death(running));
  if (load.requests === 0) throw new Error(`answered nothing under load; ${said(running)}`);
  if (load.errors > load.requests * TOLERATED_ERRORS) {
    throw new Error(`${load.errors} errors in ${load.requests} requests; ${said(running)}`);
  }
  return {
    requests: load.requests,
    requestsPerSecond: load.requests / load.seconds,
    cpuMicros: cpu / 1000 / load.requests,
    p50: load.p50,
    p99: load.p99,
    memory,
    busy: cpu / 1e9 / load.seconds,
    errors: load.errors,
  };
}

/**
 * @param {Running} running
 * @param {number} port
 */
export async function listening(running, port) {
  const deadline = Date.now() + START_PATIENCE_MS;
  while (!(await connects(port))) {
    if (running.ended() !== null) {
      await running.closed;
      throw new Error(death(running));
    }
    if (Date.now() > deadline) throw new Error(`did not listen within ${START_PATIENCE_MS / 1000} s; ${said(running)}`);
    await sleep(20);
  }
}

/** @param {number} port @returns {Promise<boolean>} */
function connects(port) {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

/**
 * One request on a connection of its own.
 *
 * @param {number} port
 * @param {string} target
 * @param {readonly string[]} headers
 * @returns {Promise<Buffer>} the body
 * @throws {Error} when the answer is not a 200
 */
export function probe(port, target, headers) {
  return new Promise((resolve, reject) => {
    const fields = headers.map((header) => header.split(': ', 2));
    const request = http.get(
      { host: '127.0.0.1', port, path: target, agent: false, headers: Object.fromEntries(fields) },
      (response) => {
        /** @type {Buffer[]} */
        const parts = [];
        response.on('data', (/** @type {Buffer} */ part) => parts.push(part));
        response.on('error', reject);
        response.on('end', () => {
          if (response.statusCode === 200) resolve(Buffer.concat(parts));
          else reject(new Error(`answered ${target} with ${response.statusCode}`));
        });
      },
    );
    request.setTimeout(PROBE_PATIENCE_MS, () => request.destroy(new Error(`no answer to ${target} in 10 s`)));
    request.on('error', reject);
  });
}

/** @param {Running} running */
function death(running) {
  return `${running.ended()}; ${said(running)}`;
}

/** @param {Running} running */
function said(running) {
  const lines = running.output().split('\n');
  return lines[0] === '' ? 'it said nothing' : `it said: ${lines.slice(-6).join(' / ')}`;
}
