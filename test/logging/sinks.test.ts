import { execFileSync, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { closeSync, constants, existsSync, mkdtempSync, openSync, readFileSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Format, Transaction } from '../../core/api/index.ts';
import { NativeSink, NodeUdpSink } from '../../plugins/logging/datagram-sink.ts';
import { DescriptorSink } from '../../plugins/logging/descriptor-sink.ts';
import { makeEmitter } from '../../plugins/logging/emitter.ts';
import type { LogLine } from '../../plugins/logging/log-line.ts';
import { nativeDatagrams } from '../../plugins/logging/native-datagrams.ts';
import type { Sink } from '../../plugins/logging/sink.ts';
import { RunningProcess } from '../support/process.ts';
import { until } from '../support/wait.ts';
import { which } from '../support/which.ts';

const folder = (): string => {
  const path = mkdtempSync(join(tmpdir(), 'sluice-log-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
};
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

/** A UDP socket that keeps what it gets, and its port. */
async function receiver(type: 'udp4' | 'udp6'): Promise<{ port: number; got: string[] }> {
  const socket = createSocket(type);
  const got: string[] = [];
  socket.on('message', (bytes) => got.push(bytes.toString('latin1')));
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(0, type === 'udp4' ? '127.0.0.1' : '::1', resolve);
  });
  onTestFinished(() => void socket.close());
  return { port: socket.address().port, got };
}

const native = (await nativeDatagrams()) !== undefined;

describe.each([
  ['the C library', native, NativeSink],
  ['Node', true, NodeUdpSink],
] as const)('UDP through %s', (_name, available, Kind) => {
  test.runIf(available).each([
    ['udp4', '127.0.0.1', 4],
    ['udp6', '::1', 6],
    ['udp4', 'localhost', 4],
  ] as const)('%s to %s', async (type, host, family) => {
    const { port, got } = await receiver(type);
    const sink = new Kind({ kind: 'udp', host, family, port });
    await sink.open();
    sink.write('one \xff\n');
    sink.write('two\n');
    await until('both', () => got.length === 2);
    expect(got).toEqual(['one \xff\n', 'two\n']);
    sink.close();
  });

  test.runIf(available)('a server that is not there costs lines and nothing else', async () => {
    const { port } = await receiver('udp4');
    const sink = new Kind({ kind: 'udp', host: '127.0.0.1', family: 4, port: port === 1 ? 2 : 1 });
    await sink.open();
    for (let count = 0; count < 100; count++) sink.write('lost\n');
    await turn();
    sink.close();
    sink.write('after the end\n');
  });

  test.runIf(available)('a name that does not resolve is an error when it is opened', async () => {
    const sink = new Kind({ kind: 'udp', host: 'nowhere.invalid', family: undefined, port: 514 });
    await expect(sink.open()).rejects.toThrow('nowhere.invalid');
  });
});

describe.runIf(native && which('socat'))('a UNIX socket', () => {
  test('that is bound, goes away, and comes back', async () => {
    const path = join(folder(), 'log');
    const bind = async (): Promise<RunningProcess> => {
      const server = new RunningProcess(which('socat')!, ['-u', `UNIX-RECV:${path},unlink-early`, 'STDOUT']);
      onTestFinished(() => server.stop());
      await until('the socket', () => existsSync(path));
      return server;
    };
    const sink = new NativeSink({ kind: 'unix', path });
    await sink.open();
    const first = await bind();
    sink.write('one\n');
    await until('the first', () => first.stdout === 'one\n');
    await first.stop();
    rmSync(path, { force: true });
    sink.write('lost\n');
    expect(sink.dropped).toBe(1);
    const second = await bind();
    sink.write('two\n');
    await until('the second', () => second.stdout === 'two\n');
    sink.close();
  });
});

describe('a descriptor', () => {
  test('gets the lines of a turn together, and what is left when it is closed', async () => {
    const path = join(folder(), 'file');
    const fd = openSync(path, 'a');
    const sink = new DescriptorSink(fd);
    await sink.open();
    sink.write('one \xe9\n');
    sink.write('two\n');
    expect(readFileSync(path, 'latin1')).toBe('');
    await turn();
    expect(readFileSync(path, 'latin1')).toBe('one \xe9\ntwo\n');
    sink.write('three\n');
    sink.close();
    expect(readFileSync(path, 'latin1')).toBe('one \xe9\ntwo\nthree\n');
    closeSync(fd);
  });

  test('that is a pipe whose reader stalls loses lines and never blocks', async () => {
    const path = join(folder(), 'pipe');
    execFileSync('mkfifo', [path]);
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const writer = openSync(path, constants.O_WRONLY);
    const sink = new DescriptorSink(writer);
    await sink.open();
    const line = `${'x'.repeat(999)}\n`;
    for (let count = 0; count < 3000; count++) {
      sink.write(line);
      if (count % 100 === 0) await turn();
    }
    expect(sink.dropped).toBeGreaterThan(0);
    let read = 0;
    const buffer = Buffer.alloc(65536);
    const drain = (): boolean => {
      try {
        for (let size = readSync(reader, buffer); size > 0; size = readSync(reader, buffer)) read += size;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      }
      return read === (3000 - sink.dropped) * line.length;
    };
    await until('what was kept', drain);
    sink.write('again\n');
    await turn();
    expect(readSync(reader, buffer)).toBe(6);
    sink.close();
    closeSync(reader);
    closeSync(writer);
  });

  test('that is closed at the other end costs lines', async () => {
    const path = join(folder(), 'pipe');
    execFileSync('mkfifo', [path]);
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const writer = openSync(path, constants.O_WRONLY);
    const sink = new DescriptorSink(writer);
    await sink.open();
    closeSync(reader);
    sink.write('lost\n');
    await turn();
    expect(sink.dropped).toBe(1);
    sink.close();
    closeSync(writer);
  });
});

const line = (changes: Partial<LogLine>): LogLine => ({
  target: { kind: 'fd', fd: 1 },
  written: 'stdout',
  length: 1024,
  format: 'short',
  facility: 16,
  least: 7,
  cap: 0,
  sample: undefined,
  profiled: false,
  profile: undefined,
  ring: undefined,
  ...changes,
});

const written = (changes: Partial<LogLine>, ...messages: (readonly [level: number, text: string])[]): string[] => {
  const got: string[] = [];
  const sink: Sink = { dropped: 0, open: async () => {}, write: (text) => void got.push(text), close: () => {} };
  const emitter = makeEmitter([line(changes)], 'tag', undefined, () => sink, { wall: () => Date.now() });
  for (const [level, text] of messages) emitter.send(level, text);
  return got;
};

describe('an emitter', () => {
  test('leaves out what is less severe, and caps what is more', () => {
    expect(written({ least: 4, cap: 2 }, [0, 'a'], [2, 'b'], [4, 'c'], [5, 'd'])).toEqual([
      '<2>a\n',
      '<2>b\n',
      '<4>c\n',
    ]);
  });

  test('cuts to the length with header and newline', () => {
    expect(written({ length: 80 }, [6, 'x'.repeat(76)], [6, 'x'.repeat(77)])).toEqual([
      `<6>${'x'.repeat(76)}\n`,
      `<6>${'x'.repeat(76)}\n`,
    ]);
  });

  test('samples what passed the level', () => {
    const sample = { size: 3, picked: [true, false, true] };
    expect(written({ least: 4, sample }, [1, 'a'], [6, 'no'], [1, 'b'], [1, 'c'], [1, 'd'])).toEqual([
      '<1>a\n',
      '<1>c\n',
      '<1>d\n',
    ]);
  });

  test('rfc5424 has the structured data, or a dash', () => {
    const got: string[] = [];
    const sink: Sink = { dropped: 0, open: async () => {}, write: (text) => void got.push(text), close: () => {} };
    const emitter = makeEmitter([line({ format: 'rfc5424' })], 'tag', 'host', () => sink, { wall: () => Date.now() });
    const constant = (text: string): Format => ({
      text,
      constant: text,
      aliases: [],
      httpAlias: undefined,
      evaluate: () => text,
    });
    const structuredData = constant('[a@1 b="c"]');
    const transaction = {} as Transaction;
    const text = (): string => 'text';
    emitter.sendTraffic({ level: 6, step: 'close', transaction, text, structuredData, profile: undefined });
    emitter.send(6, 'text');
    const pid = process.pid;
    const date = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}[+-]\d\d:\d\d`;
    expect(got[0]).toMatch(new RegExp(`^<134>1 ${date} host tag ${pid} - \\[a@1 b="c"\\] text\\n$`));
    expect(got[1]).toMatch(new RegExp(`^<134>1 ${date} host tag ${pid} - - text\\n$`));
  });
});

describe.runIf(native)('a descriptor that is a socket, as the journal gives one', () => {
  test('does not stop the process when nobody reads', async () => {
    // The child's stdout is a socket that is never read; it says on stderr when it has written far more than fits.
    const script = `
      import { DescriptorSink } from ${JSON.stringify(join(import.meta.dirname, '../../dist/plugins/logging/descriptor-sink.js'))};
      const sink = new DescriptorSink(1);
      await sink.open();
      for (let count = 0; count < 3000; count++) {
        sink.write('x'.repeat(999) + '\\n');
        if (count % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      process.stderr.write('dropped ' + (sink.dropped > 0) + '\\n');
      process.exit();
    `;
    // What Node calls a pipe is a pair of sockets.
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    child.stderr.on('data', (bytes) => (said += String(bytes)));
    onTestFinished(() => void child.kill('SIGKILL'));
    await until('the end of the writing', () => said.includes('dropped'), 8000);
    expect(said).toContain('dropped true');
  });
});
