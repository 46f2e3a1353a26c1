import { spawnSync } from 'node:child_process';
import { parseIpv4, parseIpv6 } from '../expression/addresses.ts';
import type { IpAddress } from '../api/index.ts';

const PROGRAM = `require('node:dns').lookup(process.argv[1], { all: true }, (error, found) => {
  if (!error) process.stdout.write((found.find((one) => one.family === 4) ?? found[0]).address);
})`;
/** Milliseconds that a resolver may take. */
const PATIENCE = 10_000;

const known = new Map<string, IpAddress | undefined>();

/**
 * The address of a host's name, its first IPv4 one if it has any, as the system resolves it. It waits, in a process of its own as
 * Node cannot: for the loading of configurations only. What was found is kept for as long as this process lives.
 */
export function resolveHostSync(name: string): IpAddress | undefined {
  if (!/^[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,253})$/.test(name)) return undefined;
  if (known.has(name)) return known.get(name);
  const { stdout } = spawnSync(process.execPath, ['-e', PROGRAM, name], { encoding: 'utf8', timeout: PATIENCE });
  const text = (stdout ?? '').trim();
  const found = text === '' ? undefined : (parseIpv4(text) ?? parseIpv6(text));
  known.set(name, found);
  return found;
}
