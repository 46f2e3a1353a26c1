import type { Frontend, Listener } from 'sluice/plugin';
import { classKey, type ClassKey } from '../class-key.ts';
import { listenerStatistics } from '../statistics.ts';
import type { World } from '../world.ts';
import { pushStatistics } from './proxy.ts';
import { self } from './self.ts';

interface LuaListener {
  readonly listener: Listener;
  readonly frontend: Frontend;
}

export const LISTENER: ClassKey<LuaListener> = classKey('Listener');

/** What stands in a proxy's `listeners`; lua-api.rst, "Listener class". */
export function listeners(world: World): void {
  const type = world.define(LISTENER, {
    methods: {
      get_stats(call) {
        const { listener, frontend } = self(call, type);
        pushStatistics(call, listenerStatistics(listener, frontend));
        return 1;
      },
    },
  });
}
