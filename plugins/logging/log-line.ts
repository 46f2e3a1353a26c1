import type { Words } from 'sluice/plugin';
import { DEBUG, EMERGENCY, FACILITIES, HEADER_FORMATS, LEVELS, type HeaderFormat } from './syslog.ts';
import { parseTarget, type Target } from './target.ts';

/** One `log` line. */
export interface LogLine {
  readonly target: Target;
  /** Bytes of a line at the most, its header and its newline counted. */
  readonly length: number;
  /** Undefined: `local`, or `rfc3164` with log-send-hostname. */
  readonly format: HeaderFormat | undefined;
  readonly facility: number;
  /** Lines less severe (of a higher number) are left out. */
  readonly least: number;
  /** Lines more severe are sent as this. */
  readonly cap: number;
  readonly sample: Sample | undefined;
}

/** Of every `size` lines those at the marked places are sent. */
export interface Sample {
  readonly size: number;
  readonly picked: readonly boolean[];
}

/** Reads what follows `log`, not being `global`. HAProxy wants `len`, `format` and `sample` in this order; any order will do. */
export function parseLogLine(words: Words): LogLine {
  if (words.remaining < 2) words.fail('expects <address> and <facility> or global as arguments');
  const target = parseTarget(words.next('an address'), words);
  let length = 1024;
  let format: HeaderFormat | undefined;
  let sample: Sample | undefined;
  for (;;) {
    const option = words.optional('len', 'format', 'sample', 'profile');
    if (option === undefined) break;
    if (option === 'len') length = words.integer('a log length', { min: 80, max: 65535 });
    else if (option === 'format') format = words.oneOf('a log format', HEADER_FORMATS);
    else if (option === 'sample') sample = parseSample(words.next('a sample, <ranges>:<size>'), words);
    else words.fail(`'profile' is not built yet`);
  }
  const facility = FACILITIES.indexOf(words.oneOf('a log facility', FACILITIES));
  const least = words.remaining > 0 ? LEVELS.indexOf(words.oneOf('a log level', LEVELS)) : DEBUG;
  const cap = words.remaining > 0 ? LEVELS.indexOf(words.oneOf('a minimum log level', LEVELS)) : EMERGENCY;
  words.end();
  return { target, length, format, facility, least, cap, sample };
}

function parseSample(text: string, words: Words): Sample {
  const [ranges = '', size = ''] = text.split(':', 2);
  if (!/^[1-9]\d{0,6}$/.test(size)) words.fail(`wrong sample size '${size}' for sample range '${ranges}'`);
  const picked = Array.from({ length: Number(size) }, () => false);
  for (const range of ranges.split(',')) {
    const [, first, last = first] = /^([1-9]\d{0,6})(?:-([1-9]\d{0,6}))?$/.exec(range) ?? [];
    if (first === undefined || Number(last) < Number(first)) words.fail(`wrong sample range '${range}'`);
    if (Number(last) > picked.length)
      words.fail(`sample size ${size} should be greater or equal to ${last} the maximum of the high ranges limits`);
    for (let place = Number(first); place <= Number(last); place++) {
      if (picked[place - 1]) words.fail('ranges are overlapping');
      picked[place - 1] = true;
    }
  }
  return { size: picked.length, picked };
}
