import { pino } from 'pino';
import type { Log } from '../api/index.ts';

/** What the process and its plugins say about themselves: JSON lines on stderr, written at once so that none is lost. */
export function processLog(): Log {
  return pino({ name: 'sluice', base: { pid: process.pid } }, pino.destination({ fd: 2, sync: true }));
}

/** The same log with the plugin's name on each line. */
export function pluginLog(log: Log, plugin: string): Log {
  const tagged =
    (level: keyof Log) =>
    (fields: object, message?: string): void =>
      log[level]({ plugin, ...fields }, message);
  return { debug: tagged('debug'), info: tagged('info'), warn: tagged('warn'), error: tagged('error') };
}
