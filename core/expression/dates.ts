const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

const two = (value: number): string => (value < 10 ? `0${value}` : String(value));
const three = (value: number): string => String(value).padStart(3, '0');

/** Formats whole seconds and keeps the last answer: a busy log asks for the same second again and again. */
function perSecond(format: (date: Date) => string): (milliseconds: number) => string {
  let second = Number.NaN;
  let text = '';
  return (milliseconds) => {
    const asked = Math.floor(milliseconds / 1000);
    if (asked !== second) {
      second = asked;
      text = format(new Date(asked * 1000));
    }
    return text;
  };
}

const localSecond = perSecond(
  (date) =>
    `${two(date.getDate())}/${MONTHS[date.getMonth()]!}/${date.getFullYear()}:` +
    `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`,
);

/** `+0100` of the process's time zone at that moment. */
export function zoneOffset(date: Date): string {
  const minutes = -date.getTimezoneOffset();
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}${two(size % 60)}`;
}

/** `24/Jul/2026:08:01:02.345` in the process's time zone: `%t` and `%tr`. */
export function localDateWithMilliseconds(milliseconds: number): string {
  return `${localSecond(milliseconds)}.${three(Math.floor(milliseconds) % 1000)}`;
}

/** `24/Jul/2026:06:01:02 +0000`: `%T` and `%trg`. */
export const utcDate: (milliseconds: number) => string = perSecond(
  (date) =>
    `${two(date.getUTCDate())}/${MONTHS[date.getUTCMonth()]!}/${date.getUTCFullYear()}:` +
    `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} +0000`,
);

/** `24/Jul/2026:08:01:02 +0200`: `%Tl` and `%trl`. */
export const localDate: (milliseconds: number) => string = perSecond(
  (date) => `${localSecond(date.getTime())} ${zoneOffset(date)}`,
);
