import type { CheckRecord, Counters, OperationalState } from '../api/index.ts';
import type { FrontendRuntime } from '../kernel/frontend.ts';
import type { Generation } from '../kernel/generation.ts';
import type { UpstreamBackend } from '../upstream/backend.ts';
import type { UpstreamServer } from '../upstream/server.ts';

/** What frontends, backends and servers all count. Plain numbers since the start, or since the last reload. */
export interface TrafficStats {
  /** Connections of a frontend, transactions of a backend or a server. Rates are those of the last second. */
  readonly sessions: {
    readonly current: number;
    readonly highest: number;
    readonly total: number;
    readonly perSecond: number;
    readonly highestPerSecond: number;
  };
  readonly requests: { readonly total: number; readonly perSecond: number; readonly highestPerSecond: number };
  /** Bytes from and to clients. */
  readonly bytes: { readonly in: number; readonly out: number };
  /** Responses by the class of their status. */
  readonly responses: Readonly<Record<'1xx' | '2xx' | '3xx' | '4xx' | '5xx' | 'other', number>>;
  readonly denied: { readonly requests: number; readonly responses: number };
  readonly errors: {
    readonly requests: number;
    readonly connections: number;
    readonly responses: number;
    readonly internal: number;
  };
  /** Transfers that one side ended. */
  readonly aborts: { readonly client: number; readonly server: number };
  readonly retries: number;
  readonly redispatches: number;
  readonly cache: { readonly lookups: number; readonly hits: number; readonly hintHits: number };
  readonly compression: {
    readonly in: number;
    readonly out: number;
    readonly bypassed: number;
    readonly responses: number;
  };
}

export interface FrontendStats extends TrafficStats {
  readonly mode: 'http' | 'tcp' | 'spop';
  /** 0: none but the process's. */
  readonly limit: number;
}

export interface BackendStats extends TrafficStats {
  readonly mode: 'http' | 'tcp' | 'spop';
  readonly status: 'UP' | 'DOWN';
  /** Waiting for any of its servers. */
  readonly queued: number;
  readonly weight: number;
  readonly activeServers: number;
  readonly backupServers: number;
  readonly timesDown: number;
  /** Seconds. */
  readonly downtime: number;
  readonly servers: Readonly<Record<string, ServerStats>>;
}

/** The last result of a check. */
export interface CheckStats {
  readonly enabled: boolean;
  /** `L4OK`, `L7STS` …, and in words. */
  readonly code: string;
  readonly words: string;
  /** The status of HTTP or its like; undefined where there was none. */
  readonly status: number | undefined;
  /** Milliseconds; undefined before the first. */
  readonly duration: number | undefined;
}

export interface ServerStats extends TrafficStats {
  /** As the configuration or who changed it has it: `127.0.0.1:8080`. */
  readonly address: string;
  /** `UP`, `DOWN`, `MAINT`, `DRAIN`, `no check` … */
  readonly status: string;
  readonly operational: OperationalState;
  /** May be given new traffic. */
  readonly usable: boolean;
  readonly backup: boolean;
  readonly weight: number;
  /** Under way, and waiting for it. */
  readonly active: number;
  readonly queued: number;
  readonly idleConnections: number;
  readonly timesDown: number;
  /** Seconds. */
  readonly downtime: number;
  readonly failedChecks: number;
  readonly check: CheckStats | undefined;
  readonly agent: CheckStats | undefined;
}

export interface ProxyStats {
  /** Clients' connections, of all generations. */
  readonly connections: number;
  /** 0: no limit. */
  readonly maxconn: number;
  /** Seconds since it was made. */
  readonly uptime: number;
  /** 1, and one for each that is still draining. */
  readonly generations: number;
  /** Sessions of the generation in charge, and what waits and works in its backends. */
  readonly sessions: number;
  readonly queued: number;
  readonly idleServerConnections: number;
  readonly activeServerStreams: number;
  /** How often each plugin has thrown. */
  readonly pluginFailures: Readonly<Record<string, number>>;
  readonly frontends: Readonly<Record<string, FrontendStats>>;
  readonly backends: Readonly<Record<string, BackendStats>>;
}

