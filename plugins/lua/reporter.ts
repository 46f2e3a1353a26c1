import type { LuaError } from './engine/engine.ts';
import type { LuaHost } from './host.ts';
import type { Task } from './task.ts';

/** Says what became of code that failed: on stderr, and to the loggers of the proxy it worked for. */
export class Reporter {
  readonly #host: LuaHost;

  constructor(host: LuaHost) {
    this.#host = host;
  }

  failed(task: Task, error: LuaError): void {
    this.say(task, `${task.role.title}: ${describe(error, task.world.id)}`);
  }

  /** `text` is a whole message. */
  say(task: Task, text: string): void {
    const { transaction } = task;
    const proxy = transaction?.backend ?? transaction?.frontend;
    if (proxy !== undefined) proxy.log('err', text, 'alert');
    else this.#host.context?.say('alert', text);
  }
}

/** As HAProxy words it, with the frames of Lua behind it. */
export function describe(error: LuaError, state: number): string {
  switch (error.fault) {
    case 'memory':
      return 'out of memory error.';
    case 'execution timeout':
    case 'burst timeout':
      return `${error.fault}.`;
    default: {
      // HAProxy's own words for a function without a name.
      const frames = error.traceback
        .map((frame) => frame.replace(/in function <.*:(\d+)>$/, 'in function line $1'))
        .join(', ');
      const text = error.value === undefined ? `runtime error: ${error.text}` : 'unknown runtime error';
      return `[state-id ${state}] ${text}${frames === '' ? '' : ` from ${frames}`}.`;
    }
  }
}
