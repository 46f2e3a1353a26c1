import { isIP } from 'node:net';
import { didYouMean } from '../config/nearest.ts';
import type { LoadedConfig } from '../config/load.ts';
import { readSources, type Source, SourceError } from '../config/sources.ts';
import type { Plugin } from '../api/index.ts';
import type { Placed } from './decode.ts';
import { FormatError } from './located.ts';
import { RunningProxy } from '../proxy/running-proxy.ts';
import { type BindAddress, type Rewritten, type RewriteOptions, rewrite, type ServerLine } from './rewrite.ts';
import type { Listener } from './subject.ts';
import type { Case, OriginScripts, Step, Suite, Way } from './suite.ts';

/** A test file with the configuration it is about. */
export interface Prepared {
  readonly suite: Suite;
  readonly sources: readonly Source[];
  readonly rewriting: Omit<RewriteOptions, 'haproxy'>;
  readonly config: LoadedConfig;
  readonly listeners: readonly Listener[];
  /** Of proxies that run. */
  readonly servers: readonly { readonly line: ServerLine; readonly mode: 'http' | 'tcp' }[];
  readonly ways: ReadonlyMap<Way, Listener>;
  /** All that any case asks for. */
  readonly variables: readonly string[];
}

/** A plugin that does nothing: what observes traffic in the tests is not there when the configuration is looked at. */
const NOBODY: Plugin = { name: 'sluice-test', api: 1 };

/** Reads the configuration and looks up what the cases name. Rejects with FormatError, SourceError, ConfigurationError. */
export async function prepare(suite: Suite): Promise<Prepared | readonly FormatError[]> {
  const sources = await readConfiguration(suite);
  const environment = { HAPROXY_LOCALPEER: 'test', ...process.env, ...suite.environment };
  const without = suite.without.map(({ value }) => value.trim().split(/\s+/).join(' '));
  const rewriting = { environment, paths: suite.paths, without };
  const binds: BindAddress[] = [];
  const lines: ServerLine[] = [];
  const looked = rewrite(
    sources,
    {
      bind(address) {
        binds.push(address);
        return '127.0.0.1:0';
      },
      server(line) {
        lines.push(line);
        return '127.0.0.1:1';
      },
      checkPort: 1,
      log: '127.0.0.1:9',
    },
    rewriting,
  );
  const config = await load(looked.sources, environment);
  const active = config.proxies.filter(({ settings }) => !settings.disabled);
  const mode = new Map(active.map(({ name, settings }) => [name, settings.mode]));
  const listeners = active.flatMap(({ name, settings, binds: own }) =>
    own.flatMap(({ file, line }) =>
      binds
        .filter((bind) => bind.file === file && bind.line === line)
        .map((bind): Listener => ({ frontend: name, mode: transport(settings.mode), bind })),
    ),
  );
  const servers = lines
    .filter(({ backend, names }) =>
      active.some((one) => one.name === backend && one.servers.some(({ name }) => names.includes(name))),
    )
    .map((line) => ({ line, mode: transport(mode.get(line.backend)!) }));
  const finder = new Finder(config, listeners);
  const errors = finder.check(suite, looked);
  if (errors.length > 0) return errors;
  const { ways } = finder;
  return { suite, sources, rewriting, config, listeners, servers, ways, variables: variablesOf(suite.cases) };
}

async function readConfiguration(suite: Suite): Promise<Source[]> {
  const sources: Source[] = [];
  for (const { value, place } of suite.configuration) {
    try {
      sources.push(...(await readSources([value])));
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      throw new FormatError(place, error.message);
    }
  }
  return sources;
}

