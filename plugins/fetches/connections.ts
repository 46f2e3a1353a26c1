import { networkInterfaces } from 'node:os';
import {
  type Arguments,
  type Connection,
  type MultiFetch,
  type ProxyHeaderValue,
  type Transaction,
  type Value,
  asInteger,
  endpointAddress,
  steady,
} from 'sluice/plugin';
import { type FetchTable, fetch, simple } from './define.ts';
import { type End, address, port } from './ends.ts';

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

/** The types of values in a PROXY protocol header, by their names in its specification, section 2.2. */
const VALUE_TYPES: Readonly<Record<string, number>> = {
  ALPN: 0x01,
  AUTHORITY: 0x02,
  CRC32: 0x03,
  NOOP: 0x04,
  UNIQUE_ID: 0x05,
  SSL: 0x20,
  SSL_VERSION: 0x21,
  SSL_CN: 0x22,
  SSL_CIPHER: 0x23,
  SSL_SIG_ALG: 0x24,
  SSL_KEY_ALG: 0x25,
  NETNS: 0x30,
};
const AUTHORITY = 0x02;
const UNIQUE_ID = 0x05;
/** Longer values are not shown. */
const LONGEST_VALUE = 1024;

const valueText = ({ value }: ProxyHeaderValue): string | undefined =>
  value.length > LONGEST_VALUE ? undefined : Buffer.from(value).toString('latin1');

function headerValue({ proxyHeaderValues }: Connection, type: number): string | undefined {
  const found = proxyHeaderValues.find((one) => one.type === type);
  return found && valueText(found);
}

function headerValues(args: Arguments): MultiFetch {
  const name = args.text(0);
  const type = /^[0-9]+$/.test(name) ? Number(name) : (VALUE_TYPES[name.toUpperCase()] ?? Number.NaN);
  if (!(type <= 255))
    args.fail(`Invalid TLV ID '${name}', expects a number up to 255 or one of ${Object.keys(VALUE_TYPES).join(', ')}`);
  return {
    evaluate: ({ connection }) => headerValue(connection, type),
    some: ({ connection }, visit) =>
      connection.proxyHeaderValues.some((one) => {
        const text = one.type === type ? valueText(one) : undefined;
        return text !== undefined && visit(text);
      }),
  };
}

/** Fetches from the client's connection, no TLS. configuration.txt 7.3.3 and 7.3.4. */
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
    'fc_nb_streams',
    'sint',
    'client-l4',
    "Streams on the client's connection: at most 1.",
    ({ request, frontend }) => (request !== undefined || frontend.settings.mode === 'tcp' ? 1 : 0),
  ),
  ...simple('fc_settings_streams_limit', 'sint', 'client-l5', 'Streams a client may have at once: 1.', () => 1),
  ...simple(
    'fs.rst_code',
    'sint',
    'client-l5',
    'The code an HTTP/2 client gave up with; there is none.',
    () => undefined,
  ),
  ...simple('fs.aborted', 'sint', 'client-l5', 'Whether the client gave up.', ({ termination }) =>
    asInteger(termination[0] === 'C'),
  ),
  ...simple('fc_pp_authority', 'str', 'client-l4', 'The authority a PROXY protocol header named.', ({ connection }) =>
    headerValue(connection, AUTHORITY),
  ),
  ...simple('fc_pp_unique_id', 'str', 'client-l4', 'The unique id in a PROXY protocol header.', ({ connection }) =>
    headerValue(connection, UNIQUE_ID),
  ),
  ...fetch('fc_pp_tlv', 'string', 'str', 'client-l5', 'A value of a PROXY protocol header, by its type.', headerValues),
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