export function trafficStats(counters: Counters, at: number): TrafficStats {
  const [other, ...classes] = counters.responses;
  return {
    sessions: {
      current: counters.current,
      highest: counters.highest,
      total: counters.total,
      perSecond: counters.sessionRate.perSecond(at),
      highestPerSecond: counters.sessionRate.highest,
    },
    requests: {
      total: counters.requests,
      perSecond: counters.requestRate.perSecond(at),
      highestPerSecond: counters.requestRate.highest,
    },
    bytes: { in: counters.bytesIn, out: counters.bytesOut },
    responses: {
      '1xx': classes[0]!,
      '2xx': classes[1]!,
      '3xx': classes[2]!,
      '4xx': classes[3]!,
      '5xx': classes[4]!,
      other: other!,
    },
    denied: { requests: counters.deniedRequests, responses: counters.deniedResponses },
    errors: {
      requests: counters.requestErrors,
      connections: counters.connectionErrors,
      responses: counters.responseErrors,
      internal: counters.internalErrors,
    },
    aborts: { client: counters.cliAborts, server: counters.srvAborts },
    retries: counters.retries,
    redispatches: counters.redispatches,
    cache: { lookups: counters.cacheLookups, hits: counters.cacheHits, hintHits: counters.cacheHintHits },
    compression: {
      in: counters.compressedIn,
      out: counters.compressedOut,
      bypassed: counters.compressionBypassed,
      responses: counters.compressedResponses,
    },
  };
}

function frontendStats({ settings, counters }: FrontendRuntime, at: number): FrontendStats {
  return { ...trafficStats(counters, at), mode: settings.mode, limit: settings.maxconn };
}

function backendStats(backend: UpstreamBackend, at: number): BackendStats {
  return {
    ...trafficStats(backend.counters, at),
    mode: backend.settings.mode,
    status: backend.usable > 0 || backend.servers.length === 0 ? 'UP' : 'DOWN',
    queued: backend.queued,
    weight: backend.totalWeight,
    activeServers: backend.activeServers,
    backupServers: backend.backupServers,
    timesDown: backend.timesDown,
    downtime: Math.floor(backend.downtime / 1000),
    servers: Object.fromEntries(backend.servers.map((server) => [server.name, serverStats(server, at)])),
  };
}

function serverStats(server: UpstreamServer, at: number): ServerStats {
  const { state, address } = server;
  const host = address.family === 6 ? `[${address.address}]` : address.address;
  return {
    ...trafficStats(server.counters, at),
    address: address.family === 'unix' ? address.address : `${host}:${address.port}`,
    status: state.text,
    operational: state.operational,
    usable: server.usable,
    backup: server.backup,
    weight: server.effectiveWeight,
    active: server.active,
    queued: server.queued,
    idleConnections: server.idle.length,
    timesDown: state.timesDown,
    downtime: Math.floor(state.downtime / 1000),
    failedChecks: state.failedChecks,
    check: checkStats(state.health),
    agent: checkStats(state.agent),
  };
}

function checkStats(check: CheckRecord): CheckStats | undefined {
  if (!check.configured) return undefined;
  return {
    enabled: check.enabled,
    code: check.code,
    words: check.words,
    status: check.l7code > 0 ? check.l7code : undefined,
    duration: check.durationMs < 0 ? undefined : check.durationMs,
  };
}

/** Those of one generation; `at` in the milliseconds of its clock. */
export function generationStats(
  generation: Generation,
  at: number,
): Omit<ProxyStats, 'connections' | 'maxconn' | 'uptime' | 'generations'> {
  const backends = [...generation.backends.values()];
  const servers = backends.flatMap((backend) => backend.servers);
  return {
    sessions: generation.sessions,
    queued: [...backends, ...servers].reduce((sum, one) => sum + one.queued, 0),
    idleServerConnections: servers.reduce((sum, server) => sum + server.idle.length, 0),
    activeServerStreams: servers.reduce((sum, server) => sum + server.active, 0),
    pluginFailures: Object.fromEntries(generation.failures),
    frontends: Object.fromEntries(generation.frontends.map((frontend) => [frontend.name, frontendStats(frontend, at)])),
    backends: Object.fromEntries(backends.map((backend) => [backend.name, backendStats(backend, at)])),
  };
}
