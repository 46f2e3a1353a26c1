import type { Backend, Plugin, Transaction } from '../api/index.ts';
import type { ProxyHandle, StopOptions } from '../proxy/handle.ts';
import type { ProxyOptions } from '../proxy/options.ts';
import { RunningProxy } from '../proxy/running-proxy.ts';
import {
  Client,
  type ClientResponse,
  connect,
  type ConnectOptions,
  proxyHeaderBytes,
  type RequestInput,
} from './client.ts';
import { TestClock } from './clock.ts';
import { keepHead, type Observation, observe } from './observation.ts';
import type { Origin } from './origin.ts';
import { ServerControl } from './server-control.ts';
import { type ServerReplacement, StandIns } from './stand-ins.ts';
import { TestTimeout } from './wait.ts';

export interface StartOptions extends Omit<ProxyOptions, 'bind' | 'dial' | 'portZero'> {
  /**
   * Where the proxy listens: `free` (if left out) puts each address of each `bind` line on a free port of 127.0.0.1, whatever
   * the line says; rules see the configuration's address and port. `configured` listens where the lines say, and port 0 lets the
   * system choose. `none` listens nowhere: all connections, those to stand-ins too, are streams within the process.
   */
  readonly addresses?: 'free' | 'configured' | 'none';
  /** What stands in for servers. Those that it does not name are where the configuration says. */
  readonly servers?: ServerReplacement;
  /** Every server that {@link servers} does not name gets an origin of its own, see {@link TestProxy.standIn}. */
  readonly standIns?: boolean;
  /** `off`: no health or agent check runs, and servers stay as they begin. `run` if left out. */
  readonly checks?: 'run' | 'off';
}

/** How to send one request, besides what is in it. */
export interface ExchangeOptions extends ConnectOptions {
  /** Whose address to use; that of the first frontend that listens if left out. */
  readonly frontend?: string;
  /**
   * Who the client is, and what it connected to, as no socket of this machine could say it. The connection is then a stream
   * within the process, as are all with `addresses: 'none'`.
   */
  readonly source?: { readonly host: string; readonly port?: number };
  readonly destination?: { readonly host: string; readonly port: number };
}

/** A proxy under test: a {@link ProxyHandle} that has been started, and what a test wants besides. */
export interface TestProxy extends ProxyHandle {
  /** Opens a connection to a frontend, for bytes and for requests. */
  connect(options?: ExchangeOptions): Promise<Client>;
  /** Sends one request on a connection of its own. A string is a GET of that target. */
  request(input: RequestInput | string, options?: ExchangeOptions): Promise<ClientResponse>;
  /** The same, with what the proxy made of it. */
  exchange(
    input: RequestInput | string,
    options?: ExchangeOptions,
  ): Promise<{ readonly response: ClientResponse; readonly observation: Observation }>;
  /** What became of requests since the start, in the order in which they ended. */
  readonly observations: readonly Observation[];
  /** Resolves with the nth observation, from 1, once it is there; the one behind the last that was asked for if left out. */
  observation(n?: number, milliseconds?: number): Promise<Observation>;
  /** A server, by `backend/server`, to set down or up. Throws with the names there are. */
  server(path: string): ServerControl;
  /** The servers that have one, by `backend/server`. */
  readonly standInPaths: readonly string[];
  /** The origin that stands in for a server, with `standIns: true`. */
  standIn(path: string): Origin;
  /** The proxy's time. */
  readonly clock: TestClock;
  /** Every line that `log` lines made so far, of events too. */
  readonly logLines: readonly string[];
}

class TestingProxy extends RunningProxy implements TestProxy {
  readonly observations: Observation[] = [];
  readonly logLines: string[] = [];
  readonly clock: TestClock;
  readonly #standIns: StandIns | undefined;
  readonly #backends: { current: readonly Backend[] };
  readonly #waiters: Set<() => void>;
  readonly #within: boolean;
  #given = 0;
  #clients = 0;

  constructor(options: StartOptions) {
    const { addresses = 'free', servers = {}, checks = 'run', plugins = [], sendLogs = false, ...rest } = options;
    const replaces = options.servers !== undefined || options.standIns === true;
    const standIns = replaces
      ? new StandIns(servers, { complete: options.standIns === true, within: addresses === 'none' })
      : undefined;
    const observations: Observation[] = [];
    const waiters = new Set<() => void>();
    const backends: { current: readonly Backend[] } = { current: [] };
    const lines = new Map<number, string[]>();
    super({
      ...rest,
      sendLogs,
      plugins: [
        ...plugins,
        observer(backends, checks, (transaction) => {
          const own = lines.get(transaction.id) ?? [];
          lines.delete(transaction.id);
          observations.push(observe(transaction, own));
          for (const wake of waiters) wake();
        }),
      ],
      ...(addresses === 'configured' ? {} : { bind: () => (addresses === 'free' ? '127.0.0.1:0' : false) }),
      ...(standIns === undefined ? {} : { dial: (server) => standIns.dial(server) }),
    });
    this.observations = observations;
    this.#waiters = waiters;
    this.#standIns = standIns;
    this.#backends = backends;
    this.#within = addresses === 'none';
    this.clock = new TestClock(this.time, () =>
      backends.current.some((backend) =>
        backend.servers.some(({ state }) => state.health.running || state.agent.running),
      ),
    );
    this.on('log', ({ message, transaction }) => {
      this.logLines.push(message);
      if (transaction === undefined) return;
      const own = lines.get(transaction);
      if (own === undefined) lines.set(transaction, [message]);
      else own.push(message);
    });
  }

