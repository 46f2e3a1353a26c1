import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect as netConnect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  createAgent,
  FLAG,
  FRAME,
  FrameSplitter,
  int32,
  Ip,
  SpopWriter,
  STATUS,
  stringBytes,
  TestClient,
  uint32,
  uint64,
  writeHaproxyHello,
  writeItems,
  type Agent,
  type AgentOptions,
  type SpopInput,
  type SpopValue,
  type TestClientOptions,
} from 'sluice/agent';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';

/** What the tests of this file have opened. */
const opened: { agents: Agent[]; clients: TestClient[] } = { agents: [], clients: [] };
afterEach(async () => {
  for (const client of opened.clients.splice(0)) client.destroy();
  for (const agent of opened.agents.splice(0)) await agent.close({ drainMs: 50 });
});

const logged: { message: string; details: Record<string, unknown> }[] = [];
const log = (details: object, message: string): void => {
  logged.push({ message, details: details as Record<string, unknown> });
};
const logger = { info: () => {}, warn: log, error: log };

async function start(prepare: (agent: Agent) => void, options: Partial<AgentOptions> = {}): Promise<number> {
  logged.length = 0;
  const agent = createAgent({ name: 'test', logger, ...options });
  opened.agents.push(agent);
  prepare(agent);
  const address = await agent.listen({ port: 0, host: '127.0.0.1' });
  return 'port' in address ? address.port : 0;
}
async function connect(options: TestClientOptions): Promise<TestClient> {
  const client = await TestClient.connect(options);
  opened.clients.push(client);
  return client;
}
const counters = () => opened.agents[0]!.counters;

