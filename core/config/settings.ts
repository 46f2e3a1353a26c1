import type { GlobalSettings, ProxySettings } from '../api/settings.ts';

/** What a proxy is before any line: the documented defaults. configuration.txt 4.2. */
export function defaultProxySettings(): ProxySettings {
  return {
    mode: 'tcp',
    description: undefined,
    disabled: false,
    timeouts: {},
    options: new Map(),
    maxconn: 0,
    fullconn: 0,
    backlog: 0,
    rateLimitSessions: 0,
    defaultBackend: undefined,
    useBackend: [],
    retries: 3,
    retryOn: new Set(['conn-failure']),
    redispatch: undefined,
    connectionMode: 'keep-alive',
    reuse: 'safe',
    errorReplies: new Map(),
    filters: [],
    filterSequence: { request: undefined, response: undefined },
    balance: undefined,
    bufferPosts: false,
    check: undefined,
    checkOption: undefined,
    source: undefined,
    uniqueIdFormat: undefined,
    uniqueIdHeader: undefined,
    sendNameHeader: undefined,
    clientKeepAlive: undefined,
    serverKeepAlive: undefined,
    keepAliveParameters: {
      client: { count: undefined, idle: undefined, interval: undefined },
      server: { count: undefined, idle: undefined, interval: undefined },
    },
    adjustCaseForClient: false,
    adjustCaseForServer: false,
    inspectDelay: 0,
    responseInspectDelay: 0,
    headerNames: undefined,
    requestCaptures: [],
    responseCaptures: [],
    guid: undefined,
  };
}

/** A proxy's copy of the settings of its defaults section: containers are its own, what lies in them is shared. */
export function inheritProxySettings(from: ProxySettings): ProxySettings {
  return {
    ...from,
    timeouts: { ...from.timeouts },
    options: new Map(from.options),
    useBackend: [...from.useBackend],
    retryOn: new Set(from.retryOn),
    errorReplies: new Map(from.errorReplies),
    filters: [...from.filters],
    filterSequence: { ...from.filterSequence },
    description: undefined,
    requestCaptures: [],
    responseCaptures: [],
    guid: undefined,
  };
}

/** configuration.txt 3. */
export function defaultGlobalSettings(): GlobalSettings {
  return {
    daemon: false,
    variables: [],
    masterWorker: false,
    maxconn: 0,
    threads: 1,
    pidfile: undefined,
    user: undefined,
    group: undefined,
    uid: undefined,
    gid: undefined,
    ulimitN: undefined,
    hardStopAfter: undefined,
    grace: undefined,
    closeSpreadTime: undefined,
    node: undefined,
    description: undefined,
    zeroWarning: false,
    quiet: false,
    bufsize: 16_384,
    variableNames: new Set(),
    variableLimits: { global: 0, proc: 0, sess: 0, txn: 0, reqres: 0 },
    maxrewrite: 1024,
    maxHeaders: 101,
    maxAccept: 4,
    strictLimits: true,
    localPeer: undefined,
    caseAdjust: new Map(),
    spreadChecks: 0,
    maxSpreadChecks: undefined,
    pluginErrors: new Map(),
    unixBind: { prefix: '', mode: undefined, uid: undefined, gid: undefined },
    socketBuffers: { clientReceive: 0, clientSend: 0, serverReceive: 0, serverSend: 0 },
  };
}
