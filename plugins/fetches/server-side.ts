import { type Transaction, asInteger } from 'sluice/plugin';
import { type FetchTable, simple } from './define.ts';
import { address, port } from './ends.ts';

const isHttp = ({ frontend }: Transaction): boolean => frontend.settings.mode === 'http';
const connected = ({ timing, serverLink }: Transaction): boolean => serverLink !== undefined && timing.connect >= 0;

/** Fetches from the connection to the server. configuration.txt 7.3.3 and 7.3.4. */
export const serverSideFetches: FetchTable = {
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
  ...simple(
    'bc_src',
    'addr',
    'server-l4',
    'The address the connection to the server comes from.',
    address(({ serverLink }) => serverLink?.source),
  ),
  ...simple(
    'bc_src_port',
    'sint',
    'server-l4',
    'The port the connection to the server comes from.',
    port(({ serverLink }) => serverLink?.source),
  ),
  ...simple('bc_http_major', 'sint', 'server-l4', 'The major version of HTTP the server is spoken to in.', (one) =>
    connected(one) && isHttp(one) ? 1 : undefined,
  ),
  ...simple('bc_reused', 'bool', 'server-l4', 'Whether the connection to the server had served before.', (one) =>
    connected(one) ? one.reused : undefined,
  ),
  ...simple('bc_nb_streams', 'sint', 'server-l5', 'Streams on the connection to the server: 1.', (one) =>
    connected(one) ? 1 : undefined,
  ),
  ...simple(
    'bc_settings_streams_limit',
    'sint',
    'server-l5',
    'Streams a server may be given at once on a connection: 1.',
    (one) => (connected(one) ? 1 : undefined),
  ),
  ...simple(
    'bs.rst_code',
    'sint',
    'server-l5',
    'The code an HTTP/2 server gave up with; there is none.',
    () => undefined,
  ),
  ...simple('bs.aborted', 'sint', 'server-l5', 'Whether the server gave up.', (one) =>
    asInteger(connected(one) && one.termination[0] === 'S'),
  ),
  ...simple(
    'server_status',
    'sint',
    'response-kept',
    'The status the server answered with, whatever rules made of it.',
    ({ response }) => response?.receivedStatus,
  ),
  ...simple('cur_max_retries', 'sint', 'backend', 'How often a connection may be tried again.', (one) =>
    one.backend === undefined ? undefined : one.maxRetries,
  ),
  ...simple('req.bytes_out', 'sint', 'request-end', 'Bytes sent to the server.', ({ bytesToServer }) => bytesToServer),
  ...simple(
    'res.bytes_in',
    'sint',
    'response-end',
    'Bytes received from the server.',
    ({ bytesFromServer }) => bytesFromServer,
  ),
};
