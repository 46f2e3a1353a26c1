import type { Diagnostic } from '../config/diagnostics.ts';
import type { ServerConfig } from '../api/index.ts';
import { LineError } from '../kernel/listen.ts';
import { noteAvailability } from './availability.ts';
import type { UpstreamBackend } from './backend.ts';
import { makeServer, parseServer } from './build-servers.ts';
import { prepareServers } from './native-socket.ts';
import { closeIdle } from './pool.ts';
import type { UpstreamServer } from './server.ts';

/** Reads the words of a server that is added; see readServer in core/config. */
export type ServerReader = (
  name: string,
  address: string,
  words: readonly string[],
) => { readonly config: ServerConfig | undefined; readonly said: readonly Diagnostic[] };

/** `add server`; management.txt 9.3. The reasons of a refusal are in HAProxy's words. */
export function addServer(
  backend: UpstreamBackend,
  name: string,
  address: string,
  words: readonly string[],
): UpstreamServer | string {
  const { servers, runtime } = backend;
  if (runtime.generation.draining) return 'The configuration of this backend is being replaced.';
  if (!backend.growing) return 'Backend must use a dynamic load balancing to support dynamic servers.';
  if (servers.some((server) => server.name === name)) return 'Already exists a server with the same name in backend.';
  const { config, said } = backend.serverReader!(name, address, words);
  if (config === undefined) return said.find(({ severity }) => severity === 'alert')?.message ?? 'No server was read.';
  const own = runtime.config.servers;
  try {
    const place = parseServer(config);
    if (place.kind === 'inet' && place.named) {
      throw new LineError(config, `'server ${name}' : '${place.host}' is a name, which is not resolved at run time.`);
    }
    const server = makeServer(backend, config, config.id ?? freeId(servers), place);
    for (const { severity, message } of [...said, ...prepareServers([server])]) {
      if (severity !== 'diag') runtime.generation.say(severity, message);
    }
    noteAvailability(backend, () => backend.join(server));
    return server;
  } catch (error) {
    own.splice(own.indexOf(config), 1);
    if (error instanceof LineError) return error.message;
    throw error;
  }
}

/** The first number that no server has. */
function freeId(servers: readonly UpstreamServer[]): number {
  const taken = new Set(servers.map(({ id }) => id));
  let id = 1;
  while (taken.has(id)) id++;
  return id;
}

/** `del server`; management.txt 9.3. */
export function removeServer(server: UpstreamServer): string | undefined {
  const { backend, state, config } = server;
  if (!backend.servers.includes(server)) return 'No such server.';
  if (config.referenced || state.isTracked) {
    return 'This server cannot be removed at runtime due to other configuration elements pointing to it.';
  }
  if (!state.maintenance) return 'Only servers in maintenance mode can be deleted.';
  if (server.active > 0 || server.queued > 0) return 'Server still has connections attached to it, cannot remove it.';
  closeIdle(server);
  state.untrack();
  backend.leave(server);
  const own = backend.runtime.config.servers;
  own.splice(own.indexOf(config), 1);
  return undefined;
}