describe('a message', () => {
  it('comes with its arguments by name and position, each with its type', async () => {
    const values: [string, SpopInput, SpopValue, string][] = [
      ['null', null, null, 'null'],
      ['bool', true, true, 'bool'],
      ['int32', int32(-7), -7, 'int32'],
      ['uint32', uint32(7), 7, 'uint32'],
      ['int64', -(2n ** 60n), -(2n ** 60n), 'int64'],
      ['uint64', uint64(2n ** 64n - 1n), 2n ** 64n - 1n, 'uint64'],
      ['ip4', Ip.parse('192.0.2.1'), Ip.parse('192.0.2.1'), 'ipv4'],
      ['ip6', Ip.parse('2001:db8::1'), Ip.parse('2001:db8::1'), 'ipv6'],
      ['str', 'grün', 'grün', 'string'],
      ['bin', Buffer.from([0, 255]), Buffer.from([0, 255]), 'binary'],
      ['', 'unnamed', 'unnamed', 'string'],
    ];
    let seen: unknown[] = [];
    const port = await start((agent) =>
      agent.on('all', (args, ctx) => {
        seen = [...args].map(([name, value], index) => [name, value, args.type(index)]);
        expect([args.length, args.get('none'), args.type('none'), args.has('ip4')]).toEqual([
          11,
          undefined,
          undefined,
          true,
        ]);
        expect([args.string('str'), args.string(8), args.string('null')]).toEqual(['grün', 'grün', undefined]);
        expect(args.bytes('str')).toEqual(Buffer.from('grün'));
        expect([args.number('int32'), args.bigint('uint64'), args.bigint(2)]).toEqual([-7, 2n ** 64n - 1n, -7n]);
        expect([args.boolean('bool'), String(args.ip('ip6'))]).toEqual([true, '2001:db8::1']);
        ctx.setVar('txn', 'done', true);
      }),
    );
    const client = await connect({ port });
    const { vars } = await client.notify(
      'all',
      values.map(([name, value]) => [name, value] as const),
    );
    expect(logged).toEqual([]);
    expect(vars).toEqual({ 'txn.done': true });
    expect(seen).toEqual(values.map(([name, , value, type]) => [name, value, type]));
  });

  it('loses no byte of a string that is not UTF-8', async () => {
    const bytes = Buffer.from([0x41, 0xff, 0xfe]);
    const port = await start((agent) =>
      agent.on('echo', (args, ctx) => {
        ctx.setVar('txn', 'bin', args.bytes('s'));
        ctx.setVar('txn', 'str', stringBytes(args.bytes('s')!));
      }),
    );
    const client = await connect({ port });
    const { actions } = await client.notify('echo', { s: stringBytes(bytes) });
    expect(actions).toEqual([
      { kind: 'set-var', scope: 'txn', name: 'bin', type: 'binary', value: bytes },
      { kind: 'set-var', scope: 'txn', name: 'str', type: 'string', value: 'A��' },
    ]);
  });

  it('is answered with variables of every scope and type, set and unset, in order', async () => {
    const port = await start((agent) =>
      agent.on('set', (_args, ctx) => {
        ctx.setVar('proc', 'a', 1);
        ctx.setVar('sess', 'b', int32(2));
        ctx.unsetVar('txn', 'c');
        ctx.setVar('req', 'd.e_F9', Ip.parse('::1'));
        ctx.setVar('res', 'f', null);
      }),
    );
    const { actions } = await (await connect({ port })).notify('set');
    expect(actions).toEqual([
      { kind: 'set-var', scope: 'proc', name: 'a', type: 'int64', value: 1 },
      { kind: 'set-var', scope: 'sess', name: 'b', type: 'int32', value: 2 },
      { kind: 'unset-var', scope: 'txn', name: 'c' },
      { kind: 'set-var', scope: 'req', name: 'd.e_F9', type: 'ipv6', value: Ip.parse('::1') },
      { kind: 'set-var', scope: 'res', name: 'f', type: 'null', value: null },
    ]);
  });

  it('may share its NOTIFY with others: one ACK, in the order of the messages', async () => {
    const port = await start((agent) => {
      agent.on('slow', async (_args, ctx) => {
        await sleep(20);
        ctx.setVar('txn', 'slow', 1);
      });
      agent.on('quick', (_args, ctx) => ctx.setVar('txn', 'quick', 2));
      agent.on('bad', (_args, ctx) => {
        ctx.setVar('txn', 'never', 3);
        throw new Error('on purpose');
      });
    });
    const client = await connect({ port });
    const { actions } = await client.notifyAll([
      { name: 'slow' },
      { name: 'bad' },
      { name: 'none' },
      { name: 'quick' },
    ]);
    expect(actions.map(({ name }) => name)).toEqual(['slow', 'quick']);
    expect(counters()).toMatchObject({
      notifies: 1,
      messages: 4,
      acks: 1,
      handlerErrors: 1,
      unhandled: 1,
      inFlight: 0,
    });
  });

  it('has an ACK also when its handler throws, is rejected or does not exist', async () => {
    const port = await start((agent) => {
      agent.on('throws', () => {
        throw new Error('thrown');
      });
      agent.on('rejects', async () => {
        await sleep(1);
        throw new Error('rejected');
      });
      agent.on('wrong', (args) => void args.ip('text'));
      agent.on('huge', (_args, ctx) => ctx.setVar('txn', 'a', 'x'.repeat(500)));
      agent.on('fraction', (_args, ctx) => ctx.setVar('txn', 'a', 1.5));
      agent.on('name', (_args, ctx) => ctx.setVar('txn', 'a b', 1));
    });
    const client = await connect({ port, maxFrameSize: 400 });
    for (const name of ['throws', 'rejects', 'wrong', 'huge', 'fraction', 'name', 'nobody'])
      expect((await client.notify(name, { text: 'text' })).actions, name).toEqual([]);
    const errors = logged.map(({ details }) => (details['err'] as Error | undefined)?.message);
    expect(errors).toEqual([
      'thrown',
      'rejected',
      "argument 'text' of message 'wrong' is string, not an IP address",
      'the ACK would have 515 bytes, and the proxy takes 400',
      '1.5 is not an integer that a number holds exactly',
      "'a b' is not the name of a variable: letters, digits, '.' and '_'",
      undefined,
    ]);
    expect(logged.at(-1)!.message).toBe('there is no handler for this message');
    expect(counters()).toMatchObject({ handlerErrors: 6, unhandled: 1, acks: 7 });
  });

  it('that failed is told on stderr where nothing else is said', async () => {
    const told = vi.spyOn(console, 'error').mockImplementation(() => {});
    const throws = (): void => {
      throw new RangeError('on purpose');
    };
    const port = await start((agent) => agent.on('m', throws), { logger: undefined });
    await (await connect({ port, engineId: 'two\nlines' })).notify('m');
    const [line] = told.mock.calls[0] as [string];
    told.mockRestore();
    expect(line.split('\n')[0]).toBe('the handler of a message failed err=RangeError: on purpose');
    expect(line).toContain(String.raw` agent=test spoeMessage=m engineId="two\nlines" streamId=1 remote=127.0.0.1:`);
  });

  it('may not be answered after its handler has ended', async () => {
    let late: (() => void) | undefined;
    const port = await start((agent) => agent.on('m', (_args, ctx) => void (late = () => ctx.setVar('txn', 'a', 1))));
    await (await connect({ port })).notify('m');
    expect(late).toThrow("'m' was acknowledged already");
  });

  it('fills its ACK to the last byte of the frame', async () => {
    const port = await start((agent) =>
      agent.on('fill', (args, ctx) => {
        const length = args.number('n')!;
        ctx.setVar('txn', 'a', 'x'.repeat(length));
      }),
    );
    const client = await connect({ port, maxFrameSize: 256 });
    // 7 for the head, 5 for action and name, 3 for the value's type and length.
    const frames = await Promise.all([239, 241, 242, 300].map((n) => client.notify('fill', { n })));
    expect(frames.map(({ actions }) => actions.length)).toEqual([1, 1, 0, 0]);
  });

  it('knows where it came from', async () => {
    let seen: unknown;
    const port = await start((agent) =>
      agent.on('who', (_args, { engineId, streamId, frameId, remote, message, body }) => {
        seen = { engineId, streamId, frameId, remote: remote.replace(/\d+$/, 'port'), message, body };
      }),
    );
    const client = await connect({ port, engineId: 'engine-1' });
    // Before 3.1, the first stream is 0 and a second event of a stream frame 2.
    const ack = await client.notifyAll([{ name: 'who' }], { streamId: 0, frameId: 2 });
    expect([ack.streamId, ack.frameId]).toEqual([0, 2]);
    const expected = {
      engineId: 'engine-1',
      streamId: 0,
      frameId: 2,
      remote: '127.0.0.1:port',
      message: 'who',
      body: null,
    };
    expect(seen).toEqual(expected);
  });
});

