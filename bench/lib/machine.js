// What this machine has: programs, cores, ports, limits.
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';

/**
 * Runs `program args` and returns what it printed, or null when there is no such program.
 *
 * @param {string} program
 * @param {string[]} args
 */
export function ask(program, args) {
  const result = spawnSync(program, args, { encoding: 'latin1' });
  return result.error === undefined ? result.stdout + result.stderr : null;
}

/**
 * One core for the proxy, the others for everybody else. This process moves to the others, and what it starts
 * inherits them. Null when there is only one core or no taskset; then the kernel places everything.
 *
 * @returns {{ proxy: string, others: string } | null}
 */
export function divideCores() {
  const allowed = /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1] ?? '';
  const cores = allowed.split(',').flatMap((part) => {
    const [first = NaN, last = first] = part.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
  // The last, because core 0 tends to serve the interrupts.
  const proxy = cores.pop();
  if (proxy === undefined || cores.length === 0) return null;
  const others = cores.join(',');
  try {
    execFileSync('taskset', ['-acp', others, String(process.pid)], { stdio: 'ignore' });
  } catch {
    return null;
  }
  return { proxy: String(proxy), others };
}

/**
 * A port nobody listens on, below the range the kernel gives to outgoing connections: with tens of thousands of
 * those, a port from their range may be taken between asking for it and listening on it.
 *
 * @returns {Promise<number>}
 */
export async function freePort() {
  const low = Number(/^\d+/.exec(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'latin1'))?.[0]);
  const from = Math.min(10_000, low - 2000);
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = from + Math.floor(Math.random() * (low - from));
    if (await free(port)) return port;
  }
  throw new Error('no free port found');
}

/** @param {number} port @returns {Promise<boolean>} */
function free(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/** @returns {number} the most files a process here may have open without more rights */
export function openFileLimit() {
  const match = /^Max open files\s+\d+\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'));
  return match?.[1] === undefined ? Infinity : Number(match[1]);
}

export function describeMachine() {
  const cpus = os.cpus();
  return `${cpus.length} × ${cpus[0]?.model.trim() ?? 'unknown CPU'}, Linux ${os.release()}, Node ${process.version}`;
}
