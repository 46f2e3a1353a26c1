// Starting processes so that every one of them ends with the run, whatever way the run ends.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

const KEPT_OUTPUT = 4000;
const TERM_PATIENCE_MS = 2000;

/**
 * @typedef {object} Running
 * @property {string} name
 * @property {import('node:child_process').ChildProcessWithoutNullStreams} child
 * @property {number} pid
 * @property {() => string | null} ended why it has ended, or null while it runs
 * @property {() => string} output the last it wrote to stdout and stderr
 * @property {Promise<void>} closed settles when it has ended and its output is complete
 */

/** @type {Set<Running>} */
const running = new Set();

/** Set when everything is being ended, so that nothing new is started behind its back. */
let ending = false;

/**
 * Starts a program in a process group of its own, so that its children can be ended with it.
 *
 * @param {string} name for messages
 * @param {readonly string[]} command program and arguments
 * @param {{ env?: Record<string, string> }} [options] additions to the environment
 * @returns {Promise<Running>}
 * @throws {Error} when the program cannot be executed
 */
export async function start(name, command, options = {}) {
  const [program = '', ...args] = command;
  if (ending) throw new Error(`${name} is not started: the run is ending`);
  const child = spawn(program, args, { detached: true, stdio: 'pipe', env: { ...process.env, ...options.env } });
  let output = '';
  let ended = /** @type {string | null} */ (null);
  const keep = (/** @type {Buffer} */ data) => {
    output = (output + data.toString('latin1')).slice(-KEPT_OUTPUT);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  // A program that ends before reading what we send is reported by its end, not by this.
  child.stdin.on('error', () => {});
  child.on('exit', (code, killer) => {
    ended = killer === null ? `ended with code ${code}` : `was ended by ${killer}`;
  });
  const closed = /** @type {Promise<void>} */ (new Promise((resolve) => child.on('close', () => resolve())));
  const { pid } = child;
  if (pid === undefined) {
    const [error] = await once(child, 'error');
    throw new Error(`cannot execute ${program}: ${error.message}`);
  }
  const started = { name, child, pid, ended: () => ended, output: () => output.trim(), closed };
  running.add(started);
  return started;
}

/**
 * Ends a process and its group: politely, then not.
 *
 * @param {Running} target
 */
export async function stop(target) {
  if (target.ended() === null) {
    target.child.stdin.end();
    signal(target, 'SIGTERM');
    await Promise.race([target.closed, sleep(TERM_PATIENCE_MS, undefined, { ref: false })]);
  }
  killNow(target);
}

export async function stopAll() {
  ending = true;
  await Promise.all([...running].map(stop));
}

/** For the last moment of the process, when nothing can be waited for. */
export function killAllNow() {
  for (const target of running) killNow(target);
}

/** @param {Running} target */
function killNow(target) {
  signal(target, 'SIGKILL');
  running.delete(target);
}

/**
 * To the whole group: it outlives its leader while a child is left.
 *
 * @param {Running} target
 * @param {NodeJS.Signals} name
 */
function signal(target, name) {
  try {
    process.kill(-target.pid, name);
  } catch {
    // Nobody of the group is left.
  }
}
