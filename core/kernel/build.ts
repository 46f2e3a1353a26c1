import type { Log, Value } from '../api/index.ts';
import type { Diagnostic } from '../config/diagnostics.ts';
import type { LoadedConfig } from '../config/load.ts';
import { loadLibc } from '../net/libc.ts';
import { describeTarget, ListenError } from '../net/listen-target.ts';
import type { ListeningSockets } from '../net/listening-sockets.ts';
import { type Listening, UnboundListener } from '../net/unbound-listener.ts';
import { UpstreamBackend } from '../upstream/backend.ts';
import { buildServers } from '../upstream/build-servers.ts';
import { prepareServers } from '../upstream/native-socket.ts';
import { Acceptor, type CountedListener } from './acceptor.ts';
import { FrontendRuntime } from './frontend.ts';
import { Generation, type Say } from './generation.ts';
import { LineError, type ListenSpec, listenSpecs } from './listen.ts';
import type { ProcessState } from './process-state.ts';
import { listenerOptions } from './socket-settings.ts';
import { type LoadedProxy, ProxyRuntime } from './proxy-runtime.ts';

/** Makes what runs of what was read. Nothing is bound yet. Gives the errors of lines instead of throwing them. */
export async function buildGeneration(
  config: LoadedConfig,
  log: Log,
  say: Say,
  variables: Map<string, Value>,
  process: ProcessState,
): Promise<{ generation: Generation; errors: LineError[] }> {
  const generation = new Generation(config.global.settings, log, say, variables, process);
  const errors: LineError[] = [];
  const active = config.proxies.filter((proxy) => !proxy.settings.disabled);
  const algorithm = [...config.keywords.balance.values()].find(({ keyword }) => keyword.unless)?.keyword.unless;
  const runtimes = new Map<LoadedProxy, ProxyRuntime>();
  for (const proxy of active) runtimes.set(proxy, new ProxyRuntime(proxy, generation));
  const sides = [...runtimes.values()];
  generation.proxies.push(...sides.filter(({ config: { isFrontend } }) => isFrontend));
  generation.proxies.push(...sides.filter(({ config: { isFrontend } }) => !isFrontend));
  for (const proxy of active) {
    if (!proxy.isBackend) continue;
    const backend = new UpstreamBackend(runtimes.get(proxy)!);
    generation.backends.set(proxy.name, backend);
    proxy.running.backend = backend;
    backend.serverReader = (name, address, words) => config.readServer(proxy, name, address, words);
    await collect(errors, () => buildServers(backend, proxy.servers, algorithm));
  }
  for (const proxy of active) {
    if (!proxy.isFrontend) continue;
    const frontend = new FrontendRuntime(runtimes.get(proxy)!);
    const { defaultBackend } = proxy.settings;
    frontend.defaultBackend = generation.backends.get(defaultBackend ?? (proxy.isBackend ? proxy.name : ''));
    generation.frontends.push(frontend);
    proxy.running.frontend = frontend;
  }
  for (const backend of generation.backends.values()) backend.fullconn = fullconn(backend, generation);
  return { generation, errors };
}

async function collect(errors: LineError[], run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (!(error instanceof LineError)) throw error;
    errors.push(error);
  }
}

/** configuration.txt 4.2, `fullconn`: by default a tenth of what all frontends that lead here may hold. */
function fullconn(backend: UpstreamBackend, generation: Generation): number {
  const set = backend.settings.fullconn;
  if (set > 0) return set;
  let sum = 0;
  for (const { settings, defaultBackend } of generation.frontends) {
    const leads =
      defaultBackend === backend ||
      settings.useBackend.some(({ name }) => name.constant === undefined || name.constant === backend.name);
    if (leads) sum += settings.maxconn || generation.settings.maxconn;
  }
  return Math.ceil(sum / 10);
}

/** The nth port of a frontend that the system chooses for an address is the same one in the next generation. */
function identityOf(
  { target, configured }: ListenSpec,
  { name }: FrontendRuntime,
  seen: Map<string, number>,
): string | undefined {
  if (target.kind !== 'inet' || target.port !== 0) return undefined;
  const key = `${target.host}:0 of ${name} for ${configured}`;
  const count = (seen.get(key) ?? 0) + 1;
  seen.set(key, count);
  return `${key} #${count}`;
}

/** Binds every listener of a generation. Those the running one has too are the same sockets. Throws LineError, ListenError. */
export async function bindGeneration(
  generation: Generation,
  sockets: ListeningSockets,
  process: ProcessState,
): Promise<Diagnostic[]> {
  const warnings: Diagnostic[] = [];
  const identities = new Map<string, number>();
  for (const frontend of generation.frontends) {
    let id = 1;
    for (const bind of frontend.runtime.config.binds) {
      const move = (address: string): string | false | undefined =>
        process.surroundings.bind?.({ frontend: frontend.name, address, name: bind.name });
      for (const spec of await listenSpecs(bind, generation.settings, move)) {
        const { target, text } = spec;
        const backlog = bind.backlog ?? (frontend.settings.backlog || frontend.settings.maxconn || 1024);
        // Loading native calls costs time and memory: only when a queue is full for the first time.
        const duplicate = (fd: number): number | undefined => loadLibc().libc?.duplicate(fd);
        const warn = (problem: string): void => {
          const { file, line } = bind;
          warnings.push({ severity: 'warning', message: problem, file, line, proxy: frontend.name });
        };
        const configure = listenerOptions(bind, generation.settings, target, backlog, (problem) =>
          warn(`${problem} for [${describeTarget(target)}]`),
        );
        const identity = identityOf(spec, frontend, identities);
        const options = { target, identity, backlog, light: true, duplicate, configure, warn };
        const claim = (): Promise<Listening> =>
          sockets.claim(generation, options).catch((error: unknown) => {
            if (!(error instanceof ListenError)) throw error;
            // HAProxy looks at a descriptor while it reads the line, and at the rest when it binds.
            if (target.kind === 'fd') throw new LineError(bind, `'bind' : ${error.message}`);
            throw new LineError(bind, error.message, frontend.name);
          });
        const socket = spec.unbound === true ? new UnboundListener(target) : await claim();
        const port = target.kind === 'inet' && target.port === 0 ? socket.port : undefined;
        const listener: CountedListener = {
          name: bind.name,
          id: bind.id ?? id,
          address: port === undefined ? text : text.replace(/:0$/, `:${port}`),
          connections: 0,
        };
        id++;
        frontend.listeners.push(listener);
        generation.acceptors.push(new Acceptor(frontend, listener, bind, socket, process, spec));
      }
    }
  }
  for (const own of generation.pluginListeners) {
    for (const { target } of await listenSpecs(own.bind, generation.settings)) {
      const claimed = sockets.claim(generation, { target, backlog: own.bind.backlog ?? 128 });
      const socket = await claimed.catch((error: unknown) => {
        if (!(error instanceof ListenError)) throw error;
        throw new LineError(own.bind, error.message, 'GLOBAL');
      });
      own.sockets.push(socket);
    }
  }
  for (const backend of generation.backends.values()) warnings.push(...prepareServers(backend.servers));
  return warnings;
}
