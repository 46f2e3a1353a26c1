import { type Decode, expected, fields, integer, list, oneOf, type Placed, placed, table, text } from './decode.ts';
import { FormatError, type Located, type Place } from './located.ts';
import { type Matcher, matcher } from './matcher.ts';

/** Bounds of a count, both included. */
export interface Count {
  readonly min: number;
  readonly max: number;
}

export interface OriginExpected {
  readonly method: Matcher | undefined;
  readonly url: Matcher | undefined;
  readonly path: Matcher | undefined;
  readonly query: Matcher | undefined;
  readonly version: Matcher | undefined;
  readonly headers: readonly NamedMatcher[];
  readonly body: Matcher | undefined;
  readonly source: Matcher | undefined;
  readonly receive: Matcher | undefined;
  readonly requests: Count | undefined;
}

export interface NamedMatcher {
  readonly name: string;
  readonly place: Place;
  readonly matcher: Matcher;
}

/** The fields of a log line that can be asked for. */
export const LOG_FIELDS = [
  'termination',
  'status',
  'frontend',
  'backend',
  'server',
  'retries',
  'request',
  'request-captures',
  'response-captures',
] as const;
export type LogField = (typeof LOG_FIELDS)[number];

export interface LogExpected {
  readonly line: Matcher | undefined;
  readonly fields: readonly { readonly field: LogField; readonly matcher: Matcher }[];
}

/** What a step expects; everything undefined or empty is not looked at. */
export interface Expected {
  readonly place: Place;
  readonly frontend: Placed<string> | undefined;
  readonly backend: readonly Placed<string>[];
  readonly server: readonly Placed<string>[];
  /** Statuses, classes as `2xx`, and `none`. */
  readonly status: readonly string[];
  readonly reason: Matcher | undefined;
  readonly headers: readonly NamedMatcher[];
  readonly body: Matcher | undefined;
  readonly location: Matcher | undefined;
  readonly answeredBy: 'proxy' | 'origin' | 'cache' | undefined;
  readonly origin: OriginExpected | 'none' | undefined;
  readonly log: LogExpected | undefined;
  readonly variables: readonly NamedMatcher[];
  readonly connection: 'open' | 'closed' | 'reset' | undefined;
  readonly receive: Matcher | undefined;
  readonly servers: readonly (readonly [server: Placed<string>, count: Count])[];
  readonly statuses: readonly (readonly [status: string, count: Count])[];
}

const STATUS = /^(?:[1-5]xx|[1-5]\d\d)$/;

const status: Decode<string> = (node) => {
  const written = text('a status, like 200 or 2xx')(node);
  if (!STATUS.test(written) && written !== 'none')
    throw new FormatError(node, `'${written}' is no status: expected 100 to 599, like 2xx, or none`);
  return written;
};

const count: Decode<Count> = (node) => {
  if (node.kind === 'map') {
    const bound = integer('a number', 0, 1_000_000);
    const { min = 0, max = Infinity } = fields('a count', { min: bound, max: bound })(node);
    if (min > max) throw new FormatError(node, `no count is at least ${min} and at most ${max}`);
    return { min, max };
  }
  const written = text('a count, like 10 or 10-20')(node);
  const range = /^(\d{1,7})(?:\s*-\s*(\d{1,7}))?$/.exec(written);
  if (range === null) throw new FormatError(node, `'${written}' is no count: expected 10, 10-20 or { min, max }`);
  const min = Number(range[1]);
  const max = range[2] === undefined ? min : Number(range[2]);
  if (min > max) throw new FormatError(node, `'${written}': the first number has to be the smaller one`);
  return { min, max };
};

/** Names of header fields are compared in lower case. */
const headers: Decode<readonly NamedMatcher[]> = (node) =>
  table(
    'header fields',
    matcher,
  )(node).map(([{ value, place }, one]) => {
    if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(value)) throw new FormatError(place, `'${value}' is no name of a header field`);
    return { name: value.toLowerCase(), place, matcher: one };
  });