describe('many messages', () => {
  it('are acknowledged as they are done, in any order', async () => {
    const port = await start((agent) =>
      agent.on('wait', async (args) => {
        await sleep(args.number(0));
      }),
    );
    const client = await connect({ port });
    const order: number[] = [];
    await Promise.all([60, 30, 0].map(async (ms) => order.push((await client.notify('wait', { ms })) && ms)));
    expect(order).toEqual([0, 30, 60]);
  });

  it('leave in one write for each turn of the event loop', async () => {
    const port = await start((agent) => agent.on('now', () => {}).on('soon', async () => {}));
    const writer = new SpopWriter();
    writeHaproxyHello(writer, { maxFrameSize: 1000, capabilities: ['pipelining'] });
    for (let streamId = 1; streamId <= 100; streamId++) {
      writer.beginFrame(FRAME.NOTIFY, streamId, 1);
      writer.beginMessage(streamId % 2 ? 'now' : 'soon', 0);
      writer.endFrame();
    }
    const socket = netConnect({ port, host: '127.0.0.1' });
    let reads = 0;
    let frames = 0;
    const splitter = new FrameSplitter(1000, () => frames++);
    socket.on('data', (chunk) => {
      reads++;
      splitter.push(chunk);
    });
    socket.write(writer.take());
    await expect.poll(() => frames).toBe(101);
    socket.destroy();
    // Those that were answered at once, and those that were a little later.
    expect(reads).toBeLessThanOrEqual(2);
  });

  it('beyond maxInFlight wait in the connection', async () => {
    let running = 0;
    let most = 0;
    const port = await start(
      (agent) =>
        agent.on('m', async () => {
          most = Math.max(most, ++running);
          await sleep(1);
          running--;
        }),
      { maxInFlight: 3 },
    );
    const client = await connect({ port });
    await Promise.all(Array.from({ length: 200 }, () => client.notify('m', { pad: 'p'.repeat(2000) })));
    expect(most).toBe(3);
    expect(counters()).toMatchObject({ inFlight: 0, acks: 200 });
  });

  it('to a proxy that does not read its ACKs stop being read', async () => {
    const port = await start((agent) => agent.on('m', (_args, ctx) => ctx.setVar('txn', 'a', 'x'.repeat(10_000))));
    const client = await connect({ port, timeoutMs: 15_000 });
    client.pause(true);
    const acks = Promise.all(Array.from({ length: 2000 }, () => client.notify('m', { pad: 'p'.repeat(10_000) })));
    await sleep(300);
    // 20 MB of answers would have been written by now.
    const stopped = counters().acks;
    expect(stopped).toBeLessThan(1500);
    await sleep(100);
    expect(counters().acks).toBe(stopped);
    client.pause(false);
    await acks;
    expect(counters().acks).toBe(2000);
  });
});

