import type { BindConfig, GlobalSettings } from '../api/index.ts';
import { type Address, AddressError, formatAddress, parseAddress } from '../net/address.ts';
import type { ListenTarget } from '../net/listen-target.ts';
import { resolveHost } from '../upstream/resolve.ts';

/** What is wrong with one line of the configuration, found when it is put to use. */
export class LineError extends Error {
  readonly file: string;
  readonly line: number;
  /** Of a line that was good and could not be bound: whose it is. */
  readonly proxy: string | undefined;

  constructor(at: { readonly file: string; readonly line: number }, message: string, proxy?: string) {
    super(message);
    this.proxy = proxy;
    this.file = at.file;
    this.line = at.line;
  }
}

/** One listener of a `bind` line. */
export interface ListenSpec {
  readonly target: ListenTarget;
  /** As HAProxy prints it. */
  readonly text: string;
}

/** The listeners of a `bind` line: one per address and port. Throws LineError. */
export async function listenSpecs(bind: BindConfig, settings: GlobalSettings): Promise<ListenSpec[]> {
  const specs: ListenSpec[] = [];
  for (const written of bind.addresses) {
    const address = parse(written, bind, settings);
    if (address.unsupported !== undefined) throw new LineError(bind, `'bind ${written}' : ${address.unsupported}.`);
    specs.push(...(await expand(address, bind, written)));
  }
  return specs;
}

function parse(written: string, bind: BindConfig, settings: GlobalSettings): Address {
  try {
    return parseAddress(written, {
      transport: 'stream',
      port: 'required',
      portRange: true,
      portZero: true,
      descriptor: true,
      unixPrefix: settings.unixBind.prefix,
      environment: process.env,
    });
  } catch (error) {
    if (error instanceof AddressError) throw new LineError(bind, `'bind' : ${error.message}`);
    throw error;
  }
}

async function expand(address: Address, bind: BindConfig, written: string): Promise<ListenSpec[]> {
  switch (address.kind) {
    case 'unix': {
      const { mode, uid, gid } = bind;
      return [{ target: { kind: 'unix', path: address.path, mode, uid, gid }, text: address.path }];
    }
    case 'abns':
      return [
        {
          target: { kind: 'abns', name: address.name, zeroTerminated: address.zeroTerminated },
          text: formatAddress(address),
        },
      ];
    case 'fd':
    case 'sockpair':
      return [{ target: { kind: 'fd', fd: address.fd }, text: `fd@${address.fd}` }];
    default: {
      const host = address.named ? await resolveHost(address.host, address.family) : address.host;
      if (host === undefined) throw new LineError(bind, `'bind' : could not resolve address '${address.host}'.`);
      const { ports } = address;
      const [low, high] =
        ports.kind === 'port' ? [ports.port, ports.port] : ports.kind === 'range' ? [ports.low, ports.high] : [0, -1];
      if (high < low) throw new LineError(bind, `'bind' : missing port number in '${written}'.`);
      return Array.from({ length: high - low + 1 }, (_, i) => ({
        target: {
          kind: 'inet',
          host,
          port: low + i,
          v6only: host === '::' ? (bind.v6only ?? true) : bind.v6only,
          device: bind.interface,
          transparent: bind.transparent,
        },
        text: `${host.includes(':') ? `[${host}]` : host}:${low + i}`,
      }));
    }
  }
}
