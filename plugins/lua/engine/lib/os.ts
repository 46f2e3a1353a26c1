/** The os library (manual 6.9). `os.exit` is refused: a script must not end the proxy. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, renameSync, rmdirSync, statSync, unlinkSync, writeFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Call } from '../call.ts';
import type { HostFunction } from '../engine.ts';
import { toInteger, toNumber } from '../numbers.ts';
import { toBytes } from '../protect.ts';
import { ABSENT, NIL } from '../values.ts';
import { breakTime, makeTime, strftime } from './date.ts';
import { pushFailure, pushStatus } from './io.ts';

const INT_MAX = 2 ** 31 - 1;

function bytesOf(name: string): Buffer {
  return Buffer.from(name, 'latin1');
}

/** A field of a date table, as an int of C less `delta`. */
function field(call: Call, name: string, fallback: number, delta: number): number {
  call.pushString(name);
  call.index(1);
  const slot = call.slot(-1);
  const value = toInteger(slot);
  if (value === undefined) {
    if (slot.type !== NIL || toNumber(slot) !== undefined) call.fail(`field '${name}' is not an integer`);
    if (fallback < 0) call.fail(`field '${name}' missing in date table`);
    call.pop();
    return fallback;
  }
  if (value < -INT_MAX || value > INT_MAX) call.fail(`field '${name}' is out-of-bound`);
  call.pop();
  return Number(value) - delta;
}

function setFields(call: Call, seconds: number, utc: boolean): void {
  const time = breakTime(seconds, utc)!;
  const fields = {
    sec: time.second,
    min: time.minute,
    hour: time.hour,
    day: time.day,
    month: time.month + 1,
    year: time.year,
    wday: time.weekday + 1,
    yday: time.yearday + 1,
  };
  for (const [name, value] of Object.entries(fields)) {
    call.pushInteger(value);
    call.setField(-2, name);
  }
  call.pushBoolean(time.summer);
  call.setField(-2, 'isdst');
}

function remove(call: Call): number {
  const name = call.string(1);
  try {
    const path = bytesOf(name);
    if (statSync(path).isDirectory()) rmdirSync(path);
    else unlinkSync(path);
  } catch (error) {
    return pushFailure(call, error, name);
  }
  call.pushBoolean(true);
  return 1;
}

export const osFunctions: Readonly<Record<string, HostFunction>> = {
  clock(call) {
    const { user, system } = process.cpuUsage();
    call.pushFloat((user + system) / 1e6);
    return 1;
  },
  date(given) {
    const call = given as Call;
    let format = call.optionalString(1, '%c');
    const seconds = call.slot(2).type === NIL ? Math.floor(Date.now() / 1000) : call.int(2);
    const utc = format.startsWith('!');
    if (utc) format = format.slice(1);
    const time = breakTime(seconds, utc);
    if (time === undefined) return call.fail('time result cannot be represented in this installation');
    if (format.startsWith('*t')) {
      call.newTable();
      setFields(call, seconds, utc);
      return 1;
    }
    const wrong = { conversion: '' };
    const text = strftime(format, time, wrong);
    if (text === undefined) return call.failArgument(1, `invalid conversion specifier '${wrong.conversion}'`);
    call.pushString(toBytes(text));
    return 1;
  },
  difftime(call) {
    call.pushFloat(call.int(1) - call.int(2));
    return 1;
  },
  execute(given) {
    const call = given as Call;
    if (call.slot(1).type === NIL) {
      call.pushBoolean(true);
      return 1;
    }
    const done = spawnSync('/bin/sh', ['-c', bytesOf(call.string(1)).toString()], { stdio: 'inherit' });
    return pushStatus(call, done.signal === null ? 'exit' : 'signal', done.signal === null ? (done.status ?? 1) : 15);
  },
  exit: (call) => call.fail('os.exit is not possible here: it would end the proxy'),
  getenv(call) {
    const value = process.env[bytesOf(call.string(1)).toString()];
    if (value === undefined) call.pushNil();
    else call.pushString(toBytes(value));
    return 1;
  },
  remove: (call) => remove(call as Call),
  rename(given) {
    const call = given as Call;
    const from = call.string(1);
    try {
      renameSync(bytesOf(from), bytesOf(call.string(2)));
    } catch (error) {
      return pushFailure(call, error, from);
    }
    call.pushBoolean(true);
    return 1;
  },
  setlocale(given) {
    const call = given as Call;
    const locale = call.optionalString(1, undefined);
    const category = call.optionalString(2, 'all');
    if (!['all', 'collate', 'ctype', 'monetary', 'numeric', 'time'].includes(category))
      call.failArgument(2, `invalid option '${category}'`);
    if (locale === undefined || locale === '' || locale === 'C' || locale === 'POSIX') call.pushString('C');
    else call.pushNil();
    return 1;
  },
  time(given) {
    const call = given as Call;
    if (call.slot(1) === ABSENT || call.slot(1).type === NIL) {
      call.pushInteger(Math.floor(Date.now() / 1000));
      return 1;
    }
    if (call.kind(1) !== 'table') call.expected(1, 'table');
    call.count = 1;
    const second = field(call, 'sec', 0, 0);
    const minute = field(call, 'min', 0, 0);
    const hour = field(call, 'hour', 12, 0);
    const day = field(call, 'day', -1, 0);
    const month = field(call, 'month', -1, 1);
    const year = field(call, 'year', -1, 0);
    call.pushString('isdst');
    call.index(1);
    const summer = call.slot(-1).type === NIL ? undefined : call.boolean(-1);
    call.pop();
    const seconds = makeTime(year, month, day, hour, minute, second, summer);
    if (seconds === undefined) return call.fail('time result cannot be represented in this installation');
    setFields(call, seconds, false);
    call.pushInteger(seconds);
    return 1;
  },
  tmpname(call) {
    const folder = mkdtempSync(join(tmpdir(), 'lua_'));
    const name = `${folder}.tmp`;
    writeFileSync(name, '', { mode: 0o600 });
    rmSync(folder, { recursive: true });
    call.pushString(toBytes(name));
    return 1;
  },
};