describe('a connection', () => {
  it('answers health checks without any handler, and ends them', async () => {
    const port = await start((agent) => agent.on('m', () => {}));
    const hello = await TestClient.healthCheck({ port });
    expect(hello).toEqual({ version: '2.0', maxFrameSize: 16_380, capabilities: ['pipelining', 'fragmentation'] });
    await sleep(20);
    expect(counters()).toMatchObject({ healthChecks: 1, connections: 0, notifies: 0 });
  });

  it('is closed for a proxy that does not do so', async () => {
    const port = await start(() => {});
    const writer = new SpopWriter();
    writeHaproxyHello(writer, { maxFrameSize: 1000, capabilities: [], healthcheck: true });
    const socket = netConnect({ port, host: '127.0.0.1', allowHalfOpen: true });
    socket.write(writer.take());
    await once(socket.resume(), 'end');
    expect(counters().connections).toBe(1);
    await expect.poll(() => counters().connections, { timeout: 10_000 }).toBe(0);
    socket.destroy();
  });

  it('agrees on the smaller frame', async () => {
    const port = await start(() => {}, { maxFrameSize: 1000 });
    expect((await connect({ port })).hello?.maxFrameSize).toBe(1000);
    expect((await connect({ port, maxFrameSize: 500 })).hello?.maxFrameSize).toBe(500);
  });

  it('ends as the proxy asks', async () => {
    const port = await start((agent) => agent.on('m', () => {}));
    const client = await connect({ port });
    await client.notify('m');
    expect(await client.disconnect()).toEqual({ status: 0, message: 'normal' });
    expect(logged).toEqual([]);
    // As HAProxy up to 3.0 does after `timeout idle`.
    await (await connect({ port })).disconnect(STATUS.TIMEOUT);
    expect(logged).toEqual([]);
    await (await connect({ port })).disconnect(STATUS.TOO_BIG);
    expect(logged).toMatchObject([{ details: { status: 3 }, message: 'a proxy found a fault with this agent' }]);
  });

  it('aborts the signals of its handlers when it is gone', async () => {
    const reasons: string[] = [];
    const port = await start((agent) =>
      agent.on('m', async (_args, { signal }) => {
        await once(signal, 'abort');
        reasons.push((signal.reason as Error).name);
      }),
    );
    const client = await connect({ port });
    client.post([{ name: 'm' }]);
    await sleep(30);
    client.destroy();
    await expect.poll(() => reasons).toEqual(['AbortError']);
    expect(counters()).toMatchObject({ abandoned: 1, acks: 0, inFlight: 0, handlerErrors: 0 });
  });

  it('works over a UNIX socket, also where one was left behind', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'agent-'));
    const path = join(folder, 'agent.sock');
    // A server that dies does not unlink its socket; this one closes its handle behind Node's back.
    const dead = createServer().listen(path);
    await once(dead, 'listening');
    const agent = createAgent({ name: 'unix' }).on('m', (_args, ctx) => ctx.setVar('txn', 'remote', ctx.remote));
    await expect(agent.listen({ path })).rejects.toThrow('EADDRINUSE');
    dead.close();
    await agent.listen({ path });
    const client = await connect({ path });
    expect((await client.notify('m')).vars).toEqual({ 'txn.remote': path });
    await agent.close();
    rmSync(folder, { recursive: true });
  });
});

