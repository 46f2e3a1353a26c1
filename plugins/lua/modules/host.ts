import { hostname } from 'node:os';
import type { HostFunction } from '../engine/engine.ts';
import { module } from './library.ts';

/** What the modules written in Lua need beside the proxy's own classes. */
export const host: HostFunction = module({
  /** Seconds since 1970, to the microsecond. */
  time: (call) => {
    call.pushFloat((performance.timeOrigin + performance.now()) / 1000);
    return 1;
  },
  name: (call) => {
    call.pushString(hostname());
    return 1;
  },
});
