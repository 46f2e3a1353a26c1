import { classKey, type ClassKey } from '../class-key.ts';
import type { HostFunction } from '../engine/engine.ts';
import type { World } from '../world.ts';

export const STICK_TABLE: ClassKey<object> = classKey('StickTable');

/** lua-api.rst, "StickTable class". There are no stick tables yet, and so no proxy has one: the methods say so. */
export function stickTables(world: World): void {
  const missing = (name: string): HostFunction => {
    return (call) => call.fail(`StickTable.${name}: there are no stick tables in this program yet`);
  };
  world.define(STICK_TABLE, {
    methods: { info: missing('info'), lookup: missing('lookup'), dump: missing('dump') },
  });
}
