import type { OperationalState, LogLevel } from '../api/index.ts';
import type { CheckState } from './check-record.ts';
import type { UpstreamServer } from './server.ts';

/** `Server be/s1`, or `Backup Server be/s1`. */
export function serverTitle({ backup, backend, name }: UpstreamServer): string {
  return `${backup ? 'Backup ' : ''}Server ${backend.name}/${name}`;
}

/** `be/s1`. */
export function serverPath({ backend, name }: UpstreamServer): string {
  return `${backend.name}/${name}`;
}

/** How many servers are left, and what happens to the sessions: the end of every message about a change (measured). */
export function aftermath(server: UpstreamServer, moved: number): string {
  const { backend, state } = server;
  const { activeServers: active, backupServers: backup } = backend;
  const down = state.operational === 'stopped';
  const stand = active === 0 && backup > 0 ? ' Running on backup.' : '';
  const sessions = down
    ? `${server.active} sessions active, ${moved} requeued, ${server.queued} remaining in queue.`
    : `${moved} sessions requeued, ${backend.queued} total in queue.`;
  return ` ${active} active and ${backup} backup servers ${down ? 'left' : 'online'}.${stand} ${sessions}`;
}

/** `is DOWN`, `is stopping`, `is UP`. */
export function changeWords(state: OperationalState): string {
  return state === 'stopped' ? 'is DOWN' : state === 'stopping' ? 'is stopping' : 'is UP';
}

/** Tells the backend's loggers, and stderr, where everything about servers is a warning. */
export function tell(server: UpstreamServer, level: LogLevel, text: string): void {
  server.backend.log(level, text, 'warning');
}

const OUTCOMES = { passed: 'succeeded', conditional: 'conditionally succeeded', failed: 'failed' } as const;

/** What `option log-health-checks` logs when the result or the count changes. */
export function healthMessage(server: UpstreamServer, check: CheckState): string {
  const outcome = OUTCOMES[check.outcome as keyof typeof OUTCOMES];
  const kind = check.kind === 'health' ? 'Health' : 'Agent';
  const title = `${kind} check for ${server.backup ? 'backup ' : ''}server ${serverPath(server)}`;
  return `${title} ${outcome}, ${check.reason}, status: ${check.progress(server.effectiveWeight)}.`;
}
