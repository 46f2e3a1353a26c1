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

/**
 * Finds `count` TCP ports on 127.0.0.1 that nobody listens on. All are held open until the last is found, so they differ.
 * Someone else can take one before its user binds it; a starter that needs certainty tries again.
 */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(servers.map((server) => listenAnywhere(server)));
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** One port as {@link freePorts} finds them. */
export async function freePort(): Promise<number> {
  const [port] = await freePorts(1);
  return port!;
}
