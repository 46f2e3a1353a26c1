import type { Clock, LogTap } from 'sluice/plugin';
import { header, type Header } from './headers.ts';
import type { LogLine, Sample } from './log-line.ts';
import { type LogProfile, profileAt } from './profile.ts';
import type { Emitter } from './settings.ts';
import type { Sink } from './sink.ts';
import { type HeaderFormat, LEVELS } from './syslog.ts';

/** Who hears of each line besides its target, and whose lines they are. */
export interface Listener {
  readonly proxy: string;
  readonly tap: LogTap;
}

interface Output {
  readonly sink: Sink;
  readonly written: string;
  readonly format: HeaderFormat;
  readonly facility: number;
  readonly header: Header;
  readonly profile: LogProfile | undefined;
  /** Bytes without the newline. */
  readonly length: number;
  readonly least: number;
  readonly cap: number;
  readonly sample: Sample | undefined;
  /** Lines seen since the sample last began. */
  seen: number;
}

/** Makes what sends a message to several targets. `sinkOf` gives one sink for each target, shared by all who name it. */
export function makeEmitter(
  lines: readonly LogLine[],
  tag: string,
  host: string | undefined,
  sinkOf: (line: LogLine) => Sink,
  clock: Pick<Clock, 'wall'>,
  listener?: Listener,
): Emitter {
  const origin = { tag, host, pid: process.pid };
  const outputs = lines.map((line): Output => {
    const { ring, facility, profile } = line;
    const format = ring?.format ?? line.format ?? (host === undefined ? 'local' : 'rfc3164');
    return {
      sink: sinkOf(line),
      written: line.written,
      format,
      facility,
      header: header(format, facility, { ...origin, tag: profile?.tag ?? tag }),
      profile,
      length: ring?.maxlen ?? line.length - 1,
      least: line.least,
      cap: line.cap,
      sample: line.sample,
      seen: 0,
    };
  });
  /** The header of a profile that a rule named. */
  const special = ({ format, facility, header: own }: Output, profile: LogProfile): Header =>
    profile.tag === undefined ? own : header(format, facility, { ...origin, tag: profile.tag });

  const tell = ({ cap, written: target }: Output, level: number, message: string, transaction?: number): void => {
    if (!listener?.tap.wanted) return;
    const { proxy, tap } = listener;
    tap.tell({ proxy, level: LEVELS[Math.max(level, cap)]!, message, target, transaction });
  };

  return {
    send: (level, message) => {
      const now = clock.wall();
      for (const output of outputs) {
        if (level > output.least || !isPicked(output)) continue;
        write(output, output.header, level, now, undefined, message);
        tell(output, level, message);
      }
    },
    sendTraffic: ({ level, step, transaction, text, structuredData, profile: named }) => {
      const now = clock.wall();
      let message: string | undefined;
      for (const output of outputs) {
        if (level > output.least) continue;
        const profile = named ?? output.profile;
        const at = profile === undefined ? undefined : profileAt(profile, step);
        if (at?.drop || (at?.format === undefined && text === undefined) || !isPicked(output)) continue;
        const own = at?.format?.evaluate(transaction) ?? (message ??= text!());
        const data = output.format === 'rfc5424' ? (at?.structuredData ?? structuredData)?.evaluate(transaction) : '';
        write(output, named === undefined ? output.header : special(output, named), level, now, data, own);
        tell(output, level, own, transaction.id);
      }
    },
  };
}

function write(
  output: Output,
  head: Header,
  level: number,
  now: number,
  data: string | undefined,
  message: string,
): void {
  const text = head(Math.max(level, output.cap), now, data) + message;
  output.sink.write(`${text.length > output.length ? text.slice(0, output.length) : text}\n`);
}

function isPicked(output: Output): boolean {
  const { sample } = output;
  if (!sample) return true;
  const place = output.seen;
  output.seen = (place + 1) % sample.size;
  return sample.picked[place]!;
}
