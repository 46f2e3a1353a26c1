const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

/** The parts of a broken-down time, local or UTC. */
interface Parts {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly weekday: number;
  /** Days since the first of January. */
  readonly yearDay: number;
  readonly epoch: number;
  /** Minutes east of Greenwich, and the zone's name. */
  readonly offset: number;
  readonly zone: string;
}

function partsOf(seconds: number, zone: 'local' | 'utc'): Parts {
  const date = new Date(seconds * 1000);
  const offset = zone === 'utc' ? 0 : -date.getTimezoneOffset();
  const shifted = new Date(date.getTime() + offset * 60_000);
  const year = shifted.getUTCFullYear();
  const midnight = Date.UTC(year, shifted.getUTCMonth(), shifted.getUTCDate());
  return {
    year,
    month: shifted.getUTCMonth(),
    day: shifted.getUTCDate(),
    hour: shifted.getUTCHours(),
    minute: shifted.getUTCMinutes(),
    second: shifted.getUTCSeconds(),
    weekday: shifted.getUTCDay(),
    yearDay: Math.round((midnight - Date.UTC(year, 0, 1)) / 86_400_000),
    epoch: seconds,
    offset,
    zone: zone === 'utc' ? 'GMT' : zoneName(date),
  };
}

function zoneName(date: Date): string {
  const parts = new Intl.DateTimeFormat('en-US', { timeZoneName: 'short' }).formatToParts(date);
  return parts.find((part) => part.type === 'timeZoneName')?.value ?? 'UTC';
}

/** Year and week of ISO 8601: weeks begin on Monday, the first has the year's first Thursday. */
function isoWeek(parts: Parts): readonly [year: number, week: number] {
  const thursday = parts.yearDay + 3 - ((parts.weekday + 6) % 7);
  const length = daysIn(parts.year);
  if (thursday < 0) return [parts.year - 1, Math.floor((thursday + daysIn(parts.year - 1)) / 7) + 1];
  if (thursday >= length) return [parts.year + 1, 1];
  return [parts.year, Math.floor(thursday / 7) + 1];
}

const daysIn = (year: number): number => (Date.UTC(year + 1, 0, 1) - Date.UTC(year, 0, 1)) / 86_400_000;

interface Field {
  readonly value: number | string;
  readonly width: number;
  readonly pad: '0' | ' ' | '';
}

const number = (value: number, width: number, pad: '0' | ' ' = '0'): Field => ({ value, width, pad });
const text = (value: string): Field => ({ value, width: 0, pad: ' ' });
const twelve = (hour: number): number => (hour % 12 === 0 ? 12 : hour % 12);

function fieldOf(conversion: string, parts: Parts): Field | undefined {
  const inner = (template: string): Field => text(format(template, parts));
  switch (conversion) {
    case 'a':
      return text(DAYS[parts.weekday]!.slice(0, 3));
    case 'A':
      return text(DAYS[parts.weekday]!);
    case 'b':
    case 'h':
      return text(MONTHS[parts.month]!.slice(0, 3));
    case 'B':
      return text(MONTHS[parts.month]!);
    case 'c':
      return inner('%a %b %e %H:%M:%S %Y');
    case 'C':
      return number(Math.floor(parts.year / 100), 2);
    case 'd':
      return number(parts.day, 2);
    case 'D':
    case 'x':
      return inner('%m/%d/%y');
    case 'e':
      return number(parts.day, 2, ' ');
    case 'F':
      return inner('%Y-%m-%d');
    case 'g':
      return number(isoWeek(parts)[0] % 100, 2);
    case 'G':
      return number(isoWeek(parts)[0], 1);
    case 'H':
      return number(parts.hour, 2);
    case 'I':
      return number(twelve(parts.hour), 2);
    case 'j':
      return number(parts.yearDay + 1, 3);
    case 'k':
      return number(parts.hour, 2, ' ');
    case 'l':
      return number(twelve(parts.hour), 2, ' ');
    case 'm':
      return number(parts.month + 1, 2);
    case 'M':
      return number(parts.minute, 2);
    case 'n':
      return text('\n');
    case 'p':
      return text(parts.hour < 12 ? 'AM' : 'PM');
    case 'P':
      return text(parts.hour < 12 ? 'am' : 'pm');
    case 'r':
      return inner('%I:%M:%S %p');
    case 'R':
      return inner('%H:%M');
    case 's':
      return number(parts.epoch, 1);
    case 'S':
      return number(parts.second, 2);
    case 't':
      return text('\t');
    case 'T':
    case 'X':
      return inner('%H:%M:%S');
    case 'u':
      return number(parts.weekday === 0 ? 7 : parts.weekday, 1);
    case 'U':
      return number(Math.floor((parts.yearDay + 7 - parts.weekday) / 7), 2);
    case 'V':
      return number(isoWeek(parts)[1], 2);
    case 'w':
      return number(parts.weekday, 1);
    case 'W':
      return number(Math.floor((parts.yearDay + 7 - ((parts.weekday + 6) % 7)) / 7), 2);
    case 'y':
      return number(((parts.year % 100) + 100) % 100, 2);
    case 'Y':
      return number(parts.year, 1);
    case 'z': {
      const size = Math.abs(parts.offset);
      const digits = String(Math.floor(size / 60) * 100 + (size % 60)).padStart(4, '0');
      return text(`${parts.offset < 0 ? '-' : '+'}${digits}`);
    }
    case 'Z':
      return text(parts.zone);
    case '%':
      return text('%');
    default:
      return undefined;
  }
}

/** `%`, flags, a width, a modifier and the conversion, as glibc has them. */
const CONVERSION = /%([-_0^#]*)([0-9]*)[EO]?([a-zA-Z%])/g;

function format(template: string, parts: Parts): string {
  return template.replace(CONVERSION, (whole, flags: string, width: string, conversion: string) => {
    const field = fieldOf(conversion, parts);
    if (!field) return whole;
    const pad = flags.includes('-')
      ? ''
      : flags.includes('_')
        ? ' '
        : flags.includes('0') || (width !== '' && typeof field.value === 'number')
          ? '0'
          : field.pad;
    const padded = String(field.value).padStart(pad === '' ? 0 : Number(width || field.width), pad);
    return flags.includes('^') ? padded.toUpperCase() : padded;
  });
}

/** Formats a time as strftime(3) does in the C locale. `seconds` are since 1970. */
export function strftime(template: string, seconds: number, zone: 'local' | 'utc'): string {
  return format(template, partsOf(seconds, zone));
}
