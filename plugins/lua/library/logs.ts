import type { LogLevel } from 'sluice/plugin';
import type { HostFunction, LuaCall } from '../engine/engine.ts';
import { LEVELS } from '../messages.ts';
import { taskOf } from '../task.ts';
import type { World } from '../world.ts';

/** `core.log` and its kin, and the names of the levels. */
export function logs(world: World): void {
  const { messages } = world.host;
  const say = (call: LuaCall, level: LogLevel, text: string): number => {
    messages.log(level, text, taskOf(call)?.transaction);
    return 0;
  };
  const at = (name: string, level: LogLevel): HostFunction => {
    return (call) => {
      if (call.count !== 1) call.fail(`'${name}' needs 1 arguments`);
      return say(call, level, call.string(1));
    };
  };
  world.functions('core', {
    log(call) {
      if (call.count !== 2) call.fail("'log' needs 2 arguments");
      const level = LEVELS[call.int(1)];
      return level === undefined ? call.failArgument(1, 'Invalid loglevel.') : say(call, level, call.string(2));
    },
    Debug: at('debug', 'debug'),
    Info: at('info', 'info'),
    Warning: at('warning', 'warning'),
    Alert: at('alert', 'alert'),
  });
  world.field('core', 'silent', (call) => call.pushInteger(-1));
  for (const [number, name] of LEVELS.entries()) world.field('core', name, (call) => call.pushInteger(number));
}
