import type { Server } from 'sluice/plugin';

/** Finds servers by hashes, and in turn for those that have none. */
export interface Finder {
  /** Whose the hash is, though it may be full; `avoid` only if it has to be. */
  find(hash: number, avoid: Server | undefined): Server | undefined;
  /** The next one with room. */
  turn(avoid: Server | undefined): Server | undefined;
  /** The only one there is; nobody has to be found then, and no turn passes. */
  readonly only: Server | undefined;
  /** It knows those it began with. */
  readonly fixed?: boolean;
  changed(server: Server): void;
  removed(server: Server): void;
  took?(server: Server): void;
  dropped?(server: Server): void;
}
