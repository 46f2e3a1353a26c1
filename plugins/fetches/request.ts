import { type Request, type Transaction, type Value, endpointAddress, parseIpv4, steady } from 'sluice/plugin';
import { type FetchTable, aliases, fetch, simple } from './define.ts';
import { isHttp } from './proto-http.ts';
import { sdbmAvalanche } from './sdbm.ts';
import { authorityOf, pathAndQueryOf, pathOf, queryOf } from './uri.ts';

type FromRequest = (request: Request) => Value | undefined;

const of =
  (get: FromRequest) =>
  ({ request }: Transaction): Value | undefined =>
    request === undefined ? undefined : get(request);

/** The first Host field: duplicates have been refused before. */
const host = (request: Request): string => request.headers.all('host')[0] ?? '';

function base(request: Request): string | undefined {
  const path = pathOf(request.uri);
  return path === undefined && host(request) === '' ? undefined : host(request) + (path ?? '');
}

function baseWithQuery(request: Request): string | undefined {
  const path = pathAndQueryOf(request.uri);
  return path === undefined && host(request) === '' ? undefined : host(request) + (path ?? '');
}

const hashOf = (text: string | undefined): number | undefined =>
  text === undefined ? undefined : sdbmAvalanche(Buffer.from(text, 'latin1'));

const base32 = (request: Request): number | undefined => hashOf(base(request));
const url32 = (request: Request): number => hashOf(host(request) + request.uri)!;

/** A hash and the client's address behind it: 8 or 20 bytes. */
function withSource(hash: (request: Request) => number | undefined): (transaction: Transaction) => Value | undefined {
  return ({ request, connection }) => {
    const value = request && hash(request);
    const address = endpointAddress(connection.source);
    if (value === undefined || !address) return undefined;
    const bytes = Buffer.alloc(4 + address.bytes.length);
    bytes.writeUInt32BE(value);
    bytes.set(address.bytes, 4);
    return bytes;
  };
}

const BODY_HINT = 'see option http-buffer-request';

/** What a request's line, host and body give. configuration.txt 7.3.6. */
export const requestFetches: FetchTable = {
  ...simple(
    'method',
    'meth',
    'request-kept',
    "The request's method.",
    steady(({ request }) => request?.method),
  ),
  ...simple(
    'path',
    'str',
    'request-head',
    'The path, without host and query.',
    // By itself rather than through `of`: the engine inlines what has one caller, and rules ask for nothing as often.
    steady(({ request }) => (request === undefined ? undefined : pathOf(request.uri))),
  ),
  ...simple(
    'pathq',
    'str',
    'request-head',
    'The path and the query.',
    steady(of((request) => pathAndQueryOf(request.uri))),
  ),
  ...fetch('query', '[string]', 'str', 'request-head', 'The query, without the question mark.', (args) => {
    const option = args.optionalText(0);
    if (option !== undefined && option !== 'with_qm') args.fail(`unexpected option '${option}', expects 'with_qm'`);
    if (option === undefined) return of((request) => queryOf(request.uri));
    return of((request) => {
      const query = queryOf(request.uri);
      return query ? `?${query}` : query;
    });
  }),
  ...simple(
    'url',
    'str',
    'request-head',
    'The target as it stands on the request line.',
    steady(of((request) => request.uri)),
  ),
  ...simple('base', 'str', 'request-head', 'Host and path.', steady(of(base))),
  ...simple('baseq', 'str', 'request-head', 'Host, path and query.', of(baseWithQuery)),
  ...simple('base32', 'sint', 'request-head', 'A 32-bit hash of base.', of(base32)),
  ...simple('url32', 'sint', 'request-head', 'A 32-bit hash of host and url.', of(url32)),
  ...simple('base32+src', 'bin', 'request-head', "base32 and the client's address.", withSource(base32)),
  ...simple('url32+src', 'bin', 'request-head', "url32 and the client's address.", withSource(url32)),
  ...simple(
    'url_ip',
    'ipv4',
    'request-head',
    'The host of an absolute target that is an address.',
    of((request) => {
      const authority = authorityOf(request.uri);
      return authority && parseIpv4(authority.host);
    }),
  ),
  ...simple(
    'url_port',
    'sint',
    'request-head',
    'The port of an absolute target whose host is an address; 80 if it has none.',
    of((request) => {
      const authority = authorityOf(request.uri);
      return authority && parseIpv4(authority.host) ? authority.port : undefined;
    }),
  ),
  ...aliases(
    simple(
      'req.ver',
      'str',
      'request-kept',
      "The request's HTTP version.",
      of((request) => request.version),
    ),
    'req_ver',
  ),
  ...aliases(
    simple(
      'req.proto_http',
      'bool',
      'request-kept',
      'Whether the request is HTTP; in mode tcp, whether the bytes that have come are the head of one.',
      isHttp,
    ),
    'req_proto_http',
  ),
  ...simple(
    'http_first_req',
    'bool',
    'request-kept',
    'Whether the request is the first of its connection.',
    ({ isFirst, request }) => (request === undefined ? undefined : isFirst),
  ),
  ...simple(
    'req.body',
    'bin',
    'request-head',
    `The bytes of the body that are there; ${BODY_HINT}.`,
    of((request) => request.body.available()),
  ),
  ...simple(
    'req.body_len',
    'sint',
    'request-head',
    `How many bytes of the body are there; ${BODY_HINT}.`,
    of((request) => request.body.available().length),
  ),
  ...simple(
    'req.body_size',
    'sint',
    'request-head',
    'The announced size of the body, or what is there of it.',
    of((request) => request.body.length ?? request.body.available().length),
  ),
  ...simple(
    'capture.req.method',
    'str',
    'request-kept',
    'The method, kept to the end.',
    of((request) => request.receivedMethod),
  ),
  ...simple(
    'capture.req.uri',
    'str',
    'request-kept',
    'The path and query, kept to the end.',
    of((request) => pathAndQueryOf(request.receivedUri)),
  ),
  ...simple(
    'capture.req.ver',
    'str',
    'request-kept',
    '`HTTP/1.1`, kept to the end.',
    of((request) => `HTTP/${request.version}`),
  ),
};
