import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { unlink } from 'node:fs/promises';

/** Where an agent listens: a TCP port, or the path of a UNIX socket; with `tls` behind TLS. */
export type ListenOptions =
  | {
      /** 0 lets the system choose. */
      readonly port: number;
      /** All addresses by default. */
      readonly host?: string | undefined;
      readonly path?: never;
      /** `key`, `cert`, and what else `tls.createServer` takes; `requestCert` and `ca` ask the proxy for its certificate. */
      readonly tls?: TlsOptions | undefined;
    }
  | { readonly path: string; readonly port?: never; readonly host?: never; readonly tls?: TlsOptions | undefined };

/** Where it listens in fact. */
export type ListenAddress = { readonly port: number; readonly host: string } | { readonly path: string };

/** @param accept gets a connection and who is at its other end. @throws the system's error. */
export async function listen(
  options: ListenOptions,
  accept: (socket: Socket, remote: string) => void,
): Promise<{ server: Server; address: ListenAddress }> {
  const take = (socket: Socket): void => {
    // A connection may be gone before it is looked at.
    const { remoteAddress, remotePort } = socket;
    accept(socket, remoteAddress === undefined ? (options.path ?? '') : `${remoteAddress}:${remotePort}`);
  };
  const server = options.tls ? createTlsServer(options.tls, take) : createServer(take);
  // A failed handshake is the other side's; without a listener it would be thrown.
  server.on('tlsClientError', () => {});
  try {
    await bound(server, options);
  } catch (error) {
    if (options.path === undefined || !(await abandoned(options.path, error))) throw error;
    await unlink(options.path);
    await bound(server, options);
  }
  const address = server.address();
  return { server, address: typeof address === 'string' ? { path: address } : inet(address!) };
}

function inet({ port, address }: AddressInfo): ListenAddress {
  return { port, host: address };
}

function bound(server: Server, options: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    const { port, host, path } = options;
    server.listen(path === undefined ? { port, host } : { path }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** Whether a UNIX socket was left behind by an agent that is gone. */
function abandoned(path: string, error: unknown): Promise<boolean> {
  if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') return Promise.resolve(false);
  return new Promise((resolve) => {
    const probe = connect({ path });
    probe.once('connect', () => {
      probe.destroy();
      resolve(false);
    });
    probe.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code === 'ECONNREFUSED'));
  });
}
