import { hostname } from 'node:os';
import type { Request, Transaction } from '../api/traffic.ts';
import type { Endpoint, Value } from '../api/values.ts';
import { endpointAddress } from './addresses.ts';
import { localDate, localDateWithMilliseconds, utcDate } from './dates.ts';
import { encodeCapture, encodeForLog } from './encode.ts';
import { acceptDate, requestDate, timers } from './timers.ts';

/** How an item is to be written. */
export interface Flags {
  readonly quote: boolean;
  readonly hex: boolean;
  readonly escape: boolean;
}

/** A `%` alias of configuration.txt 8.2.6. */
export interface Alias {
  /** `-` stands for it in logs when there is no value. */
  readonly kind: 'text' | 'number';
  /** Only in mode http. */
  readonly http?: boolean;
  value(transaction: Transaction): Value | undefined;
  /** With the flag `X`, where it is not as without. */
  readonly hex?: (transaction: Transaction) => string | undefined;
  /** Nothing at all is written for it where there is no value, not even the mark. */
  readonly optional?: boolean;
  /** An empty value is written as such, without the mark. */
  readonly blank?: boolean;
  /** Written as it is, without quotes or escapes. */
  readonly verbatim?: boolean;
  /** Several words, each quoted by itself; undefined: nothing at all. {@link value} is not asked then, but for encodings. */
  readonly words?: (transaction: Transaction) => readonly (string | undefined)[] | undefined;
}

const upperHex = (value: number, digits: number): string => value.toString(16).toUpperCase().padStart(digits, '0');

function number(value: (transaction: Transaction) => number, digits?: number): Alias {
  if (digits === undefined) return { kind: 'number', value };
  return { kind: 'number', value, hex: (transaction) => upperHex(value(transaction), digits) };
}

function text(value: (transaction: Transaction) => string | undefined, http = false): Alias {
  return { kind: 'text', http, value };
}

/** Text that `+Q` leaves alone: dates and termination states. */
const plain = (...args: Parameters<typeof text>): Alias => ({ ...text(...args), verbatim: true });

function address(end: (transaction: Transaction) => Endpoint | undefined): Alias {
  const value = (transaction: Transaction): string | undefined => {
    const endpoint = end(transaction);
    return endpoint?.family === 'unix' ? 'unix' : endpoint?.address;
  };
  const hex = (transaction: Transaction): string | undefined => {
    const endpoint = end(transaction);
    if (!endpoint) return undefined;
    const ip = endpointAddress(endpoint);
    return ip ? Buffer.from(ip.bytes).toString('hex').toUpperCase() : 'unix';
  };
  return { kind: 'text', value, hex };
}

function port(end: (transaction: Transaction) => Endpoint | undefined): Alias {
  return {
    kind: 'number',
    value: (transaction) => end(transaction)?.port,
    hex: (transaction) => {
      const endpoint = end(transaction);
      return endpoint && upperHex(endpoint.port, 4);
    },
    verbatim: true,
  };
}

const BAD_REQUEST = '<BADREQ>';

/** Something of the request line as it came; HAProxy has a name for lines that could not be read, and writes nothing for empty parts. */
function ofLine(get: (request: Request) => string): Alias {
  return {
    kind: 'text',
    http: true,
    blank: true,
    value: ({ request }) => (request === undefined ? BAD_REQUEST : encodeForLog(get(request))),
  };
}

/** The request line. Methods and versions are tokens: only the target can hold bytes that a log must not show. */
function requestLine({ request }: Transaction): string {
  if (!request) return BAD_REQUEST;
  return `${request.receivedMethod} ${encodeForLog(request.receivedUri)} HTTP/${request.version}`;
}

function withoutQuery(uri: string): string {
  const end = uri.indexOf('?');
  return end < 0 ? uri : uri.slice(0, end);
}

/** The path alone: nothing of `*` and of a CONNECT's authority. */
function pathOf(uri: string): string {
  if (uri.startsWith('/')) return withoutQuery(uri);
  const absolute = /^[^/?]*:\/\/[^/?]*(\/[^?]*)?/.exec(uri);
  return absolute?.[1] ?? '';
}

/** Which captures: those of the request or of the response, as the frontend has declared them. */
interface Captures {
  readonly declared: (transaction: Transaction) => number;
  readonly slots: (transaction: Transaction) => readonly (string | undefined)[];
}

/** None for what could not be read: nothing could be captured. */
const ifRead = ({ timing, frontend }: Transaction, count: number): number =>
  timing.request < 0 && frontend.settings.mode === 'http' ? 0 : count;

const REQUEST: Captures = {
  declared: (transaction) => ifRead(transaction, transaction.frontend.settings.requestCaptures.length),
  slots: ({ requestCaptures }) => requestCaptures,
};
const RESPONSE: Captures = {
  declared: (transaction) => ifRead(transaction, transaction.frontend.settings.responseCaptures.length),
  slots: ({ responseCaptures }) => responseCaptures,
};

function captures({ declared, slots }: Captures): Alias {
  const value = (transaction: Transaction): string | undefined => {
    const count = declared(transaction);
    if (count === 0) return undefined;
    const found = slots(transaction);
    let joined = '{';
    for (let i = 0; i < count; i++) {
      if (i > 0) joined += '|';
      const slot = found[i];
      if (slot !== undefined) joined += encodeCapture(slot);
    }
    return `${joined}}`;
  };
  return { kind: 'text', value, optional: true };
}

