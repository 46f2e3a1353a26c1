import type { Place, Source } from '../api/expression.ts';

/** The columns of `haproxy -dKsmp`, in its order. */
export const PLACES: readonly Place[] = [
  'fe-tcp-connection',
  'fe-tcp-session',
  'fe-tcp-content',
  'fe-http-request',
  'fe-http-request-body',
  'fe-use-backend',
  'be-tcp-content',
  'be-http-request',
  'be-http-request-body',
  'be-use-server',
  'server-source',
  'be-tcp-response',
  'be-http-response',
  'be-http-response-body',
  'be-store',
  'fe-tcp-response',
  'fe-http-response',
  'fe-http-response-body',
  'log',
  'be-check',
  'config',
  'cli',
];

/** As the list's legend calls them, for messages. */
export const PLACE_NAMES: Readonly<Record<Place, string>> = {
  'fe-tcp-connection': 'frontend tcp-request connection rule',
  'fe-tcp-session': 'frontend tcp-request session rule',
  'fe-tcp-content': 'frontend tcp-request content rule',
  'fe-http-request': 'frontend http-request header rule',
  'fe-http-request-body': 'frontend http-request body rule',
  'fe-use-backend': 'frontend use-backend rule',
  'be-tcp-content': 'backend tcp-request content rule',
  'be-http-request': 'backend http-request header rule',
  'be-http-request-body': 'backend http-request body rule',
  'be-use-server': 'backend use-server, balance or stick-match rule',
  'server-source': 'server source selection',
  'be-tcp-response': 'backend tcp-response content rule',
  'be-http-response': 'backend http-response header rule',
  'be-http-response-body': 'backend http-response body rule',
  'be-store': 'backend stick-store rule',
  'fe-tcp-response': 'frontend tcp-response content rule',
  'fe-http-response': 'frontend http-response header rule',
  'fe-http-response-body': 'frontend http-response body rule',
  log: 'logs',
  'be-check': 'backend tcp-check rule',
  config: 'configuration parser',
  cli: 'CLI parser',
};

interface SourceFacts {
  /** One letter per place of {@link PLACES}. */
  readonly matrix: string;
  /** What a message says is missing. */
  readonly needs: string;
}

const ANYWHERE = 'YYYYYYYYYYYYYYYYYYYYYY';
const RUNNING = 'YYYYYYYYYYYYYYYYYYYY.Y';
const STREAM = 'YYYYYYYYYYYYYYYYYYY...';
const CONNECTED = 'YYYYYYYYYYYYYYYYYYYY..';
const HANDSHAKEN = '.YYYYYYYYYYYYYYYYYY...';
const REQUEST = '..YYYYYYYYY...........';
const REQUEST_ON = '..YYYYYYYYYYYYYYYYY...';
const RESPONSE = '...........YYYYYYY.Y..';
const RESPONSE_ON = '...........YYYYYYYYY..';

/** Where what each source gives is there to be read. */
const SOURCES: Readonly<Record<Source, SourceFacts>> = {
  constant: { matrix: ANYWHERE, needs: 'configuration' },
  internal: { matrix: RUNNING, needs: 'internal state' },
  listener: { matrix: STREAM, needs: 'listener' },
  frontend: { matrix: STREAM, needs: 'frontend' },
  'client-l4': { matrix: CONNECTED, needs: 'client address' },
  'client-l5': { matrix: HANDSHAKEN, needs: 'client-side connection' },
  tracked: { matrix: RUNNING, needs: 'track counters' },
  'request-l6': { matrix: REQUEST, needs: 'request buffer' },
  'request-head': { matrix: REQUEST, needs: 'HTTP request headers' },
  'request-kept': { matrix: REQUEST_ON, needs: 'HTTP request' },
  'request-body': { matrix: REQUEST, needs: 'HTTP request body' },
  backend: { matrix: '......YYYYYYYYYYYYYY..', needs: 'backend' },
  server: { matrix: '..........YYYYYYYYYY..', needs: 'server' },
  'server-l4': { matrix: RESPONSE_ON, needs: 'server address' },
  'server-l5': { matrix: RESPONSE_ON, needs: 'server-side connection' },
  'response-l6': { matrix: RESPONSE, needs: 'response buffer' },
  'response-head': { matrix: RESPONSE, needs: 'HTTP response headers' },
  'response-kept': { matrix: RESPONSE_ON, needs: 'HTTP response' },
  'response-body': { matrix: RESPONSE, needs: 'HTTP response body' },
  'request-end': { matrix: REQUEST_ON, needs: 'request buffer statistics' },
  'response-end': { matrix: '.........YYYYYYYYYY...', needs: 'response buffer statistics' },
  'transaction-end': { matrix: REQUEST_ON, needs: 'transaction statistics' },
  'session-end': { matrix: STREAM, needs: 'session statistics' },
  'either-l6': { matrix: '..YYYYYYYYYYYYYYYY.Y..', needs: 'request/response buffer' },
  'either-head': { matrix: '..YYYYYYYYYYYYYYYY.Y..', needs: 'HTTP request/response headers' },
};

/** Whether what a source gives can be read in at least one of the places a line is evaluated in. */
export function isReadable(source: Source, places: readonly Place[]): boolean {
  const { matrix } = SOURCES[source];
  return places.some((place) => matrix[PLACES.indexOf(place)] === 'Y');
}

/** What a message says a source needs: `HTTP response headers`. */
export function sourceNeeds(source: Source): string {
  return SOURCES[source].needs;
}

/** The row of `-dKsmp`: `[ . . Y … ]`. */
export function sourceMatrix(source: Source): string {
  return `[ ${SOURCES[source].matrix.split('').join(' ')} ]`;
}
