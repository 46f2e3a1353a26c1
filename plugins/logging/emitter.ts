import { header, type Header } from './headers.ts';
import type { LogLine, Sample } from './log-line.ts';
import type { Emitter } from './settings.ts';
import type { Sink } from './sink.ts';

interface Output {
  readonly sink: Sink;
  readonly header: Header;
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
    const format = line.format ?? (host === undefined ? 'local' : 'rfc3164');
    return {
      sink: sinkOf(line),
      header: header(format, line.facility, origin),
      length: line.length - 1,
      least: line.least,
      cap: line.cap,
      sample: line.sample,
      seen: 0,
    };
  });
  return {
    send: (level, message, structuredData) => {
      const now = Date.now();
      for (const output of outputs) {
        if (level > output.least || !isPicked(output)) continue;
        const text = output.header(Math.max(level, output.cap), now, structuredData) + message;
        output.sink.write(`${text.length > output.length ? text.slice(0, output.length) : text}\n`);
      }
    },
  };
}

function isPicked(output: Output): boolean {
  const { sample } = output;
  if (!sample) return true;
  const place = output.seen;
  output.seen = (place + 1) % sample.size;
  return sample.picked[place]!;
}