describe('what no proxy may send', () => {
  const frame = (type: number, write: (writer: SpopWriter) => void = () => {}, flags: number = FLAG.FIN): Buffer => {
    const writer = new SpopWriter();
    writer.beginFrame(type, 1, 1, flags);
    write(writer);
    writer.endFrame();
    return writer.take();
  };
  const hello = (items: Record<string, SpopInput>): Buffer =>
    frame(FRAME.HAPROXY_HELLO, (writer) => writeItems(writer, Object.entries(items)));
  const good = { 'supported-versions': '2.0', 'max-frame-size': uint32(1000), capabilities: '' };
  const without = (key: string): Buffer =>
    hello(Object.fromEntries(Object.entries(good).filter(([name]) => name !== key)));
  const message = (write: (writer: SpopWriter) => void, flags?: number): Buffer[] => [
    hello(good),
    frame(FRAME.NOTIFY, write, flags),
  ];

  const CASES: [title: string, bytes: Buffer | Buffer[], status: number][] = [
    ['NOTIFY before HELLO', frame(FRAME.NOTIFY), STATUS.INVALID],
    ['two HELLOs', [hello(good), hello(good)], STATUS.INVALID],
    ['HELLO without versions', without('supported-versions'), STATUS.NO_VERSION],
    ['HELLO without a size', without('max-frame-size'), STATUS.NO_FRAME_SIZE],
    ['HELLO without capabilities', without('capabilities'), STATUS.NO_CAPABILITIES],
    ['another version', hello({ ...good, 'supported-versions': '1.0, 3.0' }), STATUS.BAD_VERSION],
    ['a size too small', hello({ ...good, 'max-frame-size': 255 }), STATUS.BAD_FRAME_SIZE],
    ['a version of a wrong type', hello({ ...good, 'supported-versions': 2 }), STATUS.INVALID],
    ['a frame larger than agreed', message((writer) => writer.value('x'.repeat(2000))), STATUS.TOO_BIG],
    ['a length of four gigabytes', Buffer.from('fffffffe', 'hex'), STATUS.TOO_BIG],
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\n\r\n'), STATUS.TOO_BIG],
    ['a frame of no bytes', Buffer.alloc(8), STATUS.INVALID],
    ['a message cut off', message((writer) => writer.beginMessage('m', 2)), STATUS.INVALID],
    [
      'an unknown type',
      message((writer) => {
        writer.beginMessage('m', 1);
        writer.argument('a');
        writer.uint8(0x0b);
      }),
      STATUS.INVALID,
    ],
    ['a fragment where none is taken', message((writer) => writer.beginMessage('m', 0), 0), STATUS.NO_FRAGMENTATION],
  ];

  it.each(CASES)('%s', async (_title, bytes, status) => {
    let called = 0;
    const port = await start((agent) => agent.on('m', () => void called++), { capabilities: ['pipelining'] });
    const client = await TestClient.raw({ port });
    opened.clients.push(client);
    for (const piece of [bytes].flat()) client.send(piece);
    expect((await client.disconnected()).status).toBe(status);
    expect(called).toBe(0);
    expect(counters()).toMatchObject({ protocolErrors: 1, inFlight: 0 });
    // It is the matter of this connection alone.
    expect((await (await connect({ port })).notify('m')).actions).toEqual([]);
  });

  it('unknown frames are passed over', async () => {
    const port = await start((agent) => agent.on('m', () => {}));
    const client = await connect({ port });
    client.send(frame(77));
    await client.notify('m');
  });

  it('silence ends after a time', async () => {
    const port = await start(() => {}, { helloTimeoutMs: 50 });
    const client = await TestClient.raw({ port });
    expect((await client.disconnected()).status).toBe(STATUS.TIMEOUT);
  });

  it('a HELLO byte by byte is fine', async () => {
    const port = await start((agent) => agent.on('m', () => {}));
    const client = await TestClient.raw({ port });
    opened.clients.push(client);
    const writer = new SpopWriter();
    writeHaproxyHello(writer, { maxFrameSize: 1000, capabilities: [] });
    for (const byte of writer.take()) {
      client.send(Buffer.of(byte));
      await sleep(1);
    }
    await client.notify('m');
  });
});