  override async start(): Promise<void> {
    await this.#standIns?.open(this.#serverPaths());
    await super.start();
  }

  override async stop(options?: StopOptions): Promise<void> {
    await super.stop(options);
    await this.#standIns?.close();
  }

  #serverPaths(): { backend: string; server: string }[] {
    return this.config.proxies
      .filter(({ settings }) => !settings.disabled)
      .flatMap((proxy) => proxy.servers.map(({ name }) => ({ backend: proxy.name, server: name })));
  }

  async connect({ frontend, source, destination, ...options }: ExchangeOptions = {}): Promise<Client> {
    if (source === undefined && destination === undefined && !this.#within) {
      return connect(this.address(frontend), options);
    }
    const own = { host: source?.host ?? '127.0.0.1', port: source?.port ?? 20_000 + (this.#clients++ % 20_000) };
    const stream = this.open({
      ...(frontend === undefined ? {} : { frontend }),
      source: own,
      ...(destination === undefined ? {} : { destination }),
    });
    const client = new Client(stream, 'localhost', own);
    if (options.proxyHeader !== undefined) client.send(proxyHeaderBytes(options.proxyHeader));
    return client;
  }

  async request(input: RequestInput | string, options?: ExchangeOptions): Promise<ClientResponse> {
    const client = await this.connect(options);
    try {
      return await client.request(input);
    } finally {
      client.close();
    }
  }

  async exchange(
    input: RequestInput | string,
    options?: ExchangeOptions,
  ): Promise<{ response: ClientResponse; observation: Observation }> {
    const client = await this.connect(options);
    const before = this.observations.length;
    // A UNIX socket's client has no port to be known by.
    const isOurs = ({ socket: { host, port } }: Observation): boolean =>
      client.port === undefined || (port === client.port && host === client.host);
    try {
      const response = await client.request(input);
      const observation = await this.#whenObserved(
        () => this.observations.slice(before).find(isOurs),
        `the end of ${typeof input === 'string' ? input : (input.url ?? '/')}`,
      );
      return { response, observation };
    } finally {
      client.close();
    }
  }

  async observation(n: number = this.#given + 1, milliseconds?: number): Promise<Observation> {
    this.#given = n;
    return this.#whenObserved(() => this.observations[n - 1], `observation ${n}`, milliseconds);
  }

  async #whenObserved(
    look: () => Observation | undefined,
    what: string,
    milliseconds: number = 5000,
  ): Promise<Observation> {
    const found = look();
    if (found !== undefined) return found;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiters.delete(wake);
        const told = this.observations.map(({ request, status }) => `${request?.url ?? 'a connection'} ${status}`);
        reject(
          new TestTimeout(`waited ${milliseconds} ms in vain for ${what}; observed: ${told.join(', ') || 'nothing'}`),
        );
      }, milliseconds);
      const wake = (): void => {
        const now = look();
        if (now === undefined) return;
        clearTimeout(timer);
        this.#waiters.delete(wake);
        resolve(now);
      };
      this.#waiters.add(wake);
    });
  }

  server(path: string): ServerControl {
    const servers = this.#backends.current.flatMap((backend) => backend.servers);
    const found = servers.find(({ name, backend }) => `${backend.name}/${name}` === path);
    if (found !== undefined) return new ServerControl(found);
    const names = servers.map(({ name, backend }) => `'${backend.name}/${name}'`).join(', ');
    throw new Error(`there is no server '${path}'; those there are: ${names || 'none'}`);
  }

  get standInPaths(): readonly string[] {
    return [...(this.#standIns?.origins.keys() ?? [])];
  }

  standIn(path: string): Origin {
    const found = this.#standIns?.origins.get(path);
    if (found !== undefined) return found;
    const names = [...(this.#standIns?.origins.keys() ?? [])].join(', ');
    throw new Error(
      names === ''
        ? `there are no stand-ins; start the proxy with standIns: true`
        : `there is no stand-in for '${path}'; those there are: ${names}`,
    );
  }
}

/** The plugin that tells what became of each request, and knows the servers. */
function observer(
  backends: { current: readonly Backend[] },
  checks: 'run' | 'off',
  ended: (transaction: Transaction) => void,
): Plugin {
  return {
    name: 'sluice-testing',
    api: 1,
    setup(context) {
      return {
        hooks: { request: { order: 'pre', handler: keepHead }, log: { order: 'post', handler: ended } },
        start() {
          backends.current = context.backends;
          if (checks === 'run') return;
          for (const { servers } of context.backends) {
            for (const { state } of servers) {
              state.enable('health', false);
              state.enable('agent', false);
            }
          }
        },
      };
    },
  };
}

/**
 * Starts a proxy for a test, in this process: on free ports, and with its servers replaced where `servers` says so. Rejects
 * with ConfigurationError when the configuration is refused. `await using proxy = await startProxy(…)` stops it at the end of
 * the block; otherwise call `stop`.
 */
export async function startProxy(options: StartOptions): Promise<TestProxy> {
  const proxy = new TestingProxy(options);
  await proxy.prepare();
  try {
    await proxy.start();
  } catch (error) {
    await proxy.stop();
    throw error;
  }
  return proxy;
}