async function load(
  sources: readonly Source[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<LoadedConfig> {
  const proxy = new RunningProxy({ config: sources.map(asText), env, plugins: [NOBODY], dial: () => undefined });
  await proxy.prepare();
  const { config } = proxy;
  await proxy.stop();
  return config;
}

/** Files are bytes; a configuration given as text is characters. */
export function asText({ name, text }: Source): Source {
  return { name, text: Buffer.from(text, 'latin1').toString('utf8') };
}

function variablesOf(cases: readonly Case[]): string[] {
  const expected = cases.flatMap(({ steps }) => steps.flatMap(({ expect }) => expect?.variables ?? []));
  return [...new Set(expected.map(({ name }) => name))];
}

/** Finds what cases name, and complains of what is not there. */
class Finder {
  readonly ways = new Map<Way, Listener>();
  readonly #config: LoadedConfig;
  readonly #listeners: readonly Listener[];
  readonly #errors: FormatError[] = [];
  readonly #frontends: ReadonlySet<string>;
  readonly #backends: ReadonlyMap<string, readonly string[]>;

  constructor(config: LoadedConfig, listeners: readonly Listener[]) {
    this.#config = config;
    this.#listeners = listeners;
    const proxies = config.proxies;
    this.#frontends = new Set(proxies.filter(({ isFrontend }) => isFrontend).map(({ name }) => name));
    this.#backends = new Map(
      proxies
        .filter(({ isBackend }) => isBackend)
        .map(({ name, servers }) => [name, servers.map((server) => server.name)]),
    );
  }

  check(suite: Suite, { leftOut }: Rewritten): FormatError[] {
    for (const { value, place } of suite.without) {
      if (!leftOut.has(value.trim().split(/\s+/).join(' ')))
        this.#error(place, `no line of the configuration begins with '${value}'`);
    }
    this.#origins(suite.origins);
    for (const one of suite.cases) {
      this.#origins(one.origins);
      for (const step of one.steps) this.#step(step);
    }
    return this.#errors;
  }

  #error(place: FormatError['place'], message: string): void {
    this.#errors.push(new FormatError(place, message));
  }

  #origins(origins: OriginScripts): void {
    for (const [who] of origins) if (who.value !== '*') this.#serverOrBackend(who);
  }

  #serverOrBackend({ value, place }: Placed<string>): void {
    const [backend, server] = value.split('/', 2);
    const servers = this.#backends.get(backend!);
    if (servers === undefined)
      this.#error(place, `the configuration has no backend '${backend}'${didYouMean(backend!, this.#backends.keys())}`);
    else if (server !== undefined && !servers.includes(server))
      this.#error(place, `the backend '${backend}' has no server '${server}'${didYouMean(server, servers)}`);
    else if (server === undefined && servers.length === 0)
      this.#error(place, `the backend '${backend}' has no servers`);
  }

  #step({ given, does, expect }: Step): void {
    for (const { server } of given) this.#serverOrBackend(server);
    if (does !== undefined) this.#way(does);
    if (expect === undefined) return;
    const { frontend, backend, server, servers } = expect;
    if (frontend !== undefined && !this.#frontends.has(frontend.value))
      this.#error(
        frontend.place,
        `the configuration has no frontend '${frontend.value}'${didYouMean(frontend.value, this.#frontends)}`,
      );
    for (const { value, place } of backend) {
      if (value !== 'none' && !this.#backends.has(value))
        this.#error(place, `the configuration has no backend '${value}'${didYouMean(value, this.#backends.keys())}`);
    }
    for (const one of [...server, ...servers.map(([name]) => name)]) {
      if (one.value.includes('/')) this.#serverOrBackend(one);
      else if (one.value !== 'none') this.#anyServer(one, backend);
    }
  }

  /** A server without its backend: of the one that is expected, else of any. */
  #anyServer({ value, place }: Placed<string>, expected: readonly Placed<string>[]): void {
    const within = expected.flatMap((one) => this.#backends.get(one.value) ?? []);
    const known = within.length > 0 ? within : [...this.#backends.values()].flat();
    if (!known.includes(value))
      this.#error(place, `the configuration has no server '${value}'${didYouMean(value, known)}`);
  }

  #way(way: Way): void {
    const found = this.#find(way);
    if (found !== undefined) this.ways.set(way, found);
  }

  #find({ place, frontend, address, port }: Way): Listener | undefined {
    const all = this.#listeners;
    if (all.length === 0) {
      this.#error(place, 'the configuration listens nowhere: no proxy that runs has a bind line');
      return undefined;
    }
    if (
      frontend !== undefined &&
      !this.#config.proxies.some(({ name, isFrontend }) => isFrontend && name === frontend.value)
    ) {
      this.#error(
        frontend.place,
        `the configuration has no frontend '${frontend.value}'${didYouMean(frontend.value, this.#frontends)}`,
      );
      return undefined;
    }
    const of = frontend === undefined ? all : all.filter((one) => one.frontend === frontend.value);
    if (of.length === 0) {
      this.#error(frontend!.place, `the frontend '${frontend!.value}' listens nowhere`);
      return undefined;
    }
    if (address !== undefined) {
      const found = of.find(({ bind }) => bind.label === address.value);
      if (found === undefined)
        this.#error(
          address.place,
          `nobody listens on '${address.value}'; addresses are ${of.map(({ bind }) => bind.label).join(', ')}`,
        );
      return found;
    }
    const wanted = of.find(({ bind }) => bind.port === (port ?? 80));
    // A frontend that was named, or is the only one, is meant whatever the port.
    const one = new Set(of.map((listener) => listener.frontend)).size === 1;
    if (wanted !== undefined || one) return wanted ?? of[0];
    const names = of.map((listener) => `${listener.frontend} (${listener.bind.label})`).join(', ');
    this.#error(
      place,
      `${port === undefined ? '' : `nobody listens on port ${port}; `}which 'frontend' is meant? There are ${names}`,
    );
    return undefined;
  }
}

/** What the client says of the two ends of its connection: documentation addresses (RFC 5737, RFC 3849) where nothing is said. */
export function endsOf(way: Way, { bind }: Listener, port: number): { source: End; destination: End } {
  const bound = bind.host !== undefined && isIP(bind.host) !== 0 && !/^[0.:]+$/.test(bind.host) ? bind.host : undefined;
  const said = way.destination ?? bound;
  const six = (way.source?.address ?? said ?? '').includes(':');
  return {
    source: { host: way.source?.address ?? (six ? '2001:db8::7' : '198.51.100.7'), port: way.source?.port ?? port },
    destination: { host: said ?? (six ? '2001:db8::1' : '192.0.2.1'), port: bind.port ?? 80 },
  };
}

interface End {
  readonly host: string;
  readonly port: number;
}

/** Agents of an SPOE speak no HTTP: what stands in for one takes its bytes. */
function transport(mode: 'http' | 'tcp' | 'spop'): 'http' | 'tcp' {
  return mode === 'http' ? 'http' : 'tcp';
}
