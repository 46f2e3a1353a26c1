import { createServer, type AddressInfo, type Server } from 'node:net';

/** Listens on a port the system chose and answers that number; rejects with the system's error. */
export function listenAnywhere(server: Server, host = '127.0.0.1'): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port: 0, host }, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/** Below what the system gives out for port 0, so that nobody gets a found port by chance; each worker has a part of its own. */
const FIRST = 12_000;
const PART = 4_000;
const part = FIRST + (Number(process.env['VITEST_POOL_ID'] ?? 0) % 5) * PART;
let next = Math.floor(Math.random() * PART);

/** A port of this worker's part, held open by the server; what is taken already is passed over. */
async function hold(server: Server): Promise<number> {
  for (;;) {
    const port = part + (next++ % PART);
    const held = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen({ port, host: '127.0.0.1' }, () => resolve(true));
    });
    if (held) return port;
  }
}

/**
 * Finds `count` TCP ports on 127.0.0.1 that nobody listens on. All are held open until the last is found, so they differ.
 * A starter that needs certainty tries again all the same.
 */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports: number[] = [];
  for (const server of servers) ports.push(await hold(server));
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** One port as {@link freePorts} finds them. */
export async function freePort(): Promise<number> {
  const [port] = await freePorts(1);
  return port!;
}
