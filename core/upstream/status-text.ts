import { ADMIN } from '../api/index.ts';
import type { UpstreamServer } from './server.ts';
import { serverPath } from './state-messages.ts';

/** The end of a chain of tracking servers: the one whose checks decide. */
export function checkedBy(server: UpstreamServer): UpstreamServer {
  let end = server;
  while (end.state.tracked !== undefined) end = end.state.tracked;
  return end;
}

/** The status column of the statistics (measured; management.txt 9.1, column 17). */
export function statusText(server: UpstreamServer): string {
  const { state } = server;
  const { admin, operational, tracked } = state;
  if ((admin & ADMIN.inheritedMaintenance) !== 0) return `MAINT (via ${serverPath(tracked!)})`;
  if ((admin & ADMIN.resolutionMaintenance) !== 0) return 'MAINT (resolution)';
  if (state.maintenance) return 'MAINT';
  const { health, agent } = checkedBy(server).state;
  if (operational === 'stopped') {
    if (agent.enabled && !agent.up) return 'DOWN (agent)';
    return health.health > 0 && health.health < health.rise ? `DOWN ${health.health}/${health.rise}` : 'DOWN';
  }
  if (state.draining && agent.enabled) return 'DRAIN (agent)';
  if (!state.draining && operational !== 'stopping' && !health.enabled && !agent.enabled) return 'no check';
  const word = state.draining ? 'DRAIN' : operational === 'stopping' ? 'NOLB' : 'UP';
  return health.health === health.best || !health.enabled
    ? word
    : `${word} ${health.health - health.rise + 1}/${health.fall}`;
}
