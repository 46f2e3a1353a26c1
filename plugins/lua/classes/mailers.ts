import type { ProxyConfig } from 'sluice/plugin';
import type { LuaCall } from '../engine/engine.ts';
import type { World } from '../world.ts';

/**
 * What `mailers` and `email-alert` lines would say; lua-api.rst, "ProxyMailers class". Those words are not built yet, so that no proxy has
 * any: nil, as for any proxy without mailers.
 */
export function pushMailers(call: LuaCall, _world: World, _config: ProxyConfig): number {
  call.pushNil();
  return 1;
}

/** `core.use_native_mailers_config`: there is nothing to be told. */
export function mailers(world: World): void {
  const accept = (call: LuaCall): number => {
    if (world.host.phase === 'running') call.fail('not available outside of body or init context');
    return 0;
  };
  world.functions('core', { use_native_mailers_config: accept, disable_legacy_mailers: accept });
}
