import { lookup } from 'node:dns';
import { hostname } from 'node:os';
import { resolveHostSync } from 'sluice/plugin';
import type { HostFunction, LuaCall } from '../engine/engine.ts';
import { suspend, taskOf } from '../task.ts';
import { module } from './library.ts';

function pushAddresses(call: LuaCall, addresses: readonly string[]): number {
  if (addresses.length === 0) {
    call.pushNil();
    call.pushString('host or service not provided, or not known');
    return 2;
  }
  call.newTable();
  addresses.forEach((address, index) => {
    call.pushString(address);
    call.setIndex(-2, index + 1);
  });
  return 1;
}

/** The addresses of a name, as the system finds them; in the body of a script everything waits for it. */
const resolve: HostFunction = (call) => {
  const name = call.string(1);
  const task = taskOf(call);
  if (task === undefined) {
    const found = resolveHostSync(name);
    return pushAddresses(call, found === undefined ? [] : [found.text]);
  }
  let addresses: readonly string[] | undefined;
  const { life } = task;
  lookup(name, { all: true }, (error, found) => {
    addresses = error === null ? found.map(({ address }) => address) : [];
    if (task.life === life) task.wake();
  });
  const finish: HostFunction = (at) => (addresses === undefined ? suspend(at, finish) : pushAddresses(at, addresses));
  return suspend(call, finish);
};

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
  resolve,
});
