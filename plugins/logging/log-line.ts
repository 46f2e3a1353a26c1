import type { Names, Scope, Words } from 'sluice/plugin';
import type { LogProfile } from './profile.ts';
import type { RingSection } from './ring-section.ts';
import { DEBUG, EMERGENCY, FACILITIES, HEADER_FORMATS, LEVELS, type HeaderFormat } from './syslog.ts';
import { parseTarget, type Target } from './target.ts';

/** One `log` line. */
export interface LogLine {
  readonly target: Target;
  /** The target as written. */
  readonly written: string;
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
  /** Lines are made as a profile says; found when all sections have been read. */
  readonly profiled: boolean;
  profile: LogProfile | undefined;
  ring: RingSection | undefined;
}

/** Of every `size` lines those at the marked places are sent. */
export interface Sample {
  readonly size: number;
  readonly picked: readonly boolean[];
}

/** Reads what follows `log`, not being `global`. HAProxy wants `len`, `format` and `sample` in this order; any order will do. */
export function parseLogLine(words: Words, scope: Scope): LogLine {
  if (words.remaining < 2) words.fail('expects <address> and <facility> or global as arguments');
  const written = words.next('an address');
  const target = parseTarget(written, words);
  let length = 1024;
  let format: HeaderFormat | undefined;
  let sample: Sample | undefined;
  let profile: string | undefined;
  for (;;) {
    const option = words.optional('len', 'format', 'sample', 'profile');
    if (option === undefined) break;
    if (option === 'len') length = words.integer('a log length', { min: 80, max: 65535 });
    else if (option === 'format') format = words.oneOf('a log format', HEADER_FORMATS);
    else if (option === 'sample') sample = parseSample(words.next('a sample, <ranges>:<size>'), words);
    else profile = words.next('the name of a log-profile');
  }
  const facility = FACILITIES.indexOf(words.oneOf('a log facility', FACILITIES));
  const least = words.remaining > 0 ? LEVELS.indexOf(words.oneOf('a log level', LEVELS)) : DEBUG;
  const cap = words.remaining > 0 ? LEVELS.indexOf(words.oneOf('a minimum log level', LEVELS)) : EMERGENCY;
  words.end();
  const line: LogLine = {
    target,
    written,
    length,
    format,
    facility,
    least,
    cap,
    sample,
    profiled: profile !== undefined,
    profile: undefined,
    ring: undefined,
  };
  if (profile !== undefined || target.kind === 'ring') scope.later((names) => resolve(line, profile, names, words));
  return line;
}

/** Looks up what the line names. */
function resolve(line: LogLine, profile: string | undefined, names: Names, words: Words): void {
  if (profile !== undefined) {
    line.profile = names.section<LogProfile>('log-profile', profile);
    if (line.profile === undefined) words.fail(`there is no log-profile '${profile}'`);
  }
  if (line.target.kind !== 'ring') return;
  line.ring = names.section<RingSection>('ring', line.target.name);
  if (line.ring === undefined) words.fail(`there is no ring '${line.target.name}'`);
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
