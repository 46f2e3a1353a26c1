import { isIP } from 'node:net';
import { bytes, type Decode, expected, fields, oneOf, oneOrMore, type Placed, placed, table, text } from './decode.ts';
import { FormatError, type Located } from './located.ts';
import type { HttpRequest, TcpExchange, Way } from './suite.ts';

/** Header fields as a request gives them; an undefined value takes one away. */
type GivenHeaders = readonly (readonly [name: string, values: readonly string[] | undefined])[];

const headers: Decode<GivenHeaders> = (node) =>
  table('header fields', (value: Located) =>
    value.kind === 'scalar' && value.value === false ? undefined : oneOrMore(text('a value'))(value),
  )(node).map(([{ value: name, place }, values]) => {
    if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(name)) throw new FormatError(place, `'${name}' is no name of a header field`);
    for (const value of values ?? [])
      if (/[\r\n\0]/.test(value)) throw new FormatError(place, `the value of '${name}' has a line end in it`);
    return [name, values] as const;
  });

const source: Decode<{ address: string; port: number | undefined }> = (node) => {
  const written = text('an IP address')(node);
  const [, six, four, port] = /^(?:\[(.*)\]|([^:]*))(?::(\d{1,5}))?$/.exec(written) ?? [];
  const address = isIP(written) === 6 ? written : (six ?? four ?? '');
  if (isIP(address) === 0 || Number(port ?? 1) > 65_535)
    throw new FormatError(
      node,
      `'${written}' is no IP address, nor one with a port: 192.0.2.7, 192.0.2.7:4000, [2001:db8::7]:4000`,
    );
  return { address, port: port === undefined || address === written ? undefined : Number(port) };
};

const ipAddress: Decode<string> = (node) => {
  const written = text('an IP address')(node);
  return isIP(written) === 0 ? expected('an IP address', node) : written;
};

const noTls = (node: Located): never => {
  throw new FormatError(node, "'sni' needs TLS, which Sluice does not have yet: connections of tests are plain");
};

const way = {
  frontend: placed(text('a name')),
  address: placed(text('an address')),
  source,
  destination: ipAddress,
  sni: noTls,
};

const METHOD = /^[!#$%&'*+.^_`|~\w-]+$/;

const shape = {
  method: placed(text('a method')),
  url: placed(text('a path or URL')),
  version: oneOf('version', ['1.0', '1.1', '1']),
  headers,
  body: bytes,
  auth: text('user:password'),
  ...way,
};
const readFields: Decode<RequestDefaults> = fields('a request', shape);

/** What is said of a request, or of all of a file. */
export interface RequestDefaults {
  readonly method?: Placed<string>;
  readonly url?: Placed<string>;
  readonly version?: '1.0' | '1.1' | '1';
  readonly headers?: GivenHeaders;
  readonly body?: string;
  readonly auth?: string;
  readonly frontend?: Placed<string>;
  readonly address?: Placed<string>;
  readonly source?: { readonly address: string; readonly port: number | undefined };
  readonly destination?: string;
}

export const requestDefaults: Decode<RequestDefaults> = fields('the requests', {
  ...shape,
  url: (node: Located): Placed<string> => {
    throw new FormatError(node, 'what all requests have in common cannot hold a URL');
  },
});

/** A request, with what its file says of all. */
export const request =
  (defaults: RequestDefaults): Decode<HttpRequest> =>
  (node) => {
    const own: RequestDefaults = node.kind === 'map' ? readFields(node) : readLine(node);
    const { host, port, target } = readUrl(own.url ?? { value: '/', place: node });
    const method = own.method ?? defaults.method ?? { value: 'GET', place: node };
    if (!METHOD.test(method.value)) throw new FormatError(method.place, `'${method.value}' is no method`);
    const version = own.version ?? defaults.version ?? '1.1';
    // The host of a URL is more than what is said of all requests, and less than what this one says of itself.
    const named: GivenHeaders = host === undefined || hasHost(own.headers) ? [] : [['Host', [host]]];
    const given = merge(defaults.headers ?? [], [...named, ...(own.headers ?? [])]);
    const auth = own.auth ?? defaults.auth;
    const sent: (readonly [string, string])[] = [];
    if (!hasHost(given)) sent.push(['Host', 'localhost']);
    for (const [name, values] of given) for (const value of values ?? []) sent.push([name, value]);
    if (auth !== undefined) sent.push(['Authorization', `Basic ${Buffer.from(auth).toString('base64')}`]);
    const body = own.body ?? defaults.body;
    const framed = sent.some(([name]) => /^(?:content-length|transfer-encoding)$/i.test(name));
    if (body !== undefined && !framed) sent.push(['Content-Length', String(body.length)]);
    return {
      kind: 'http',
      method: method.value,
      target,
      version: version === '1.1' ? '1.1' : '1.0',
      headers: sent,
      body,
      ...readWay(node, defaults, own),
      port,
    };
  };

const tcpFields = fields('tcp', { send: bytes, ...way });

export const tcpExchange =
  (defaults: RequestDefaults): Decode<TcpExchange> =>
  (node) => {
    const own = tcpFields(node);
    return { kind: 'tcp', send: own.send ?? '', ...readWay(node, defaults, own), port: undefined };
  };

type WayFields = Pick<RequestDefaults, 'frontend' | 'address' | 'source' | 'destination'>;

function readWay(node: Located, defaults: WayFields, own: WayFields): Omit<Way, 'port'> {
  // One of its own takes the place of both of the file's.
  const where = (own.frontend ?? own.address) ? own : defaults;
  return {
    place: node,
    frontend: where.frontend,
    address: where.address,
    source: own.source ?? defaults.source,
    destination: own.destination ?? defaults.destination,
  };
}

/** `GET /x`, or a URL alone. */
function readLine(node: Located): RequestDefaults {
  const written = text('a request, like GET /path')(node);
  const [, method, url] = /^(?:(\S+)\s+)?(\S+)$/.exec(written.trim()) ?? [];
  if (url === undefined)
    throw new FormatError(node, `'${written}' is no request: expected a method and a URL, like GET /path`);
  return {
    url: { value: url, place: node },
    ...(method === undefined ? {} : { method: { value: method, place: node } }),
  };
}

interface Url {
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly target: string;
}

function readUrl({ value, place }: Placed<string>): Url {
  if (value.startsWith('/') || value === '*') return { host: undefined, port: undefined, target: value };
  const parts = /^(https?):\/\/([^/?#]+)([^#]*)$/i.exec(value);
  // The target of CONNECT.
  if (parts === null && /^[^\s/]+:\d+$/.test(value)) return { host: value, port: undefined, target: value };
  if (parts === null) throw new FormatError(place, `'${value}' is no URL: expected /path or http://host/path`);
  const [, scheme, host, rest] = parts;
  if (scheme!.toLowerCase() === 'https')
    throw new FormatError(place, 'https needs TLS, which Sluice does not have yet: connections of tests are plain');
  const port = /:(\d{1,5})$/.exec(host!)?.[1];
  return {
    host: host!,
    port: port === undefined ? 80 : Number(port),
    target: rest!.startsWith('/') ? rest! : `/${rest!}`,
  };
}

const hasHost = (given: GivenHeaders = []): boolean => given.some(([name]) => name.toLowerCase() === 'host');

function merge(defaults: GivenHeaders, own: GivenHeaders): GivenHeaders {
  const named = new Set(own.map(([name]) => name.toLowerCase()));
  return [...defaults.filter(([name]) => !named.has(name.toLowerCase())), ...own];
}
