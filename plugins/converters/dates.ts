import { type Arguments, type Integer, parseWholeInteger, pure } from 'sluice/plugin';
import { type Convert, type ConverterTable, converter, simple } from './define.ts';
import { strftime } from './strftime.ts';

const PER_SECOND = { s: 1n, ms: 1000n, us: 1_000_000n } as const;
type Unit = keyof typeof PER_SECOND;

interface Moment {
  readonly seconds: number;
  readonly nanoseconds: number;
}

/** Cuts a count of units since 1970 into seconds and the rest; undefined outside what a date can be. */
function momentOf(value: Integer, offset: bigint, unit: Unit): Moment | undefined {
  const per = PER_SECOND[unit];
  const count = BigInt(value) + offset;
  let seconds = count / per;
  if (count % per < 0n) seconds--;
  if (seconds < -8_640_000_000_000n || seconds > 8_640_000_000_000n) return undefined;
  return { seconds: Number(seconds), nanoseconds: Number((count - seconds * per) * (1_000_000_000n / per)) };
}

function formatter(zone: 'local' | 'utc', unit: Unit): (args: Arguments) => Convert {
  return (args) => {
    const template = args.text(0);
    const offset = BigInt(args.optionalText(1) ?? '0');
    return pure((value) => {
      const moment = momentOf(value as Integer, offset, unit);
      if (!moment) return undefined;
      const nanoseconds = String(moment.nanoseconds).padStart(9, '0');
      const filled =
        unit === 's'
          ? template
          : template.replace(/%([0-9]?)N/g, (_, width: string) => nanoseconds.slice(0, Number(width || 9)));
      return strftime(filled, moment.seconds, zone);
    });
  };
}

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const two = (value: number): string => String(value).padStart(2, '0');

/** RFC 9110 section 5.6.7; fractions of a second as the unit has them. */
function httpDate(args: Arguments): Convert {
  const unit = args.optionalText(1) ?? 's';
  if (unit !== 's' && unit !== 'ms' && unit !== 'us') return args.fail(`expects 's', 'ms' or 'us', got '${unit}'`);
  const offset = BigInt(parseWholeInteger(args.optionalText(0) ?? '0') ?? 0);
  const digits = { s: 0, ms: 3, us: 6 }[unit];
  return pure((value) => {
    const moment = momentOf(value as Integer, offset, unit);
    if (!moment) return undefined;
    const date = new Date(moment.seconds * 1000);
    const fraction = digits === 0 ? '' : `.${String(moment.nanoseconds).padStart(9, '0').slice(0, digits)}`;
    return (
      `${DAYS[date.getUTCDay()]}, ${two(date.getUTCDate())} ${MONTHS[date.getUTCMonth()]} ${String(date.getUTCFullYear()).padStart(4, '0')} ` +
      `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}${fraction} GMT`
    );
  });
}

/** The three forms of RFC 9110 section 5.6.7: IMF-fixdate, RFC 850 and asctime. */
const FORMS: readonly RegExp[] = [
  /^[A-Z][a-z]{2}, (?<day>\d{2}) (?<month>[A-Z][a-z]{2}) (?<year>\d{4}) (?<time>\d{2}:\d{2}:\d{2}) GMT$/,
  /^[A-Z][a-z]{5,8}, (?<day>\d{2})-(?<month>[A-Z][a-z]{2})-(?<year>\d{2}) (?<time>\d{2}:\d{2}:\d{2}) GMT$/,
  /^[A-Z][a-z]{2} (?<month>[A-Z][a-z]{2}) (?<day>[ \d]\d) (?<time>\d{2}:\d{2}:\d{2}) (?<year>\d{4})$/,
];

function parseHttpDate(text: string): number | undefined {
  for (const form of FORMS) {
    const { day, month, year, time } = form.exec(text)?.groups ?? {};
    const index = MONTHS.indexOf(month ?? '');
    if (index < 0) continue;
    const [hours, minutes, seconds] = time!.split(':').map(Number) as [number, number, number];
    // Two digits: the century that puts the date less than 50 years ahead.
    const full = year!.length === 4 ? Number(year) : Number(year) + (Number(year) < 70 ? 2000 : 1900);
    return Date.UTC(full, index, Number(day), hours, minutes, seconds) / 1000;
  }
  return undefined;
}

/** Converters of dates. configuration.txt 7.3.1. */
export const dateConverters: ConverterTable = {
  ...converter(
    'ltime',
    'string,[integer]',
    'sint => str',
    'Seconds since 1970 as local time.',
    formatter('local', 's'),
  ),
  ...converter('utime', 'string,[integer]', 'sint => str', 'Seconds since 1970 as UTC.', formatter('utc', 's')),
  ...converter(
    'ms_ltime',
    'string,[integer]',
    'sint => str',
    'Milliseconds since 1970 as local time.',
    formatter('local', 'ms'),
  ),
  ...converter(
    'ms_utime',
    'string,[integer]',
    'sint => str',
    'Milliseconds since 1970 as UTC.',
    formatter('utc', 'ms'),
  ),
  ...converter(
    'us_ltime',
    'string,[integer]',
    'sint => str',
    'Microseconds since 1970 as local time.',
    formatter('local', 'us'),
  ),
  ...converter(
    'us_utime',
    'string,[integer]',
    'sint => str',
    'Microseconds since 1970 as UTC.',
    formatter('utc', 'us'),
  ),
  ...converter('http_date', '[integer],[string]', 'sint => str', "A date as HTTP's fields have it.", httpDate),
  ...simple('date', 'str => sint', "What a date of HTTP's fields means, in seconds since 1970.", parseHttpDate),
};
