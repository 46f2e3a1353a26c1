/** C's strftime and mktime, for `os.date` and `os.time`, in the C locale. */
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

export interface BrokenTime {
  readonly year: number;
  /** 0 to 11. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  /** 0: Sunday. */
  readonly weekday: number;
  /** 0 to 365. */
  readonly yearday: number;
  readonly summer: boolean;
  /** Minutes east of Greenwich. */
  readonly offset: number;
  readonly zone: string;
  readonly seconds: number;
}

function dayOfYear(year: number, month: number, day: number): number {
  return Math.round((Date.UTC(2000 + (year % 400), month, day) - Date.UTC(2000 + (year % 400), 0, 1)) / 86_400_000);
}

/** Summer time is what lies east of the year's other offset. */
function isSummer(date: Date): boolean {
  const year = date.getFullYear();
  const january = new Date(year, 0, 1).getTimezoneOffset();
  const july = new Date(year, 6, 1).getTimezoneOffset();
  return january !== july && date.getTimezoneOffset() === Math.min(january, july);
}

function zoneName(date: Date): string {
  const parts = new Intl.DateTimeFormat('en-GB', { timeZoneName: 'short' }).formatToParts(date);
  return parts.find((part) => part.type === 'timeZoneName')?.value ?? '';
}

/** Undefined for a time that JavaScript's dates cannot express. */
export function breakTime(seconds: number, utc: boolean): BrokenTime | undefined {
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return undefined;
  if (utc) {
    const year = date.getUTCFullYear();
    const month = date.getUTCMonth();
    const day = date.getUTCDate();
    return {
      year,
      month,
      day,
      hour: date.getUTCHours(),
      minute: date.getUTCMinutes(),
      second: date.getUTCSeconds(),
      weekday: date.getUTCDay(),
      yearday: dayOfYear(year, month, day),
      summer: false,
      offset: 0,
      zone: 'GMT',
      seconds,
    };
  }
  const year = date.getFullYear();
  const month = date.getMonth();
  const day = date.getDate();
  return {
    year,
    month,
    day,
    hour: date.getHours(),
    minute: date.getMinutes(),
    second: date.getSeconds(),
    weekday: date.getDay(),
    yearday: dayOfYear(year, month, day),
    summer: isSummer(date),
    offset: -date.getTimezoneOffset(),
    zone: zoneName(date),
    seconds,
  };
}

/** Local time to seconds; what is out of range is carried over. Undefined if no date has it. */
export function makeTime(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
  summer: boolean | undefined,
): number | undefined {
  const date = new Date(2000, 0, 1);
  date.setFullYear(year, month, day);
  date.setHours(hour, minute, second, 0);
  let seconds = date.getTime() / 1000;
  if (Number.isNaN(seconds)) return undefined;
  if (summer === true && !isSummer(date)) seconds -= 3600;
  else if (summer === false && isSummer(date)) seconds += 3600;
  return seconds;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

/** ISO 8601 week and the year it belongs to. */
function isoWeek(time: BrokenTime): [year: number, week: number] {
  const weekday = (time.weekday + 6) % 7;
  const week = Math.floor((time.yearday - weekday + 10) / 7);
  if (week < 1) {
    const before = time.year - 1;
    const days = dayOfYear(before, 11, 31) + 1;
    return [before, Math.floor((time.yearday + days - weekday + 10) / 7)];
  }
  const days = dayOfYear(time.year, 11, 31) + 1;
  if (week === 53 && time.yearday - weekday + 3 >= days) return [time.year + 1, 1];
  return [time.year, week];
}

const CONVERSIONS: Readonly<Record<string, (time: BrokenTime) => string>> = {
  a: (time) => DAYS[time.weekday]!.slice(0, 3),
  A: (time) => DAYS[time.weekday]!,
  b: (time) => MONTHS[time.month]!.slice(0, 3),
  B: (time) => MONTHS[time.month]!,
  c: (time) => strftime('%a %b %e %H:%M:%S %Y', time)!,
  C: (time) => two(Math.floor(time.year / 100)),
  d: (time) => two(time.day),
  D: (time) => strftime('%m/%d/%y', time)!,
  e: (time) => String(time.day).padStart(2, ' '),
  F: (time) => strftime('%Y-%m-%d', time)!,
  g: (time) => two(isoWeek(time)[0] % 100),
  G: (time) => String(isoWeek(time)[0]),
  h: (time) => MONTHS[time.month]!.slice(0, 3),
  H: (time) => two(time.hour),
  I: (time) => two(time.hour % 12 === 0 ? 12 : time.hour % 12),
  j: (time) => String(time.yearday + 1).padStart(3, '0'),
  m: (time) => two(time.month + 1),
  M: (time) => two(time.minute),
  n: () => '\n',
  p: (time) => (time.hour < 12 ? 'AM' : 'PM'),
  r: (time) => strftime('%I:%M:%S %p', time)!,
  R: (time) => strftime('%H:%M', time)!,
  s: (time) => String(time.seconds),
  S: (time) => two(time.second),
  t: () => '\t',
  T: (time) => strftime('%H:%M:%S', time)!,
  u: (time) => String(time.weekday === 0 ? 7 : time.weekday),
  U: (time) => two(Math.floor((time.yearday + 7 - time.weekday) / 7)),
  V: (time) => two(isoWeek(time)[1]),
  w: (time) => String(time.weekday),
  W: (time) => two(Math.floor((time.yearday + 7 - ((time.weekday + 6) % 7)) / 7)),
  x: (time) => strftime('%m/%d/%y', time)!,
  X: (time) => strftime('%H:%M:%S', time)!,
  y: (time) => two(((time.year % 100) + 100) % 100),
  Y: (time) => String(time.year),
  z: (time) => {
    const minutes = Math.abs(time.offset);
    return `${time.offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}${two(minutes % 60)}`;
  },
  Z: (time) => time.zone,
  '%': () => '%',
};

/** C99's conversions behind E and O, which the C locale has no other forms for. */
const WITH_E = 'cCxXyY';
const WITH_O = 'deHImMSuUVwWy';

/** Undefined, and the conversion, where there is none of that name. */
export function strftime(
  format: string,
  time: BrokenTime,
  wrong: { conversion: string } = { conversion: '' },
): string | undefined {
  let text = '';
  for (let at = 0; at < format.length; at++) {
    if (format[at] !== '%') {
      text += format[at];
      continue;
    }
    let letter = format[++at] ?? '';
    if (letter === 'E' || letter === 'O') {
      const modifier = letter;
      letter = format[at + 1] ?? '';
      if (letter === '' || !(modifier === 'E' ? WITH_E : WITH_O).includes(letter)) {
        wrong.conversion = `%${modifier}${letter}`;
        return undefined;
      }
      at++;
    }
    const convert = letter === 's' ? undefined : CONVERSIONS[letter];
    if (convert === undefined) {
      wrong.conversion = `%${letter}`;
      return undefined;
    }
    text += convert(time);
  }
  return text;
}
