import type { HostFunction } from '../engine/engine.ts';
import type { World } from '../world.ts';

/** Names that belong to features which are not built yet: they are there, and say so. */
export function notBuilt(world: World): void {
  const refuse =
    (what: string): HostFunction =>
    (call) =>
      call.fail(`${what} is not built yet`);
  world.functions('CertCache', { set: refuse('the update of certificates (CertCache.set)') });
  world.functions('ACME', { challenge_ready: refuse('ACME (ACME.challenge_ready)') });
}
