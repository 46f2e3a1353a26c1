import { networkInterfaces } from 'node:os';
import { type Endpoint, type Transaction, type Value, endpointAddress, steady } from 'sluice/plugin';
import { type FetchTable, simple } from './define.ts';

type End = (transaction: Transaction) => Endpoint | undefined;

const address =
  (end: End) =>
  (transaction: Transaction): Value | undefined => {
    const endpoint = end(transaction);
    return endpoint && endpointAddress(endpoint);
  };

const port =
  (end: End) =>
  (transaction: Transaction): Value | undefined => {
    const endpoint = end(transaction);
    return endpoint && endpoint.family !== 'unix' ? endpoint.port : undefined;
  };

/** Whether an address is one of this machine's. */
const local =
  (end: End) =>
  (transaction: Transaction): Value | undefined => {
    const endpoint = end(transaction);
    if (!endpoint) return undefined;
    if (endpoint.family === 'unix') return true;
    return Object.values(networkInterfaces()).some((list) => list?.some((own) => own.address === endpoint.address));
  };

const source: End = ({ connection }) => connection.source;
const destination: End = ({ connection }) => connection.destination;
const socketSource: End = ({ connection }) => connection.socketSource;
const socketDestination: End = ({ connection }) => connection.socketDestination;

/** Fetches from the connections, no TLS. configuration.txt 7.3.3 and 7.3.4. */
export const connectionFetches: FetchTable = {
  ...simple(
    'src',
    'addr',
    'client-l4',
    "The client's address.",
    steady(({ connection }) => endpointAddress(connection.source)),
  ),
  ...simple('src_port', 'sint', 'client-l4', "The client's port.", steady(port(source))),
  ...simple(
    'src_is_local',
    'bool',
    'client-l4',
    "Whether the client's address is one of this machine's.",
    local(source),
  ),
  ...simple('dst', 'addr', 'client-l4', 'The address the client came to.', steady(address(destination))),
  ...simple('dst_port', 'sint', 'client-l4', 'The port the client came to.', steady(port(destination))),
  ...simple(
    'dst_is_local',
    'bool',
    'client-l4',
    "Whether the address the client came to is one of this machine's.",
    local(destination),
  ),
  ...simple(
    'dst_conn',
    'sint',
    'listener',
    'Connections on the same listening address.',
    ({ connection }) => connection.listener.connections,
  ),
  ...simple('fc_src', 'addr', 'client-l4', "The socket's peer, whatever rules said.", address(socketSource)),
  ...simple('fc_src_port', 'sint', 'client-l4', "The port of the socket's peer.", port(socketSource)),
  ...simple(
    'fc_src_is_local',
    'bool',
    'client-l4',
    "Whether the socket's peer is on this machine.",
    local(socketSource),
  ),
  ...simple('fc_dst', 'addr', 'client-l4', "The socket's own address.", address(socketDestination)),
  ...simple('fc_dst_port', 'sint', 'client-l4', "The socket's own port.", port(socketDestination)),
  ...simple(
    'fc_dst_is_local',
    'bool',
    'client-l4',
    "Whether the socket's own address is one of this machine's.",
    local(socketDestination),
  ),
  ...simple('fc_http_major', 'sint', 'client-l4', 'The major version of HTTP the client speaks.', ({ request }) =>
    request === undefined ? undefined : Number(request.version.slice(0, 1)),
  ),
  ...simple(
    'fc_rcvd_proxy',
    'bool',
    'client-l4',
    'Whether a PROXY protocol header came.',
    ({ connection }) => connection.receivedProxyHeader,
  ),
  ...simple(
    'fc_err',
    'sint',
    'client-l4',
    'What went wrong before the connection could be used, as a number.',
    ({ connection }) => connection.error?.code ?? 0,
  ),
  ...simple(
    'fc_err_name',
    'str',
    'client-l4',
    'The same in one word; empty when all is well.',
    ({ connection }) => connection.error?.name ?? '',
  ),
  ...simple(
    'fc_err_str',
    'str',
    'client-l4',
    'The same as a message.',
    ({ connection }) => connection.error?.text ?? 'Success',
  ),
  ...simple('so_id', 'sint', 'listener', "The listening socket's number.", ({ connection }) => connection.listener.id),
  ...simple('so_name', 'str', 'listener', "The listening socket's name.", ({ connection }) => connection.listener.name),
  ...simple(
    'bc_src',
    'addr',
    'server-l4',
    "This side's address of the connection to the server.",
    address(({ serverSource }) => serverSource),
  ),
  ...simple(
    'bc_src_port',
    'sint',
    'server-l4',
    "This side's port of the connection to the server.",
    port(({ serverSource }) => serverSource),
  ),
  ...simple(
    'bc_dst',
    'addr',
    'server-l4',
    "The server's address.",
    address(({ server }) => server?.address),
  ),
  ...simple(
    'bc_dst_port',
    'sint',
    'server-l4',
    "The server's port.",
    port(({ server }) => server?.address),
  ),
  ...simple('ssl_fc', 'bool', 'client-l5', 'Whether the client speaks TLS: not built yet, so never.', () => false),
  // What `option httpslog` asks of a connection that is not TLS, as all are.
  ...simple('ssl_fc_err', 'sint', 'client-l5', "The error of the client's TLS: there is none.", () => undefined),
  ...simple('ssl_c_err', 'sint', 'client-l5', "The error of the client's certificate: there is none.", () => undefined),
  ...simple(
    'ssl_c_ca_err',
    'sint',
    'client-l5',
    "The error of the certificate's issuer: there is none.",
    () => undefined,
  ),
  ...simple('ssl_fc_is_resumed', 'bool', 'client-l5', 'Whether a TLS session was resumed: never.', () => false),
  ...simple('ssl_fc_sni', 'str', 'client-l5', 'The server name of TLS: there is none.', () => undefined),
  ...simple(
    'ssl_bc',
    'bool',
    'server-l5',
    'Whether the server is spoken to in TLS: not built yet, so never.',
    () => false,
  ),
};
