import net from 'node:net';
import type { BindConfig, Endpoint, GlobalSettings } from '../api/index.ts';
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
  /** As written. */
  readonly configured: string;
  /** What clients are told that they reached, where it is not what they did: the configuration's own address. */
  readonly stands?: Endpoint | undefined;
  /** Nobody listens there: connections come from within the process. */
  readonly unbound?: boolean;
}

/** The listeners of a `bind` line: one per address and port. Throws LineError. */
export async function listenSpecs(
  bind: BindConfig,
  settings: GlobalSettings,
  move: (written: string) => string | false | undefined = () => undefined,
): Promise<ListenSpec[]> {
  const specs: ListenSpec[] = [];
  for (const written of bind.addresses) {
    const address = parse(written, bind, settings);
    if (address.unsupported !== undefined) throw new LineError(bind, `'bind ${written}' : ${address.unsupported}.`);
    const moved = move(written);
    if (moved === undefined) {
      for (const spec of await expand(address, bind, written)) specs.push({ ...spec, configured: written });
      continue;
    }
    const elsewhere = moved === false ? [] : await expand(parse(moved, bind, settings), bind, moved);
    for (const [i, stands] of endpointsOf(address).entries()) {
      const place = elsewhere[i] ?? elsewhere[0];
      if (place === undefined)
        specs.push({ target: NOWHERE, text: written, configured: written, stands, unbound: true });
      else specs.push({ target: plainly(place.target), text: place.text, configured: written, stands });
    }
  }
  return specs;
}

const NOWHERE: ListenTarget = { kind: 'inet', host: '127.0.0.1', port: 0 };

/** The network interface of a `bind` line is not that of another address. */
function plainly(target: ListenTarget): ListenTarget {
  return target.kind === 'inet' ? { ...target, device: undefined, transparent: undefined } : target;
}

/** What clients would have reached: one for each port, undefined for what has no address. */
function endpointsOf(address: Address): (Endpoint | undefined)[] {
  if (address.kind !== 'inet') return [undefined];
  const { host, ports } = address;
  const [low, high] =
    ports.kind === 'port' ? [ports.port, ports.port] : ports.kind === 'range' ? [ports.low, ports.high] : [0, 0];
  const numeric = net.isIP(host) !== 0 && host !== '0.0.0.0' && host !== '::' ? host : '127.0.0.1';
  return Array.from({ length: high - low + 1 }, (_, i) =>
    low + i === 0 ? undefined : { family: numeric.includes(':') ? 6 : 4, address: numeric, port: low + i },
  );
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

async function expand(address: Address, bind: BindConfig, written: string): Promise<Omit<ListenSpec, 'configured'>[]> {
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
