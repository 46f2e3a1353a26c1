import { hostname } from 'node:os';
import type { Scene } from './steps.ts';

const host = hostname();

/** What `http-check send-state` tells the server of itself. */
export function stateHeader({ server, attempt, node }: Scene): string {
  const { backend, address } = server;
  const unix = address.family === 'unix';
  return [
    server.state.text,
    `address=${unix ? 'unix' : attempt.address.address}`,
    `port=${unix ? 'unix' : attempt.port}`,
    `name=${backend.name}/${server.name}`,
    `node=${node ?? host}`,
    `weight=${server.effectiveWeight}/${backend.totalWeight}`,
    `scur=${server.active}/${backend.counters.current}`,
    `qcur=${server.queued}`,
  ].join('; ');
}
