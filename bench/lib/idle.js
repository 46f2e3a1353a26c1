// The idle scenario: what ten thousand connections cost while nothing happens on them.
import path from 'node:path';
import readline from 'node:readline';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { emptyOutcome, enter } from './contest.js';
import { cpuTime, residentMemory } from './measure.js';
import { start, stop } from './processes.js';

/** @typedef {import('./contest.js').Contestant} Contestant */

/**
 * @typedef {object} IdleSample
 * @property {number} connections still open at the end
 * @property {number} memoryBefore resident bytes before the connections
 * @property {number} memory resident bytes with them
 * @property {number} cpuMicros per connection opened and served once
 * @property {number} idleCpu share of one core while idle, 0 to 1
 */

/**
 * @typedef {object} IdleOutcome
 * @property {import('./scenarios.js').Scenario} scenario
 * @property {Map<string, IdleSample>} samples by proxy
 * @property {Map<string, string>} absent
 * @property {string[]} failed
 */

/** Until pools are trimmed, sockets to the origin have settled and Node has collected its garbage or not. */
const SETTLE_MS = 1000;
const CLIENT_PATIENCE_MS = 30_000;
const client = path.join(path.dirname(fileURLToPath(import.meta.url)), 'idle-client.js');

/**
 * @param {import('./scenarios.js').Scenario} scenario
 * @param {import('./proxies.js').Proxy[]} proxies
 * @param {import('./options.js').Options} options
 * @param {import('./contest.js').Place} place
 * @returns {Promise<IdleOutcome>}
 */
export async function holdIdle(scenario, proxies, options, place) {
  /** @type {IdleOutcome} */
  const outcome = { ...emptyOutcome(scenario, proxies), samples: new Map() };
  for (const proxy of proxies) {
    if (outcome.absent.has(proxy.id)) continue;
    place.say(`${scenario.id}: ${proxy.id}`);
    try {
      const contestant = await enter(proxy, scenario, options.idle + 100, place);
      try {
        outcome.samples.set(proxy.id, await watch(contestant, scenario, options));
      } finally {
        await stop(contestant.process);
      }
    } catch (error) {
      outcome.absent.set(proxy.id, error instanceof Error ? error.message : String(error));
      outcome.failed.push(proxy.id);
    }
  }
  return outcome;
}

/**
 * @param {Contestant} contestant
 * @param {import('./scenarios.js').Scenario} scenario
 * @param {import('./options.js').Options} options
 * @returns {Promise<IdleSample>}
 */
async function watch({ process: running, port }, scenario, options) {
  const memoryBefore = residentMemory(running.pid);
  const cpuBefore = cpuTime(running.pid);
  const args = [port, options.idle, scenario.path, scenario.bytes].map(String);
  const clients = await start('idle client', [process.execPath, client, ...args]);
  try {
    const lines = readline.createInterface({ input: clients.child.stdout })[Symbol.asyncIterator]();
    await openCount(lines, clients);
    const cpuMicros = (cpuTime(running.pid) - cpuBefore) / 1000 / options.idle;
    await sleep(SETTLE_MS);
    const idleBefore = cpuTime(running.pid);
    const since = process.hrtime.bigint();
    await sleep(options.seconds * 1000);
    const idleCpu = (cpuTime(running.pid) - idleBefore) / Number(process.hrtime.bigint() - since);
    const memory = residentMemory(running.pid);
    clients.child.stdin.write('\n');
    return { connections: await openCount(lines, clients), memoryBefore, memory, cpuMicros, idleCpu };
  } finally {
    await stop(clients);
  }
}

/**
 * @param {AsyncIterator<string>} lines
 * @param {import('./processes.js').Running} clients
 * @returns {Promise<number>}
 */
async function openCount(lines, clients) {
  const late = sleep(CLIENT_PATIENCE_MS, null, { ref: false });
  const line = await Promise.race([lines.next(), late]);
  if (line === null) throw new Error(`the idle client was not ready in ${CLIENT_PATIENCE_MS / 1000} s`);
  if (line.done === true) throw new Error(`the idle client ended: ${clients.output()}`);
  return JSON.parse(line.value).open;
}
