import { PATTERNS, type PatternReference } from 'sluice/plugin';
import type { HostFunction, LuaCall } from '../engine/engine.ts';
import type { World } from '../world.ts';

/** `core.add_acl`, `del_acl`, `set_map`, `del_map`: pattern lists by the name that the configuration has for them. */
export function lists(world: World): void {
  const { host } = world;
  const find = (call: LuaCall, name: string, isMap: boolean): PatternReference => {
    const list = host.global.findExtension(PATTERNS)?.all.get(call.string(1));
    if (list !== undefined && list.isMap === isMap) return list;
    return call.fail(`'${name}': unknown ${isMap ? 'map' : 'acl'} file '${call.string(1)}'`);
  };
  const change = (
    name: string,
    count: number,
    isMap: boolean,
    run: (list: PatternReference, key: string, value: string) => void,
  ): HostFunction => {
    return (call) => {
      if (call.count !== count) call.fail(`'${name}' needs ${count} arguments`);
      run(find(call, name, isMap), call.string(2), count > 2 ? call.string(3) : '');
      return 0;
    };
  };
  world.functions('core', {
    add_acl: change('add_acl', 2, false, (list, key) => {
      if (!list.has(key)) list.add(key);
    }),
    del_acl: change('del_acl', 2, false, (list, key) => void list.delete(key)),
    set_map: change('set_map', 3, true, (list, key, value) => {
      if (!list.set(key, value)) list.add(key, value);
    }),
    del_map: change('del_map', 2, true, (list, key) => void list.delete(key)),
  });
}
