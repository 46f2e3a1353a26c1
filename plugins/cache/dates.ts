import type { Transaction } from 'sluice/plugin';

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const TIME = '(\\d\\d):(\\d\\d):(\\d\\d)';
const MONTH = `(${MONTHS.join('|')})`;
/** `Sun, 06 Nov 1994 08:49:37 GMT` */
const FIXDATE = new RegExp(`^(?:mon|tue|wed|thu|fri|sat|sun), (\\d\\d) ${MONTH} (\\d{4}) ${TIME} gmt$`);
/** `Sunday, 06-Nov-94 08:49:37 GMT` */
const RFC850 = new RegExp(`^(?:mon|tues|wednes|thurs|fri|satur|sun)day, (\\d\\d)-${MONTH}-(\\d\\d) ${TIME} gmt$`);
/** `Sun Nov  6 08:49:37 1994` */
const ASCTIME = new RegExp(`^(?:mon|tue|wed|thu|fri|sat|sun) ${MONTH} ([ \\d]\\d) ${TIME} (\\d{4})$`);

/** The present of the proxy, in seconds since 1970. */
export function secondsOf({ process: { clock } }: Transaction): number {
  return clock.wall() / 1000;
}

/**
 * An HTTP-date in seconds since 1970 (RFC 9110 5.6.7), in any of its three forms; undefined for anything else. Without regard to
 * case, and in no zone but GMT, as RFC 9111 4.2 asks of caches. `now` settles the century of a year of two digits.
 */
export function parseHttpDate(text: string, now: number): number | undefined {
  const lower = text.toLowerCase();
  const fix = FIXDATE.exec(lower);
  if (fix !== null) return seconds(fix[3]!, fix[2]!, fix[1]!, fix.slice(4));
  const asc = ASCTIME.exec(lower);
  if (asc !== null) return seconds(asc[6]!, asc[1]!, asc[2]!, asc.slice(3, 6));
  const old = RFC850.exec(lower);
  if (old === null) return undefined;
  const thisYear = new Date(now * 1000).getUTCFullYear();
  let year = thisYear - (thisYear % 100) + Number(old[3]);
  // More than 50 years ahead means the past (RFC 9110 5.6.7).
  if (year > thisYear + 50) year -= 100;
  return seconds(String(year), old[2]!, old[1]!, old.slice(4));
}

function seconds(year: string, month: string, day: string, time: readonly string[]): number | undefined {
  const [hour, minute, second] = time.map(Number) as [number, number, number];
  const date = Number(day);
  if (hour > 23 || minute > 59 || second > 60 || date < 1 || Number(year) < 1000) return undefined;
  const at = Date.UTC(Number(year), MONTHS.indexOf(month), date, hour, minute, second);
  // 31 February is no date.
  return new Date(at - second * 1000).getUTCDate() === date ? at / 1000 : undefined;
}

/** Seconds since 1970 as an IMF-fixdate. */
export function httpDate(at: number): string {
  return new Date(at * 1000).toUTCString();
}
