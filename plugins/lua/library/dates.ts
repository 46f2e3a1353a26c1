import type { HostFunction } from '../engine/engine.ts';
import type { World } from '../world.ts';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const MONTH = `(${MONTHS.join('|')})`;
const TIME = '(\\d\\d):(\\d\\d):(\\d\\d)';

/** The three forms of RFC 9110 5.6.7. */
const IMF = new RegExp(`^(?:Sun|Mon|Tue|Wed|Thu|Fri|Sat), (\\d\\d) ${MONTH} (\\d{4}) ${TIME} GMT$`);
const RFC850 = new RegExp(
  `^(?:Sunday|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday), (\\d\\d)-${MONTH}-(\\d\\d) ${TIME} GMT$`,
);
const ASCTIME = new RegExp(`^(?:Sun|Mon|Tue|Wed|Thu|Fri|Sat) ${MONTH} ([ \\d]\\d) ${TIME} (\\d{4})$`);

type Reader = (text: string) => number | undefined;

function seconds(year: number, month: string, day: string, ...time: readonly string[]): number | undefined {
  const [hour, minute, second] = time.map(Number) as [number, number, number];
  const at = Date.UTC(year, MONTHS.indexOf(month), Number(day), hour, minute, second);
  const valid = hour < 24 && minute < 60 && second <= 60 && new Date(at).getUTCDate() === Number(day);
  return valid ? at / 1000 : undefined;
}

const imf: Reader = (text) => {
  const [whole, day, month, year, ...time] = IMF.exec(text) ?? [];
  return whole === undefined ? undefined : seconds(Number(year), month!, day!, ...time);
};
const rfc850: Reader = (text) => {
  const [whole, day, month, year, ...time] = RFC850.exec(text) ?? [];
  if (whole === undefined) return undefined;
  // Two digits that would lie more than 50 years ahead are of the last century.
  const now = new Date().getUTCFullYear();
  const guess = Math.floor(now / 100) * 100 + Number(year);
  return seconds(guess > now + 50 ? guess - 100 : guess, month!, day!, ...time);
};
const asctime: Reader = (text) => {
  const [whole, month, day, hour, minute, second, year] = ASCTIME.exec(text) ?? [];
  return whole === undefined ? undefined : seconds(Number(year), month!, day!, hour!, minute!, second!);
};

/** `core.now` and the readers of dates, which give seconds since 1970 or nil. */
export function dates(world: World): void {
  const reader = (name: string, ...readers: readonly Reader[]): HostFunction => {
    return (call) => {
      if (call.count !== 1) call.fail(`'${name}' needs 1 arguments`);
      const text = call.string(1);
      for (const read of readers) {
        const at = read(text);
        if (at === undefined) continue;
        call.pushInteger(at);
        return 1;
      }
      call.pushNil();
      return 1;
    };
  };
  world.functions('core', {
    now(call) {
      const now = performance.timeOrigin + performance.now();
      call.newTable();
      call.pushInteger(Math.floor(now / 1000));
      call.setField(-2, 'sec');
      call.pushInteger(Math.floor((now % 1000) * 1000));
      call.setField(-2, 'usec');
      return 1;
    },
    http_date: reader('http_date', imf, rfc850, asctime),
    imf_date: reader('imf_date', imf),
    rfc850_date: reader('rfc850_date', rfc850),
    asctime_date: reader('asctime_date', asctime),
  });
}