describe('fragments', () => {
  const writer = new SpopWriter();
  writer.beginMessage('m', 1);
  writer.argument('text');
  writer.value('y'.repeat(3000));
  const payload = Buffer.from(writer.bytes());
  const fragment = (type: number, flags: number, bytes: Buffer, streamId = 1): Buffer => {
    writer.reset();
    writer.beginFrame(type, streamId, 1, flags);
    writer.raw(bytes);
    writer.endFrame();
    return Buffer.from(writer.bytes());
  };

  it('are put together, and may be given up', async () => {
    const lengths: (number | undefined)[] = [];
    const port = await start((agent) => agent.on('m', (args) => void lengths.push(args.string('text')?.length)));
    const client = await connect({ port, maxFrameSize: 1024 });
    client.send(fragment(FRAME.NOTIFY, 0, payload.subarray(0, 1000)));
    client.send(fragment(FRAME.NOTIFY, 0, payload.subarray(0, 10), 3));
    client.send(fragment(FRAME.UNSET, 0, payload.subarray(1000, 2000)));
    client.send(fragment(FRAME.UNSET, FLAG.FIN | FLAG.ABORT, Buffer.alloc(0), 3));
    await client.notify('m', { text: 'whole' });
    client.send(fragment(FRAME.UNSET, FLAG.FIN, payload.subarray(2000)));
    await expect.poll(() => lengths).toEqual([5, 3000]);
    await expect.poll(() => client.unexpected.map(({ type, streamId }) => [type, streamId])).toEqual([['ACK', 1]]);
  });

  it('are bounded', async () => {
    const port = await start(() => {}, { maxMessageSize: 5000 });
    const client = await connect({ port, maxFrameSize: 1024 });
    client.send(fragment(FRAME.NOTIFY, 0, payload.subarray(0, 1000)));
    for (let i = 0; i < 100; i++) client.send(fragment(FRAME.UNSET, 0, Buffer.alloc(0)));
    expect((await client.disconnected()).status).toBe(STATUS.TOO_BIG);
    const lost = await connect({ port });
    lost.send(fragment(FRAME.UNSET, FLAG.FIN, payload.subarray(0, 10)));
    expect((await lost.disconnected()).status).toBe(STATUS.NO_FRAME);
  });
});

