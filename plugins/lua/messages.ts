import type { GlobalConfig, LogLevel, Transaction } from 'sluice/plugin';
import { GLOBAL_LINES, GLOBAL_LOGGING, type OwnLogging, PROXY_LOGGING } from '../logging/settings.ts';
import type { LuaHost } from './host.ts';

/** By number, as `core.emerg` to `core.debug` are. */
export const LEVELS: readonly LogLevel[] = ['emerg', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug'];

/** What scripts say: to the loggers of the proxy they work for, or those of the process, and on stderr as `tune.lua.log.*` has it. */
export class Messages {
  readonly #host: LuaHost;
  readonly #everywhere: OwnLogging = { targets: [GLOBAL_LINES], emitter: undefined };

  constructor(host: LuaHost) {
    this.#host = host;
  }

  /** What scripts say outside of any proxy goes to the lines of `global`. */
  useGlobal(global: GlobalConfig): void {
    const { others } = global.extension(GLOBAL_LOGGING);
    if (!others.includes(this.#everywhere)) others.push(this.#everywhere);
  }

  log(level: string, text: string, transaction?: Transaction): void {
    const { settings } = this.#host;
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
        const { emitter } = this.#everywhere;
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
