import type { Backend, Server } from 'sluice/plugin';

/** The servers to choose from: backups stand in, the first of them alone, when no other is usable. */
export function electable(backend: Backend): Server[] {
  const usable = backend.servers.filter((server) => server.usable && server.effectiveWeight > 0);
  const active = usable.filter((server) => !server.backup);
  if (active.length > 0) return active;
  return backend.settings.options.get('allbackups') === true ? usable : usable.slice(0, 1);
}

/** Whether the server may take one more at once. */
export function hasRoom(server: Server): boolean {
  return server.limit === 0 || server.active < server.limit;
}