describe('closing', () => {
  it('lets what runs end, then says goodbye', async () => {
    const port = await start((agent) =>
      agent.on('m', async (_args, ctx) => {
        await sleep(50);
        ctx.setVar('txn', 'a', 1);
      }),
    );
    const busy = await connect({ port });
    const idle = await connect({ port });
    const ack = busy.notify('m');
    await sleep(10);
    const closed = opened.agents[0]!.close();
    expect(await idle.disconnected()).toEqual({ status: 0, message: 'normal' });
    expect((await ack).vars).toEqual({ 'txn.a': 1 });
    expect((await busy.disconnected()).status).toBe(0);
    await closed;
    await expect(connect({ port })).rejects.toThrow('ECONNREFUSED');
    expect(counters()).toMatchObject({ connections: 0, inFlight: 0, acks: 1, abandoned: 0 });
  });

  it('loses patience after drainMs, and acknowledges with nothing', async () => {
    let aborted = false;
    const port = await start((agent) =>
      agent.on('m', async (_args, ctx) => {
        ctx.setVar('txn', 'half', 1);
        await once(ctx.signal, 'abort');
        aborted = true;
      }),
    );
    const client = await connect({ port });
    const ack = client.notify('m');
    await sleep(10);
    await opened.agents[0]!.close({ drainMs: 30 });
    expect((await ack).actions).toEqual([]);
    expect((await client.disconnected()).status).toBe(0);
    expect(aborted).toBe(true);
  });
});

describe('a streamed body', () => {
  const options: Partial<AgentOptions> = { capabilities: ['pipelining', 'body-stream'] };
  const capabilities = ['pipelining', 'body-stream'];
  const chunks = (count: number, size: number): Buffer[] =>
    Array.from({ length: count }, (_, i) => Buffer.alloc(size, i));

  it('comes as it is sent', async () => {
    let names: string[] = [];
    const port = await start(
      (agent) =>
        agent.on('body', async (args, ctx) => {
          names = [...args].map(([name]) => name);
          let length = 0;
          for await (const chunk of ctx.body ?? []) length += chunk.length;
          ctx.setVar('txn', 'length', length);
        }),
      options,
    );
    const client = await connect({ port, capabilities });
    for (const [count, size] of [
      [0, 0],
      [1, 10],
      [400, 10_000],
    ] as const) {
      const ack = await client.notifyBody('body', { url: '/' }, chunks(count, size));
      expect(ack.vars).toEqual({ 'txn.length': count * size });
      expect(ack.frameId).toBe(count + 2);
    }
    expect(names).toEqual(['url']);
    await client.notify('body');
    expect(counters()).toMatchObject({ inFlight: 0, acks: 4 });
  });

  it('that nobody reads stops the sender, and an early answer ends it', async () => {
    let go: (() => void) | undefined;
    const port = await start(
      (agent) =>
        agent.on('body', async (_args, ctx) => {
          await new Promise<void>((resolve) => (go = resolve));
          ctx.setVar('txn', 'verdict', 'enough');
        }),
      options,
    );
    const client = await connect({ port, capabilities });
    let sent = 0;
    async function* endless(): AsyncGenerator<Buffer> {
      for (;;) {
        sent++;
        yield Buffer.alloc(16_000);
        await sleep(0);
      }
    }
    const answer = client.notifyBody('body', {}, endless());
    // What the system's buffers hold goes out first.
    for (let before = -1; before !== sent && sent < 5000; await sleep(150)) before = sent;
    expect(sent).toBeLessThan(5000);
    go!();
    expect((await answer).vars).toEqual({ 'txn.verdict': 'enough' });
    expect((await Promise.all([client.notify('body'), sleep(20).then(() => go!())]))[0].vars).toEqual({
      'txn.verdict': 'enough',
    });
  });

  it('that breaks off is an error of its reader', async () => {
    let outcome = '';
    const port = await start(
      (agent) =>
        agent.on('body', async (_args, ctx) => {
          try {
            await ctx.body!.buffer(1000);
          } catch (error) {
            outcome = `${(error as Error).message} ${ctx.signal.aborted}`;
          }
        }),
      options,
    );
    const client = await connect({ port, capabilities });
    const ids = { streamId: 9, frameId: 1 };
    client.post([{ name: 'body', args: { 'stream-chunk': Buffer.from('abc'), 'stream-end': false } }], ids);
    await sleep(20);
    const writer = new SpopWriter();
    writer.beginFrame(FRAME.NOTIFY, 9, 2, FLAG.FIN | FLAG.ABORT);
    writer.endFrame();
    client.send(writer.take());
    await expect.poll(() => outcome).toBe('the body broke off true');
    expect((await client.notifyBody('body', {}, [])).actions).toEqual([]);
    expect(client.unexpected).toEqual([]);
  });

  it('mixed up with others ends the connection', async () => {
    const port = await start(
      (agent) => agent.on('body', async (_args, ctx) => void (await ctx.body?.buffer(10))),
      options,
    );
    const send = async (first: number[], second: number[], end: SpopInput): Promise<number> => {
      const client = await connect({ port, capabilities });
      for (const [streamId, frameId] of [first, second] as [number, number][])
        client.post([{ name: 'body', args: { 'stream-end': end } }], { streamId, frameId });
      return (await client.disconnected()).status;
    };
    expect(await send([1, 1], [3, 1], false)).toBe(STATUS.INTERLACED);
    expect(await send([1, 1], [1, 3], false)).toBe(STATUS.NO_FRAME);
  });

  it('is nothing special where it was not agreed on', async () => {
    let seen: unknown;
    const port = await start((agent) =>
      agent.on('body', (args, ctx) => void (seen = [args.get('stream-end'), ctx.body])),
    );
    await (await connect({ port, capabilities })).notify('body', { 'stream-end': false });
    expect(seen).toEqual([false, null]);
  });
});

