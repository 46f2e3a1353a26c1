#!/usr/bin/env node
// Sluice beside HAProxy, nginx and the Node proxies: see README.md.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { originConfig } from './lib/config.js';
import { hold, listening, probe } from './lib/contest.js';
import { holdIdle } from './lib/idle.js';
import { ask, describeMachine, divideCores, freePort, openFileLimit } from './lib/machine.js';
import { readOptions, USAGE } from './lib/options.js';
import { killAllNow, start, stopAll } from './lib/processes.js';
import { allProxies, nginxCommand } from './lib/proxies.js';
import { idleTable, loadTable, summaryTable } from './lib/report.js';
import { SCENARIOS } from './lib/scenarios.js';

/** @typedef {import('./lib/options.js').Options} Options */

/** Descriptors a proxy needs beside those of its idle clients. */
const SPARE_FILES = 1000;

/** @param {unknown} value */
const plain = (value) => (value instanceof Map ? Object.fromEntries(value) : value);

/** A message for the user, without a stack. */
class Refusal extends Error {}

const say = (/** @type {string} */ text) => {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
  else process.stderr.write(`${text}\n`);
};
const print = (/** @type {string} */ text) => {
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  process.stdout.write(`${text}\n`);
};

/**
 * @template {{ id: string }} T
 * @param {string} option
 * @param {readonly T[]} all
 * @param {string[] | null} wanted
 */
function choose(option, all, wanted) {
  for (const id of wanted ?? []) {
    if (all.some((item) => item.id === id)) continue;
    throw new Refusal(`${option}: '${id}' is not one of ${all.map((item) => item.id).join(', ')}`);
  }
  return all.filter((item) => wanted === null || wanted.includes(item.id));
}

/** Those without which nothing can be measured. */
function requirePeers() {
  if (process.platform !== 'linux') throw new Refusal('The benchmark reads /proc and so runs on Linux only.');
  const missing = ['wrk', 'nginx'].filter((program) => ask(program, ['-v']) === null);
  if (missing.length === 0) return;
  throw new Refusal(`Not found: ${missing.join(', ')} (client and origin): apt-get install ${missing.join(' ')}`);
}

/**
 * @param {string} folder
 * @param {number} processes
 * @returns {Promise<number>} its port
 */
async function startOrigin(folder, processes) {
  const port = await freePort();
  mkdirSync(path.join(folder, 'www'), { recursive: true });
  for (const { path: name, bytes } of SCENARIOS) writeFileSync(path.join(folder, 'www', name), 'x'.repeat(bytes));
  const origin = await start('origin', nginxCommand(folder, originConfig(port, processes)));
  await listening(origin, port);
  await probe(port, '/1k', []);
  return port;
}

/**
 * @param {Options} options
 * @param {string} folder
 */
async function bench(options, folder) {
  const proxies = choose('--proxies', allProxies(options.also), options.proxies);
  const scenarios = choose('--only', SCENARIOS, options.only);
  requirePeers();
  const cores = divideCores();
  const limit = openFileLimit();
  const idle = Math.min(options.idle, limit - SPARE_FILES);
  const originCores = cores === null ? 1 : cores.others.split(',').length - 1;
  const originPort = await startOrigin(path.join(folder, 'origin'), Math.min(4, Math.max(1, originCores)));

  print(`## Benchmark\n\n${describeMachine()}. ${options.rounds} × ${options.seconds} s, medians.`);
  if (cores !== null)
    print(`The proxy on core ${cores.proxy}; wrk, nginx as origin and this program on ${cores.others}.`);
  else print('Nothing is pinned: it takes two cores and taskset (apt-get install util-linux). Expect scatter.');
  if (idle < options.idle)
    print(`Only ${idle} idle connections, for at most ${limit} open files are allowed (ulimit -Hn).`);
  print(`${proxies.map((proxy) => `${proxy.id} ${proxy.version}`).join(', ')}.\n`);

  const place = { folder, originPort, core: cores?.proxy ?? null, say };
  const outcomes = [];
  const idleOutcomes = [];
  for (const scenario of scenarios) {
    if (scenario.idle) {
      const outcome = await holdIdle(scenario, proxies, { ...options, idle }, place);
      idleOutcomes.push(outcome);
      print(idleTable(outcome, idle));
    } else {
      const outcome = await hold(scenario, proxies, options, place);
      outcomes.push(outcome);
      print(loadTable(outcome));
    }
  }
  if (outcomes.length > 1) print(summaryTable(outcomes));
  if (options.json !== null) {
    const all = { machine: describeMachine(), cores, options, proxies, scenarios: [...outcomes, ...idleOutcomes] };
    writeFileSync(options.json, `${JSON.stringify(all, (_, value) => plain(value), 2)}\n`);
  }
  // A proxy that is here and could not do it is a failure of the run; one that is not installed is not.
  if ([...outcomes, ...idleOutcomes].some((outcome) => outcome.failed.length > 0)) process.exitCode = 1;
}

async function main() {
  let options;
  try {
    options = readOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    process.exitCode = 2;
    return;
  }
  if (options.help) {
    process.stdout.write(`${USAGE}\nscenarios: ${SCENARIOS.map((s) => s.id).join(', ')}\n`);
    process.stdout.write(
      `proxies: ${allProxies(options.also)
        .map((p) => p.id)
        .join(', ')}\n`,
    );
    return;
  }
  const folder = mkdtempSync(path.join(os.tmpdir(), 'sluice-bench-'));
  process.on('exit', () => {
    killAllNow();
    rmSync(folder, { recursive: true, force: true });
  });
  for (const [signal, code] of /** @type {const} */ ([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ])) {
    process.once(signal, () => {
      say(`${signal}: ending what was started\n`);
      void stopAll().finally(() => process.exit(code));
    });
  }
  try {
    await bench(options, folder);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  } finally {
    await stopAll();
  }
}

await main();
