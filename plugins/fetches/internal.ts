import { randomInt, randomUUID } from 'node:crypto';
import type { Backend, Clock, Frontend, Rate, Server, Transaction, Value } from 'sluice/plugin';
import { type FetchTable, fetch, simple } from './define.ts';
import { mayChange } from './received.ts';
import { backendArgument, frontendArgument, serverArgument } from './proxies.ts';

/** Connections the servers may still take; -1 as soon as one has no limit. */
function freeConnections(servers: readonly Server[], slots: (server: Server) => number | undefined): number {
  let total = 0;
  for (const server of servers) {
    const free = slots(server);
    if (free === undefined) return -1;
    total += free;
  }
  return total;
}

function usableServers(backend: Backend): readonly Server[] {
  const usable = backend.servers.filter((server) => server.usable);
  const main = usable.filter((server) => !server.backup);
  return main.length > 0 ? main : usable;
}

const freeOf = (server: Server): number | undefined =>
  server.limit === 0 ? undefined : Math.max(0, server.limit - server.active);

const slotsOf = ({ maxconn, maxqueue, active, queued }: Server): number | undefined =>
  maxconn === 0 || maxqueue === 0 ? undefined : Math.max(0, maxconn - active) + Math.max(0, maxqueue - queued);

function queueOf(backend: Backend): number {
  return backend.servers.reduce((sum, server) => sum + server.queued, backend.queued);
}

/** A rate in the second up to now. */
const perSecond = (rate: Rate, clock: Clock): number => rate.perSecond(clock.now());

function frontendFetch(name: string, summary: string, value: (frontend: Frontend) => Value): FetchTable {
  return fetch(name, 'frontend', 'sint', 'internal', summary, (args) => {
    const find = frontendArgument(args);
    return (transaction) => {
      const frontend = find(transaction);
      return frontend && value(frontend);
    };
  });
}

function backendFetch(name: string, summary: string, value: (backend: Backend) => Value): FetchTable {
  return fetch(name, 'backend', 'sint', 'internal', summary, (args) => {
    const find = backendArgument(args);
    return (transaction) => {
      const backend = find(transaction);
      return backend && value(backend);
    };
  });
}

function serverFetch(
  name: string,
  type: 'sint' | 'bool',
  summary: string,
  value: (server: Server) => Value,
): FetchTable {
  return fetch(name, 'server', type, 'internal', summary, (args) => {
    const find = serverArgument(args);
    return (transaction) => {
      const server = find(transaction);
      return server && value(server);
    };
  });
}

