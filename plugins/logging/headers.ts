import { hostname } from 'node:os';
import type { HeaderFormat } from './syslog.ts';

/** What a header says of where the line comes from. */
export interface Origin {
  /** `log-tag`. */
  readonly tag: string;
  /** `log-send-hostname`; undefined: not sent, where the format can do without. */
  readonly host: string | undefined;
  readonly pid: number;
}

/**
 * Makes the part before the message. `now` is in milliseconds since 1970; `data` is the structured data, which rfc5424
 * alone has room for.
 */
export type Header = (level: number, now: number, data: string | undefined) => string;

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

export function header(format: HeaderFormat, facility: number, origin: Origin): Header {
  const base = facility * 8;
  const process = `${origin.tag}[${origin.pid}]: `;
  switch (format) {
    case 'raw':
      return () => '';
    case 'short':
      return (level) => `<${level}>`;
    case 'priority':
      return (level) => `<${base + level}>`;
    case 'iso':
      return (_level, now) => `${isoTime(now)} `;
    case 'timed':
      return (level, now) => `<${level}>${isoTime(now)} `;
    case 'local':
      return (level, now) => `<${base + level}>${bsdTime(now)} ${process}`;
    case 'rfc3164': {
      // Without log-send-hostname HAProxy says this, whatever the machine's name.
      const host = origin.host ?? 'localhost';
      return (level, now) => `<${base + level}>${bsdTime(now)} ${host} ${process}`;
    }
    default: {
      const middle = `${origin.host ?? '-'} ${origin.tag} ${origin.pid} -`;
      return (level, now, data) => `<${base + level}>1 ${isoTime(now)} ${middle} ${data || '-'} `;
    }
  }
}

/** Clocks for whole seconds, remembered: lines come many to a second. */
let bsdSecond = -1;
let bsdText = '';
let isoSecond = -1;
let isoText = '';
let isoZone = '';

/** `Nov  1 02:12:25`, local time; RFC 3164 section 4.1.2. */
function bsdTime(now: number): string {
  const second = Math.floor(now / 1000);
  if (second !== bsdSecond) {
    const date = new Date(now);
    bsdSecond = second;
    bsdText = `${MONTHS[date.getMonth()]} ${String(date.getDate()).padStart(2)} ${clock(date)}`;
  }
  return bsdText;
}

/** `2026-11-21T02:12:25.400572+00:00`, local time; RFC 5424 section 6.2.3. The clock of a log line ends at milliseconds. */
function isoTime(now: number): string {
  const second = Math.floor(now / 1000);
  if (second !== isoSecond) {
    const date = new Date(now);
    const west = date.getTimezoneOffset();
    const ahead = Math.abs(west);
    isoSecond = second;
    isoText = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}T${clock(date)}`;
    isoZone = `${west > 0 ? '-' : '+'}${two(Math.floor(ahead / 60))}:${two(ahead % 60)}`;
  }
  return `${isoText}.${String(Math.floor(now) % 1000).padStart(3, '0')}000${isoZone}`;
}

function clock(date: Date): string {
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

function two(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}

/** The name that `log-send-hostname` sends when it has no argument. */
export function ownHost(): string {
  return hostname();
}
