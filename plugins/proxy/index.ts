import { definePlugin, type Plugin } from 'sluice/plugin';
import { connections } from './connections.ts';
import { limits } from './limits.ts';
import { identity } from './mode.ts';
import { monitors } from './monitor.ts';
import { options } from './options.ts';
import { retrying } from './retries.ts';
import { routing } from './routing.ts';
import { inspection, timeouts } from './timeouts.ts';

const proxy: Plugin = definePlugin({
  name: 'proxy',
  api: 1,
  directives: {
    ...identity,
    ...timeouts,
    ...inspection,
    ...limits,
    ...retrying,
    ...routing,
    ...connections,
    ...options,
    ...monitors,
  },
});
export default proxy;