/** Each capture a word of its own, as the Common Log Format wants it. */
function captureWords({ declared, slots }: Captures): Alias {
  const words = (transaction: Transaction): readonly (string | undefined)[] | undefined => {
    const count = declared(transaction);
    if (count === 0) return undefined;
    const found = slots(transaction);
    return Array.from({ length: count }, (_, i) => (found[i] ? encodeCapture(found[i]) : undefined));
  };
  const value = (transaction: Transaction): string | undefined =>
    words(transaction)
      ?.map((word) => word ?? '-')
      .join(' ');
  return { kind: 'text', optional: true, words, value };
}

/** Marks a figure that may still grow where lines are written before the end (`option logasap`); HAProxy marks all lines then. */
function growing(figure: (transaction: Transaction) => number): Alias {
  return {
    kind: 'number',
    value: (transaction) => {
      const amount = figure(transaction);
      const early = transaction.frontend.settings.options.get('logasap') === true;
      return early ? `+${amount}` : amount;
    },
    verbatim: true,
  };
}

const source = (transaction: Transaction): Endpoint => transaction.connection.source;
const destination = (transaction: Transaction): Endpoint => transaction.connection.destination;
const server = (transaction: Transaction): Endpoint | undefined => transaction.server?.address;
const host = hostname();

/** The persistence and capture cookies of a response are another plugin's: it leaves them under these names. */
const CAPTURED_COOKIES = { request: 'capture.cookie.request', response: 'capture.cookie.response' } as const;

const cookie = (which: keyof typeof CAPTURED_COOKIES): Alias =>
  text((transaction) => {
    const value = transaction.getVariable('txn', CAPTURED_COOKIES[which]);
    return typeof value === 'string' ? value : undefined;
  }, true);

export const ALIASES: Readonly<Record<string, Alias>> = {
  B: growing((transaction) => transaction.loggedToClient),
  CC: cookie('request'),
  CS: cookie('response'),
  H: text(() => host),
  HM: ofLine(({ receivedMethod }) => receivedMethod),
  HP: ofLine(({ receivedUri }) => withoutQuery(receivedUri)),
  HPO: ofLine(({ receivedUri }) => pathOf(receivedUri)),
  HQ: ofLine(({ receivedUri }) => {
    const at = receivedUri.indexOf('?');
    return at < 0 ? '' : receivedUri.slice(at);
  }),
  HU: ofLine(({ receivedUri }) => receivedUri),
  HV: ofLine(({ version }) => `HTTP/${version}`),
  OG: text(({ logOrigin }) => logOrigin),
  ST: number(({ loggedStatus }) => loggedStatus),
  T: plain((transaction) => utcDate(acceptDate(transaction))),
  Ta: { ...growing(timers.Ta), http: true },
  Tc: number(timers.Tc),
  Td: number(timers.Td),
  Th: number(timers.Th),
  Ti: { ...number(timers.Ti), http: true },
  Tl: plain((transaction) => localDate(acceptDate(transaction))),
  Tq: { ...number(timers.Tq), http: true },
  TR: { ...number(timers.TR), http: true },
  Tr: { ...number(timers.Tr), http: true },
  Ts: number((transaction) => Math.floor(acceptDate(transaction) / 1000), 4),
  Tt: growing(timers.Tt),
  Tu: growing(timers.Tu),
  Tw: number(timers.Tw),
  U: number((transaction) => transaction.loggedFromClient),
  ac: number(({ process: whole }) => whole.connections),
  b: text((transaction) => (transaction.backend ?? transaction.frontend).name),
  bc: number((transaction) => transaction.backend?.counters.current ?? 0),
  bi: address(({ serverLink }) => serverLink?.source),
  bp: port(({ serverLink }) => serverLink?.source),
  bq: number((transaction) => transaction.backendQueue),
  ci: address(source),
  cp: port(source),
  f: text((transaction) => transaction.frontend.name),
  fc: number((transaction) => transaction.frontend.counters.current),
  fi: address(destination),
  fp: port(destination),
  ft: text((transaction) => transaction.frontend.name),
  hr: captures(REQUEST),
  hrl: captureWords(REQUEST),
  hs: captures(RESPONSE),
  hsl: captureWords(RESPONSE),
  ID: text((transaction) => transaction.uniqueId),
  lc: number(({ frontend }) => frontend.logLines, 4),
  ms: {
    kind: 'number',
    value: (transaction) => String(Math.floor(acceptDate(transaction)) % 1000).padStart(3, '0'),
    hex: (transaction) => upperHex(Math.floor(acceptDate(transaction)) % 1000, 2),
    verbatim: true,
  },
  pid: number(() => process.pid, 4),
  r: text(requestLine, true),
  rc: {
    kind: 'number',
    value: (transaction) => (transaction.redispatched ? `+${transaction.retries}` : transaction.retries),
    verbatim: true,
  },
  rt: number((transaction) => transaction.id, 4),
  s: text((transaction) => transaction.agent ?? transaction.server?.name ?? '<NOSRV>'),
  sc: number((transaction) => transaction.server?.counters.current ?? 0),
  si: address(server),
  sp: port(server),
  sq: number((transaction) => transaction.serverQueue),
  sslc: text(() => undefined),
  sslv: text(() => undefined),
  t: plain((transaction) => localDateWithMilliseconds(acceptDate(transaction))),
  tr: plain((transaction) => localDateWithMilliseconds(requestDate(transaction)), true),
  trg: plain((transaction) => utcDate(requestDate(transaction)), true),
  trl: plain((transaction) => localDate(requestDate(transaction)), true),
  ts: plain((transaction) => transaction.termination.slice(0, 2)),
  tsc: plain((transaction) => transaction.termination),
};
