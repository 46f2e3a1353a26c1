import { classKey, type ClassKey } from '../class-key.ts';
import type { HostFunction, LuaCall, LuaClass } from '../engine/engine.ts';
import type { World } from '../world.ts';
import type { PayloadWindow } from './payload-window.ts';
import { self } from './self.ts';

/** One direction of a stream, as code sees it at one place: in a filter, an action, a fetch. */
export interface LuaChannel {
  readonly response: boolean;
  /** The bytes; in HTTP mode they are not to be touched here. */
  readonly http: boolean;
  /** As it is now; raises an error when the place is left. */
  window(call: LuaCall): PayloadWindow;
  /** Waits for more input, where code may wait: then `finish` is called again. Undefined: there is nothing to wait for. */
  more?(call: LuaCall, finish: HostFunction): number | undefined;
  /** Does what has been done to the window. */
  settle?(window: PayloadWindow, call: LuaCall): void;
  /** Bytes that a buffer holds. */
  readonly capacity: number;
}

export const CHANNEL: ClassKey<LuaChannel> = classKey('Channel');

/** The class of `txn.req`, `txn.res` and of what filters are given; lua-api.rst, "Channel class". */
export function channels(world: World): void {
  const look = (run: (call: LuaCall, window: PayloadWindow, channel: LuaChannel) => void): HostFunction => {
    return (call) => {
      const channel = self(call, type);
      run(call, channel.window(call), channel);
      return 1;
    };
  };
  const inTcp = (call: LuaCall): LuaChannel => {
    const channel = self(call, type);
    if (channel.http) call.fail('Cannot manipulate HAProxy channels in HTTP mode.');
    return channel;
  };
  const edit = (run: (call: LuaCall, window: PayloadWindow) => number): HostFunction => {
    return (call) => {
      const channel = inTcp(call);
      const window = channel.window(call);
      const results = run(call, window);
      channel.settle?.(window, call);
      return results;
    };
  };
  /** Gives what is there, once it is enough. */
  const read = (lineOnly: boolean): HostFunction => {
    const finish = (call: LuaCall): number => {
      const channel = inTcp(call);
      const window = channel.window(call);
      const [start, , complete] = window.slice(call, 2);
      const asked = call.count >= 3;
      const enough = complete || (lineOnly && asked && window.input.includes('\n', start));
      if (!enough || window.input === '') {
        const waited = window.open && (asked || window.input === '') ? channel.more?.(call, finish) : undefined;
        if (waited !== undefined) return waited;
      }
      return window.pushData(call, 2, lineOnly);
    };
    return finish;
  };
  const takeAll: HostFunction = (call) => {
    const channel = inTcp(call);
    const window = channel.window(call);
    if (window.input === '') {
      const waited = window.open ? channel.more?.(call, takeAll) : undefined;
      if (waited !== undefined) return waited;
    }
    if (window.input === '' && !window.open) call.pushNil();
    else call.pushString(window.input);
    window.input = '';
    channel.settle?.(window, call);
    return 1;
  };
  const copyAll: HostFunction = (call) => {
    const channel = inTcp(call);
    const window = channel.window(call);
    if (window.input === '') {
      const waited = window.open ? channel.more?.(call, copyAll) : undefined;
      if (waited !== undefined) return waited;
    }
    if (window.input === '' && !window.open) call.pushNil();
    else call.pushString(window.input);
    return 1;
  };
  const takeLine: HostFunction = (call) => {
    const channel = inTcp(call);
    const window = channel.window(call);
    const newline = window.input.indexOf('\n');
    if (newline < 0) {
      const waited = window.open ? channel.more?.(call, takeLine) : undefined;
      if (waited !== undefined) return waited;
    }
    const end = newline < 0 ? window.input.length : newline + 1;
    if (end === 0 && !window.open) call.pushNil();
    else call.pushString(window.input.slice(0, end));
    window.input = window.input.slice(end);
    channel.settle?.(window, call);
    return 1;
  };
  const input = look((call, window) => call.pushInteger(window.input.length));
  const output = look((call, window) => call.pushInteger(window.outputSize));

  const type: LuaClass<LuaChannel> = world.define(CHANNEL, {
    methods: {
      input,
      output,
      get_in_len: input,
      get_out_len: output,
      is_full: look((call, window, { capacity }) =>
        call.pushBoolean(window.input.length + window.outputSize >= capacity),
      ),
      may_recv: look((call, window) => call.pushBoolean(window.open)),
      is_resp: look((call, _window, { response }) => call.pushBoolean(response)),
      data: read(false),
      line: read(true),
      dup: copyAll,
      get: takeAll,
      getline: takeLine,
      append: edit((call, window) => window.append(call)),
      prepend: edit((call, window) => window.prepend(call)),
      insert: edit((call, window) => window.insertAt(call)),
      remove: edit((call, window) => window.remove(call)),
      set: edit((call, window) => window.set(call)),
      send: edit((call, window) => window.send(call)),
      forward(call) {
        const wanted = call.int(2);
        let passed = 0;
        const finish = (late: LuaCall): number => {
          const channel = inTcp(late);
          const window = channel.window(late);
          passed += window.pass(wanted - passed);
          channel.settle?.(window, late);
          if (passed < wanted && window.open) {
            const waited = channel.more?.(late, finish);
            if (waited !== undefined) return waited;
          }
          late.pushInteger(passed);
          return 1;
        };
        return finish(call);
      },
    },
  });
}