/** A time-ordered UUID: RFC 9562 section 5.7. */
function uuid7({ process: { clock } }: Transaction): string {
  const time = Math.floor(clock.wall()).toString(16).padStart(12, '0');
  const random = randomUUID();
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(15)}`;
}

/** Fetches from the proxy's own state. configuration.txt 7.3.2. */
export const internalFetches: FetchTable = {
  ...simple('act_conn', 'sint', 'constant', 'Connections of this process.', ({ process }) => process.connections),
  ...simple(
    'last_rule_file',
    'str',
    'internal',
    'The file of the last rule that ended its rule set.',
    ({ lastRule }) => lastRule?.file,
  ),
  ...simple(
    'last_rule_line',
    'sint',
    'internal',
    'The line of the last rule that ended its rule set.',
    ({ lastRule }) => lastRule?.line,
  ),
  ...simple(
    'last_entity',
    'str',
    'internal',
    'Where the last rule stands that ended its rule set.',
    ({ lastRule }) => lastRule && `${lastRule.file}:${lastRule.line}`,
  ),
  ...simple('stopping', 'bool', 'internal', 'Whether the process is stopping.', ({ process }) => process.stopping),
  ...fetch(
    'acl',
    'string,[string],[string],[string],[string],[string],[string],[string],[string],[string],[string],[string]',
    'bool',
    'constant',
    'Whether all the named ACLs match.',
    (args) => {
      const tests = args.texts.filter((text) => text !== undefined).map((text) => args.acl(text));
      return (transaction) => tests.every((test) => test(transaction));
    },
  ),
  ...backendFetch('nbsrv', 'Usable servers of a backend.', (backend) => backend.usable),
  ...backendFetch('be_conn', 'Connections of a backend.', (backend) => backend.counters.current),
  ...backendFetch('be_conn_free', "Connections a backend's servers may still take.", (backend) =>
    freeConnections(usableServers(backend), freeOf),
  ),
  ...backendFetch('connslots', "Connections and queue places a backend's servers have left.", (backend) =>
    freeConnections(
      backend.servers.filter((server) => server.usable),
      slotsOf,
    ),
  ),
  ...backendFetch('queue', 'Requests waiting in a backend.', queueOf),
  ...backendFetch('avg_queue', 'Requests waiting per usable server of a backend.', (backend) => {
    const waiting = queueOf(backend);
    return backend.usable === 0 ? waiting * 2 : Math.ceil(waiting / backend.usable);
  }),
  ...backendFetch('be_sess_rate', 'New sessions a second of a backend.', ({ counters, clock }) =>
    perSecond(counters.sessionRate, clock),
  ),
  ...frontendFetch('fe_conn', 'Connections of a frontend.', ({ counters }) => counters.current),
  ...frontendFetch('fe_sess_rate', 'New connections a second of a frontend.', ({ counters, clock }) =>
    perSecond(counters.sessionRate, clock),
  ),
  ...frontendFetch('fe_req_rate', 'HTTP requests a second of a frontend.', ({ counters, clock }) =>
    perSecond(counters.requestRate, clock),
  ),
  ...serverFetch('srv_sess_rate', 'sint', 'New sessions a second of a server.', ({ counters, backend }) =>
    perSecond(counters.sessionRate, backend.clock),
  ),
  ...serverFetch('srv_conn', 'sint', 'Connections of a server.', (server) => server.active),
  ...serverFetch('srv_conn_free', 'sint', 'Connections a server may still take.', (server) => freeOf(server) ?? -1),
  ...serverFetch('srv_queue', 'sint', 'Requests waiting for a server.', (server) => server.queued),
  ...serverFetch('srv_is_up', 'bool', 'Whether a server may be given traffic.', (server) => server.usable),
  ...serverFetch('srv_weight', 'sint', "A server's weight as it counts now.", (server) => server.effectiveWeight),
  ...serverFetch('srv_iweight', 'sint', "A server's configured weight.", (server) => server.weight),
  ...serverFetch('srv_uweight', 'sint', "A server's weight as the user sees it.", (server) => server.weight),
  ...fetch('rand', '[integer]', 'sint', 'constant', 'A random integer below the given one.', (args) => {
    const range = args.integer(0, 2 ** 32);
    if (range < 0 || range > 2 ** 32) args.fail('a range up to 4294967296 is expected');
    return () => (range === 0 ? 0 : randomInt(range));
  }),
  ...fetch('uuid', '[integer]', 'str', 'constant', 'A new UUID of version 4 or 7.', (args) => {
    const version = args.integer(0, 4);
    if (version !== 4 && version !== 7) args.fail('Unsupported UUID version');
    return version === 4 ? () => randomUUID() : uuid7;
  }),
  ...simple('unique-id', 'str', 'constant', "The transaction's unique id.", (transaction) => transaction.uniqueId),
  ...simple('wait_end', 'bool', 'internal', 'True at the end of the inspection.', (transaction) => {
    if (transaction.received?.final !== false) return true;
    mayChange(transaction);
    return false;
  }),
  ...simple('txn.id32', 'sint', 'internal', "The transaction's number, 32 bits of it.", ({ id }) => id % 2 ** 32),
  ...simple(
    'txn.sess_term_state',
    'str',
    'internal',
    'The two characters of the termination state.',
    ({ termination }) => termination.slice(0, 2),
  ),
  ...simple('term_events', 'str', 'internal', 'Termination events, which are not recorded here.', () => '-'),
  ...simple('fe_name', 'str', 'frontend', "The frontend's name.", ({ frontend }) => frontend.name),
  ...simple('fe_id', 'sint', 'frontend', "The frontend's number.", ({ frontend }) => frontend.id),
  ...simple(
    'fe_defbe',
    'str',
    'frontend',
    "The frontend's default backend.",
    ({ frontend }) => frontend.settings.defaultBackend,
  ),
  ...simple(
    'fe_client_timeout',
    'sint',
    'frontend',
    "The frontend's client timeout.",
    ({ frontend }) => frontend.settings.timeouts.client,
  ),
  ...simple(
    'fe_tarpit_timeout',
    'sint',
    'frontend',
    "The frontend's tarpit timeout.",
    ({ frontend }) => frontend.settings.timeouts.tarpit,
  ),
  ...simple('be_name', 'str', 'backend', "The backend's name.", ({ backend }) => backend?.name),
  ...simple('be_id', 'sint', 'backend', "The backend's number.", ({ backend }) => backend?.id),
  ...simple(
    'be_connect_timeout',
    'sint',
    'backend',
    "The backend's connect timeout.",
    ({ backend }) => backend?.settings.timeouts.connect,
  ),
  ...simple(
    'be_queue_timeout',
    'sint',
    'backend',
    "The backend's queue timeout.",
    ({ backend }) => backend?.settings.timeouts.queue,
  ),
  ...simple(
    'be_server_timeout',
    'sint',
    'backend',
    "The backend's server timeout.",
    ({ backend }) => backend?.settings.timeouts.server,
  ),
  ...simple(
    'be_tarpit_timeout',
    'sint',
    'backend',
    "The backend's tarpit timeout.",
    ({ backend }) => backend?.settings.timeouts.tarpit,
  ),
  ...simple(
    'be_tunnel_timeout',
    'sint',
    'backend',
    "The backend's tunnel timeout.",
    ({ backend }) => backend?.settings.timeouts.tunnel,
  ),
  ...simple('be_max_retries', 'sint', 'backend', "The backend's retries.", ({ backend }) => backend?.settings.retries),
  ...simple('cur_client_timeout', 'sint', 'listener', 'The client timeout that counts.', (one) =>
    one.getTimeout('client'),
  ),
  ...simple('cur_connect_timeout', 'sint', 'backend', 'The connect timeout that counts.', (one) =>
    one.getTimeout('connect'),
  ),
  ...simple('cur_queue_timeout', 'sint', 'backend', 'The queue timeout that counts.', (one) => one.getTimeout('queue')),
  ...simple('cur_server_timeout', 'sint', 'backend', 'The server timeout that counts.', (one) =>
    one.getTimeout('server'),
  ),
  ...simple('cur_tarpit_timeout', 'sint', 'client-l4', 'The tarpit timeout that counts.', (one) =>
    one.getTimeout('tarpit'),
  ),
  ...simple('cur_tunnel_timeout', 'sint', 'backend', 'The tunnel timeout that counts.', (one) =>
    one.getTimeout('tunnel'),
  ),
  ...simple('srv_name', 'str', 'server', "The server's name.", ({ server }) => server?.name),
  ...simple('srv_id', 'sint', 'server', "The server's number.", ({ server }) => server?.id),
};
