import { header, type Header } from './headers.ts';
import type { LogLine, Sample } from './log-line.ts';
import { type LogProfile, profileAt } from './profile.ts';
import type { Emitter } from './settings.ts';
import type { Sink } from './sink.ts';
import type { HeaderFormat } from './syslog.ts';

interface Output {
  readonly sink: Sink;
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
): Emitter {
  const origin = { tag, host, pid: process.pid };
  const outputs = lines.map((line): Output => {
    const { ring, facility, profile } = line;
    const format = ring?.format ?? line.format ?? (host === undefined ? 'local' : 'rfc3164');
    return {
      sink: sinkOf(line),
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

  return {
    send: (level, message) => {
      const now = Date.now();
      for (const output of outputs) {
        if (level <= output.least && isPicked(output)) write(output, output.header, level, now, undefined, message);
      }
    },
    sendTraffic: ({ level, step, transaction, text, structuredData, profile: named }) => {
      const now = Date.now();
      let message: string | undefined;
      for (const output of outputs) {
        if (level > output.least) continue;
        const profile = named ?? output.profile;
        const at = profile === undefined ? undefined : profileAt(profile, step);
        if (at?.drop || (at?.format === undefined && text === undefined) || !isPicked(output)) continue;
        const own = at?.format?.evaluate(transaction) ?? (message ??= text!());
        const data = output.format === 'rfc5424' ? (at?.structuredData ?? structuredData)?.evaluate(transaction) : '';
        write(output, named === undefined ? output.header : special(output, named), level, now, data, own);
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
