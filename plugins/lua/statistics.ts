import type { Backend, CheckRecord, Counters, Frontend, Listener, Server } from 'sluice/plugin';

/** Columns by name; management.txt 9.1. What does not apply is left out. */
export type Statistics = Record<string, string | number>;

/** Proxy, server or listener: the column `type`. */
const TYPES = { frontend: 0, backend: 1, server: 2, listener: 3 } as const;

function common(
  type: keyof typeof TYPES,
  proxy: { name: string; id: number },
  name: string,
  counters: Counters,
): Statistics {
  return {
    pxname: proxy.name,
    svname: name,
    scur: counters.current,
    smax: counters.highest,
    stot: counters.total,
    bin: counters.bytesIn,
    bout: counters.bytesOut,
    dreq: counters.deniedRequests,
    dresp: counters.deniedResponses,
    pid: 1,
    iid: proxy.id,
    sid: 0,
    type: TYPES[type],
    eint: counters.internalErrors,
  };
}

function traffic(counters: Counters, mode: string, at: number): Statistics {
  const found: Statistics = {
    rate: counters.sessionRate.perSecond(at),
    rate_max: counters.sessionRate.highest,
    mode,
    comp_in: counters.compressedIn,
    comp_out: counters.compressedOut,
    comp_byp: counters.compressionBypassed,
    comp_rsp: counters.compressedResponses,
  };
  if (mode !== 'http') return found;
  counters.responses.forEach((count, kind) => {
    found[kind === 0 ? 'hrsp_other' : `hrsp_${kind}xx`] = count;
  });
  found['req_tot'] = counters.requests;
  return found;
}

function upstream(counters: Counters): Statistics {
  return {
    econ: counters.connectionErrors,
    eresp: counters.responseErrors,
    wretr: counters.retries,
    wredis: counters.redispatches,
    cli_abrt: counters.cliAborts,
    srv_abrt: counters.srvAborts,
    lbtot: counters.total,
  };
}

const seconds = (milliseconds: number): number => Math.floor(milliseconds / 1000);

export function frontendStatistics(frontend: Frontend, at: number): Statistics {
  const { counters, settings, admission } = frontend;
  return {
    ...common('frontend', frontend, 'FRONTEND', counters),
    ...traffic(counters, settings.mode, at),
    slim: settings.maxconn,
    ereq: counters.requestErrors,
    status: admission === 'open' ? 'OPEN' : admission === 'paused' ? 'PAUSED' : 'STOP',
    rate_lim: settings.rateLimitSessions,
    req_rate: counters.requestRate.perSecond(at),
    req_rate_max: counters.requestRate.highest,
    conn_rate: counters.sessionRate.perSecond(at),
    conn_rate_max: counters.sessionRate.highest,
    conn_tot: counters.total,
    ...(settings.mode === 'http' ? { cache_lookups: counters.cacheLookups, cache_hits: counters.cacheHits } : {}),
  };
}

export function backendStatistics(backend: Backend, at: number): Statistics {
  const { counters, settings } = backend;
  const weight = backend.totalWeight;
  return {
    ...common('backend', backend, 'BACKEND', counters),
    ...traffic(counters, settings.mode, at),
    ...upstream(counters),
    qcur: backend.queued,
    slim: settings.fullconn ?? settings.maxconn,
    status: backend.servers.length === 0 || backend.activeServers + backend.backupServers > 0 ? 'UP' : 'DOWN',
    weight,
    uweight: weight,
    act: backend.activeServers,
    bck: backend.backupServers,
    chkdown: backend.timesDown,
    lastchg: seconds(at - backend.changedAt),
    downtime: seconds(backend.downtime),
    ...(settings.mode === 'http' ? { cache_lookups: counters.cacheLookups, cache_hits: counters.cacheHits } : {}),
  };
}

export function serverStatistics(server: Server, at: number): Statistics {
  const { counters, state, backend } = server;
  const found: Statistics = {
    ...common('server', backend, server.name, counters),
    ...traffic(counters, backend.settings.mode, at),
    ...upstream(counters),
    sid: server.id,
    scur: server.active,
    qcur: server.queued,
    status: state.text,
    weight: server.effectiveWeight,
    uweight: state.userWeight,
    act: server.backup ? 0 : 1,
    bck: server.backup ? 1 : 0,
    lastchg: seconds(at - state.changedAt),
    addr: addressOf(server),
  };
  if (server.maxconn > 0) found['slim'] = server.maxconn;
  if (server.maxqueue > 0) found['qlimit'] = server.maxqueue;
  if (state.throttle < 100) found['throttle'] = state.throttle;
  if (state.tracked !== undefined) found['tracked'] = `${state.tracked.backend.name}/${state.tracked.name}`;
  if (state.health.configured) {
    found['chkfail'] = state.failedChecks;
    found['chkdown'] = state.timesDown;
    found['downtime'] = seconds(state.downtime);
  }
  addCheck(found, 'check', state.health, state.maintenance);
  addCheck(found, 'agent', state.agent, false);
  return found;
}

function addCheck(found: Statistics, name: 'check' | 'agent', check: CheckRecord, hidden: boolean): void {
  if (!check.configured || !check.enabled || hidden) return;
  found[`${name}_status`] = `${check.running && check.code !== 'INI' ? '* ' : ''}${check.code}`;
  found[`${name}_desc`] = check.words;
  found[`${name}_rise`] = check.rise;
  found[`${name}_fall`] = check.fall;
  found[`${name}_health`] = check.health;
  if (check.l7code >= 0) found[`${name}_code`] = check.l7code;
  if (check.durationMs >= 0) found[`${name}_duration`] = Math.round(check.durationMs);
  if (check.info !== '') found[name === 'check' ? 'last_chk' : 'last_agt'] = check.info;
}

export function listenerStatistics(listener: Listener, frontend: Frontend): Statistics {
  return {
    pxname: frontend.name,
    svname: listener.name ?? `sock-${listener.id}`,
    scur: listener.connections,
    slim: frontend.settings.maxconn,
    status: frontend.admission === 'open' ? 'OPEN' : 'WAITING',
    pid: 1,
    iid: frontend.id,
    sid: listener.id,
    type: TYPES.listener,
    addr: listener.address,
    mode: frontend.settings.mode,
  };
}

/** As `Server.get_addr` has it: `127.0.0.1:80`, `::1:80`, or the path of a socket. */
export function addressOf({ address }: Server): string {
  return address.family === 'unix' ? address.address : `${address.address}:${address.port}`;
}
