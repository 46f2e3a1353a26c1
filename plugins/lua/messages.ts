import type { LogLevel, Transaction } from 'sluice/plugin';
import { GLOBAL_LOGGING, PROXY_LOGGING } from '../logging/settings.ts';
import type { LuaHost } from './host.ts';

/** By number, as `core.emerg` to `core.debug` are. */
export const LEVELS: readonly LogLevel[] = ['emerg', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug'];

/** What scripts say: to the loggers of the proxy they work for, or those of the process, and on stderr as `tune.lua.log.*` has it. */
export class Messages {
  readonly #host: LuaHost;

  constructor(host: LuaHost) {
    this.#host = host;
  }

  log(level: LogLevel | string, text: string, transaction?: Transaction): void {
    const { settings, context } = this.#host;
    const name = LEVELS.find((known) => known === level);
    if (name === undefined) return;
    // One line each, and nothing that a terminal would obey.
    const line = text.replaceAll(/[^ -~]/g, '.');
    let logged = false;
    if (settings.logToLoggers) {
      const proxy = transaction?.backend ?? transaction?.frontend;
      if (proxy !== undefined) {
        proxy.log(name, line);
        logged = proxy.extension(PROXY_LOGGING)?.traffic !== undefined;
      } else {
        const emitter = context?.global.findExtension(GLOBAL_LOGGING)?.emitter;
        emitter?.send(LEVELS.indexOf(name), line);
        logged = emitter !== undefined;
      }
    }
    const { logToStderr } = settings;
    if (logToStderr === 'on' || (logToStderr === 'auto' && !logged)) this.#print(name, line);
  }

  #print(level: LogLevel, line: string): void {
    // As HAProxy: debugging is for who asked for it, in the foreground.
    if (level === 'debug') return;
    const now = new Date();
    const start = new Date(now.getFullYear(), 0, 1);
    const day = Math.floor((now.getTime() - start.getTime()) / 86_400_000);
    const two = (value: number): string => String(value).padStart(2, '0');
    const time = `${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`;
    process.stderr.write(`[${level}] ${String(day).padStart(3, '0')}/${time} (${process.pid}) : ${line}\n`, 'latin1');
  }
}