describe('an agent fed with anything', () => {
  it('goes on, and holds nothing of it', async () => {
    const port = await start(
      (agent) =>
        agent.on('m', async (args, ctx) => {
          await sleep(1);
          for (const [name] of args) ctx.setVar('txn', name === '' ? 'unnamed' : name, args.get(name));
        }),
      { capabilities: ['pipelining', 'fragmentation', 'body-stream'], maxMessageSize: 10_000 },
    );
    const writer = new SpopWriter();
    writeHaproxyHello(writer, { maxFrameSize: 1000, capabilities: ['pipelining', 'body-stream'] });
    const hello = writer.take();
    for (let streamId = 1; streamId < 20; streamId++) {
      const flags = streamId % 5 === 0 ? 0 : FLAG.FIN;
      writer.beginFrame(
        streamId % 7 === 0 ? FRAME.UNSET : FRAME.NOTIFY,
        streamId - (streamId % 3),
        streamId % 3,
        flags,
      );
      writer.beginMessage('m', 4);
      const args = { a: 1, b: 'text', 'stream-chunk': Buffer.alloc(20), 'stream-end': streamId % 2 === 0 };
      for (const [name, value] of Object.entries(args)) {
        writer.argument(name);
        writer.value(value);
      }
      writer.endFrame();
    }
    const frames = writer.take();
    const damage = fc.array(fc.tuple(fc.nat(frames.length - 1), fc.nat(255)), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(damage, fc.integer({ min: 1, max: frames.length }), fc.boolean(), async (bytes, cut, whole) => {
        const sent = Buffer.concat([hello, frames]);
        for (const [at, byte] of bytes) sent[(whole ? 0 : hello.length) + (at % (sent.length - hello.length))] = byte;
        const socket = netConnect({ port, host: '127.0.0.1' });
        socket.on('error', () => {});
        socket.resume();
        socket.write(sent.subarray(0, cut));
        socket.end(sent.subarray(cut));
        await once(socket, 'close');
      }),
      { numRuns: 300 },
    );
    await expect.poll(() => counters()).toMatchObject({ connections: 0, inFlight: 0 });
    const client = await connect({ port });
    expect((await client.notify('m', { a: 5 })).vars).toEqual({ 'txn.a': 5 });
  });
});
