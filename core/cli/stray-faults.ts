import type { Log } from '../api/index.ts';
import { culpritOf } from '../plugin/origin.ts';

/**
 * Keeps the process at work whatever a plugin or a promise forgot: it serves others, too. What is thrown in a timer or an event, and what a
 * promise that nobody awaits rejects with, has no caller who could be asked whose it is; the files on its stack say it, where
 * they do ({@link culpritOf}).
 */
export function catchStrays(log: Log): void {
  process.on('unhandledRejection', (reason) => tell(log, 'an unhandled rejection', reason));
  process.on('uncaughtException', (error) => tell(log, 'an uncaught exception', error));
}

function tell(log: Log, what: string, reason: unknown): void {
  const plugin = culpritOf(reason);
  const why = reason instanceof Error ? reason.message : String(reason);
  if (plugin === undefined) log.error({ err: reason }, `${what}, of which no plugin is known: ${why}`);
  else log.error({ plugin, err: reason }, `plugin '${plugin}' left ${what}: ${why}`);
}
