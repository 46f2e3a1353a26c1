import type { Backend, Extension, Server } from 'sluice/plugin';
import { avalanche } from '../fetches/sdbm.ts';
import { crc32, type HashFunction, none, sdbm, spread } from './hash-functions.ts';

/** What a backend's lines say about hashes. */
export interface HashSettings {
  consistent: boolean;
  hash: HashFunction;
  avalanche: boolean;
  /** `hash-balance-factor`: percent of the mean load that a server may have; 0: any. */
  factor: number;
  /** `hash-preserve-affinity`: which servers are passed by. */
  affinity: 'always' | 'maxconn' | 'maxqueue';
}

export const HASHING: Extension<HashSettings> = {
  name: 'balance: hashing',
  create: () => ({ consistent: false, hash: sdbm, avalanche: false, factor: 0, affinity: 'always' }),
  inherit: (from) => ({ ...from }),
};

export function hashingOf(backend: Backend): Readonly<HashSettings> {
  return backend.extension(HASHING) ?? HASHING.create();
}

/** Hashes a key that is a byte string, as the backend's `hash-type` says. */
export function hasherOf({ hash, avalanche: full }: HashSettings): HashFunction {
  return full ? spread(hash) : hash;
}

/** Finishes a key that is a number already. */
export function finisherOf(settings: HashSettings): (number: number) => number {
  return settings.avalanche ? avalanche : (number) => number;
}

/** The function takes what it is given in decimal, not in the bytes of its type. */
export const takesText = (settings: HashSettings): boolean => settings.hash === none;

/** The `hash-key` of a server: what its points on the ring are made of. */
export interface ServerKey {
  kind: 'id' | 'id32' | 'addr' | 'addr-port';
}

export const SERVER_KEY: Extension<ServerKey> = {
  name: 'balance: hash-key',
  create: () => ({ kind: 'id' }),
  inherit: (from) => ({ ...from }),
};

/** The points of the greatest weight, 256: servers with neighbouring ids do not share any. */
const SPAN = 4096;

/** The number from which the points of a server count up; configuration.txt 5.2, `hash-key`. */
export function baseOf(server: Server): number {
  const { address, port, family } = server.address;
  switch (server.extension(SERVER_KEY)?.kind) {
    case 'id32':
      return server.id | 0;
    case 'addr':
      return family === 'unix' ? Math.imul(server.id, SPAN) : crc32(address) | 0;
    case 'addr-port':
      return family === 'unix' ? Math.imul(server.id, SPAN) : crc32(`${address}:${port}`) | 0;
    default:
      return Math.imul(server.id, SPAN);
  }
}