const SCOPES = ['proc', 'sess', 'txn', 'req', 'res'];

const variables: Decode<readonly NamedMatcher[]> = (node) =>
  table(
    'variables',
    matcher,
  )(node).map(([{ value, place }, one]) => {
    const [scope] = value.split('.');
    if (!SCOPES.includes(scope!) || !/^[a-z]+\.[\w.]+$/.test(value))
      throw new FormatError(
        place,
        `'${value}' is no variable: expected a scope (${SCOPES.join(', ')}) and a name, like txn.x`,
      );
    return { name: value, place, matcher: one };
  });

const names = placed(text('a name'));
const nameOrNames: Decode<readonly Placed<string>[]> = (node) =>
  node.kind === 'list' ? list('names', names)(node) : [names(node)];

const originFields = fields('origin', {
  method: matcher,
  url: matcher,
  path: matcher,
  query: matcher,
  version: matcher,
  headers,
  body: matcher,
  source: matcher,
  receive: matcher,
  requests: count,
});

const origin: Decode<OriginExpected | 'none'> = (node) => {
  if (node.kind === 'scalar') {
    if (node.value === 'none' || node.value === false) return 'none';
    expected('none, or what the stand-in saw', node);
  }
  const said = originFields(node);
  const { method, url, path, query, version, body, source, receive, requests } = said;
  return { method, url, path, query, version, body, source, receive, requests, headers: said.headers ?? [] };
};

const logShape = Object.fromEntries(LOG_FIELDS.map((field) => [field, matcher])) as Record<LogField, Decode<Matcher>>;

const log: Decode<LogExpected> = (node) => {
  // Keys of the log's own, else a condition on the line.
  const isLine = node.kind !== 'map' || node.entries.every(({ key }) => MATCHER_KEYS.has(key));
  if (isLine) return { line: matcher(node), fields: [] };
  const said = fields('log', { line: matcher, ...logShape })(node);
  return {
    line: said.line,
    fields: LOG_FIELDS.flatMap((field) => {
      const one = said[field];
      return one === undefined ? [] : [{ field, matcher: one }];
    }),
  };
};
const MATCHER_KEYS: ReadonlySet<string> = new Set([
  'equals',
  'matches',
  'contains',
  'starts-with',
  'ends-with',
  'present',
  'not',
  'any-of',
]);

const read = fields('expect', {
  frontend: names,
  backend: nameOrNames,
  server: nameOrNames,
  status: (node: Located) => (node.kind === 'list' ? list('statuses', status)(node) : [status(node)]),
  reason: matcher,
  headers,
  body: matcher,
  location: matcher,
  'answered-by': oneOf('answerer', ['proxy', 'origin', 'cache']),
  origin,
  log,
  variables,
  connection: oneOf('state of the connection', ['open', 'closed', 'reset']),
  receive: matcher,
  servers: table('servers and counts', count),
  statuses: (node: Located) =>
    table(
      'statuses and counts',
      count,
    )(node).map(([{ value, place }, counted]) => {
      if (!STATUS.test(value) && value !== 'none')
        throw new FormatError(place, `'${value}' is no status: expected 100 to 599, like 2xx, or none`);
      return [value, counted] as const;
    }),
});

export const expectations: Decode<Expected> = (node) => {
  const said = read(node);
  if (said.origin === 'none' && said['answered-by'] === 'origin')
    throw new FormatError(node, "'origin: none' and 'answered-by: origin' cannot both be");
  const { frontend, reason, body, location, connection, receive } = said;
  return {
    place: node,
    frontend,
    reason,
    body,
    location,
    connection,
    receive,
    backend: said.backend ?? [],
    server: said.server ?? [],
    status: said.status ?? [],
    headers: said.headers ?? [],
    answeredBy: said['answered-by'],
    origin: said.origin,
    log: said.log,
    variables: said.variables ?? [],
    servers: said.servers ?? [],
    statuses: said.statuses ?? [],
  };
};
