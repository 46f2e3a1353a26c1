import { abstractName, AddressError, nativePath, parseSocketAddress, type SocketAddress } from 'sluice/plugin';
import type { StreamTarget } from './stream-socket.ts';

/**
 * Where a script wants to go: an address as the configuration writes it (configuration.txt 11.1), with its port or, where it has none,
 * `port`. Names are not looked up, as HAProxy does not; neither are descriptors taken over. Undefined: it is no such address.
 */
export function readDestination(text: string, port?: number): StreamTarget | 'no port' | undefined {
  let address: SocketAddress;
  try {
    address = parseSocketAddress(text, { descriptor: false, portZero: true });
  } catch (error) {
    if (error instanceof AddressError) return undefined;
    throw error;
  }
  switch (address.kind) {
    case 'unix':
      return { path: nativePath(address.path) };
    case 'abns':
      return { path: abstractName(address.name, address.zeroTerminated) };
    case 'inet': {
      if (address.named || address.family === 0) return undefined;
      const written = address.ports.kind === 'port' ? address.ports.port : port;
      if (written === undefined) return 'no port';
      return { host: address.host, port: written & 0xffff, family: address.family };
    }
    default:
      return undefined;
  }
}
