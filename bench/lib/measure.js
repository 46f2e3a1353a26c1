// What the kernel says about a process and its descendants.
import { readdirSync, readFileSync } from 'node:fs';

/** USER_HZ, which Linux fixes at 100 for /proc whatever the kernel's own tick. */
const NS_PER_TICK = 1e7;

/**
 * CPU time, user and system, of a process and all its descendants.
 * schedstat counts nanoseconds, per thread; where the kernel has none, stat counts hundredths of a second.
 *
 * @param {number} root pid
 * @returns {number} nanoseconds
 */
export function cpuTime(root) {
  let total = 0;
  for (const pid of family(root)) total += schedstat(pid) ?? ticks(pid);
  return total;
}

/**
 * Resident memory of a process and all its descendants; pages they share count once for each.
 *
 * @param {number} root pid
 * @returns {number} bytes
 */
export function residentMemory(root) {
  let total = 0;
  for (const pid of family(root)) {
    const match = /^VmRSS:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`) ?? '');
    if (match?.[1] !== undefined) total += Number(match[1]) * 1024;
  }
  return total;
}

/**
 * @param {number} root
 * @returns {number[]} root and its descendants
 */
function family(root) {
  /** @type {Map<number, number[]>} */
  const children = new Map();
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const parent = Number(statFields(Number(entry))?.[1]);
    const siblings = children.get(parent);
    if (siblings === undefined) children.set(parent, [Number(entry)]);
    else siblings.push(Number(entry));
  }
  const found = [root];
  for (const pid of found) found.push(...(children.get(pid) ?? []));
  return found;
}

/** @param {number} pid */
function schedstat(pid) {
  try {
    let total = 0;
    for (const task of readdirSync(`/proc/${pid}/task`)) {
      total += Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'latin1').split(' ')[0]);
    }
    return total === 0 ? null : total;
  } catch {
    return null;
  }
}

/** @param {number} pid */
function ticks(pid) {
  const fields = statFields(pid);
  return fields === null ? 0 : (Number(fields[11]) + Number(fields[12])) * NS_PER_TICK;
}

/**
 * The fields of /proc/PID/stat after the name, which may itself hold spaces and parentheses: state, ppid, ...
 *
 * @param {number} pid
 */
function statFields(pid) {
  const text = read(`/proc/${pid}/stat`);
  return text === null ? null : text.slice(text.lastIndexOf(')') + 2).split(' ');
}

/** @param {string} path */
function read(path) {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return null;
  }
}
