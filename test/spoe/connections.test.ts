import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Backend, Plugin } from '../../core/api/index.ts';
import { sleep, until } from '../support/wait.ts';
import { EngineProxy, type EngineProxyOptions } from './engine-proxy.ts';
import { answer } from './hostile.ts';
import { type AgentScript, ScriptedAgent } from './scripted-agent.ts';

let agents: ScriptedAgent[] = [];
let running: EngineProxy | undefined;
beforeEach(() => {
  agents = [];
  running = undefined;
});
afterEach(async () => {
  await running?.stop();
  for (const agent of agents) {
    await until('the proxy to have closed its connections', () => agent.open === 0);
    await agent.stop();
  }
});

async function agentOf(script: AgentScript = { notify: answer }): Promise<ScriptedAgent> {
  const agent = await ScriptedAgent.start(script);
  agents.push(agent);
  return agent;
}
const server = (agent: ScriptedAgent, more = '', name = 'a'): string =>
  `server ${name} 127.0.0.1:${agent.port} ${more}`;
async function start(options: EngineProxyOptions): Promise<EngineProxy> {
  running = await EngineProxy.start(options);
  return running;
}
const many = (proxy: EngineProxy, count: number, path = '/'): Promise<string[]> =>
  Promise.all(Array.from({ length: count }, () => proxy.get(path)));
const GOOD = '200|x-e: err= v=7|';
/** Answers after so many milliseconds. */
const slow = (time: number): AgentScript => ({
  notify: (talk, seen) => void setTimeout(() => answer(talk, seen), time),
});
const used = (agent: ScriptedAgent): number => new Set(agent.seen.map(({ connection }) => connection)).size;

describe('connections to agents', () => {
  test('one carries twenty exchanges at once', async () => {
    const agent = await agentOf(slow(100));
    const proxy = await start({ backend: server(agent) });
    expect(await many(proxy, 50)).toEqual(Array.from({ length: 50 }, () => GOOD));
    expect(used(agent)).toBe(3);
    expect(agent.talks.map(({ hello }) => [hello?.versions, hello?.capabilities, hello?.healthcheck])).toEqual(
      Array.from({ length: 3 }, () => [['2.0'], ['pipelining'], false]),
    );
    expect(new Set(agent.talks.map(({ hello }) => hello?.engineId)).size).toBe(1);
    expect(agent.seen.every(({ streamId, frameId }) => streamId % 2 === 1 && frameId === 1)).toBe(true);
    expect(proxy.proxy.stats().activeServerStreams).toBe(0);
  });

  test('ACKs may come in any order', async () => {
    const waiting: (() => void)[] = [];
    const agent = await agentOf({ notify: (talk, seen) => void waiting.push(() => answer(talk, seen)) });
    const proxy = await start({ backend: server(agent) });
    const all = many(proxy, 10);
    await until('all to have come', () => waiting.length === 10);
    for (const ack of waiting.toReversed()) ack();
    expect(await all).toEqual(Array.from({ length: 10 }, () => GOOD));
    expect(used(agent)).toBe(1);
  });

  test('one after the other on one connection, which stays', async () => {
    const agent = await agentOf();
    const proxy = await start({ backend: server(agent) });
    for (let i = 0; i < 5; i++) expect(await proxy.get()).toBe(GOOD);
    expect(agent.seen.map(({ streamId }) => streamId)).toEqual([1, 3, 5, 7, 9]);
    expect(agent.open).toBe(1);
  });

  test.each([
    ['no option pipelining', { agent: '    no option pipelining' }, ''],
    ['http-reuse never', {}, '\n  http-reuse never'],
  ])('%s: one exchange at a time', async (_, options, more) => {
    const agent = await agentOf(slow(100));
    const proxy = await start({ ...options, backend: server(agent) + more });
    expect(await many(proxy, 5)).toEqual(Array.from({ length: 5 }, () => GOOD));
    expect(used(agent)).toBe(5);
    if (more !== '') await until('all to have been closed', () => agent.open === 0);
  });

  test.each([
    ['max-reuse 1', 'max-reuse 1', 3],
    ['pool-max-conn 0', 'pool-max-conn 0', 6],
    ['pool-purge-delay 0', 'pool-purge-delay 0', 6],
  ])('%s', async (_, words, connections) => {
    const agent = await agentOf();
    const proxy = await start({ backend: server(agent, words) });
    for (let i = 0; i < 6; i++) expect(await proxy.get()).toBe(GOOD);
    expect(used(agent)).toBe(connections);
  });

  test('pool-purge-delay closes what nobody needs', async () => {
    const agent = await agentOf(slow(50));
    const proxy = await start({ agent: '    no option pipelining', backend: server(agent, 'pool-purge-delay 100ms') });
    await many(proxy, 8);
    expect(agent.open).toBe(8);
    await until('the idle ones to be closed', () => agent.open === 0);
  });

  test('timeout server closes an idle connection', async () => {
    const agent = await agentOf();
    const proxy = await start({ backend: `timeout server 200ms\n  ${server(agent)}` });
    await proxy.get();
    await until('it to be closed', () => agent.open === 0);
    expect(await proxy.get()).toBe(GOOD);
  });

  test('maxconn counts exchanges; others wait in the queue', async () => {
    let [now, most] = [0, 0];
    const agent = await agentOf({
      notify: (talk, seen) => {
        most = Math.max(most, ++now);
        setTimeout(() => {
          now--;
          answer(talk, seen);
        }, 20);
      },
    });
    const proxy = await start({ backend: server(agent, 'maxconn 2') });
    expect(await many(proxy, 8)).toEqual(Array.from({ length: 8 }, () => GOOD));
    expect(most).toBe(2);
    expect(proxy.proxy.stats()).toMatchObject({ queued: 0, activeServerStreams: 0 });
  });

  test('timeout queue ends the wait', async () => {
    const agent = await agentOf(slow(500));
    const proxy = await start({ backend: `timeout queue 100ms\n  ${server(agent, 'maxconn 1')}` });
    const answers = await many(proxy, 2);
    expect(answers.toSorted()).toEqual(['200|x-e: err= v=7|', '200|x-e: err=257 v=|']);
  });

  test('who waits in the queue when its time is over leaves it', async () => {
    const agent = await agentOf({ notify: () => undefined });
    const proxy = await start({ processing: '200ms', backend: server(agent, 'maxconn 1') });
    expect(await many(proxy, 3)).toEqual(Array.from({ length: 3 }, () => '200|x-e: err=1 v=|'));
    expect(proxy.proxy.stats()).toMatchObject({ queued: 0, activeServerStreams: 0 });
  });

  test('a unix socket', async () => {
    const agent = new ScriptedAgent();
    agent.script = { notify: answer };
    agents.push(agent);
    const path = join(tmpdir(), `sluice-spoe-${process.pid}-${Date.now()}.sock`);
    await new Promise<void>((resolve) => agent.server.listen(path, resolve));
    const proxy = await start({ backend: `server a unix@${path}` });
    expect(await proxy.get()).toBe(GOOD);
  });

  test('balance spreads exchanges', async () => {
    const [one, two] = [await agentOf(), await agentOf()];
    const proxy = await start({ backend: `balance roundrobin\n  ${server(one)}\n  ${server(two, '', 'b')}` });
    for (let i = 0; i < 6; i++) await proxy.get();
    expect([one.seen.length, two.seen.length]).toEqual([3, 3]);
  });

  test('a server that refuses connections: another is tried, as retries and redispatch say', async () => {
    const two = await agentOf();
    const proxy = await start({
      backend: `balance roundrobin\n  option redispatch 1\n  server dead 127.9.9.9:9\n  ${server(two, '', 'b')}`,
    });
    for (let i = 0; i < 4; i++) expect(await proxy.get()).toBe(GOOD);
    expect(two.seen.length).toBe(4);
  });

  test('option spop-check: a bad agent gets nothing, a good one all', async () => {
    const bad = await agentOf({ hello: (talk) => talk.greet({ version: '1.0' }) });
    const good = await agentOf();
    const check = 'check inter 50ms fall 1 rise 1';
    const proxy = await start({ backend: `option spop-check\n  ${server(bad, check)}\n  ${server(good, check, 'b')}` });
    await until('checks', () => bad.checks > 1 && good.checks > 1);
    for (let i = 0; i < 4; i++) expect(await proxy.get()).toBe(GOOD);
    expect([bad.seen.length, good.seen.length]).toEqual([0, 4]);
    bad.script = { notify: answer };
    const checks = bad.checks;
    await until('more checks', () => bad.checks > checks + 2);
    await many(proxy, 10);
    expect(bad.seen.length).toBeGreaterThan(0);
  });

  test('a server that moves: the next exchange goes to its new address', async () => {
    const [one, two] = [await agentOf(), await agentOf()];
    let backends: readonly Backend[] = [];
    const watching: Plugin = { name: 'watching', api: 1, setup: (context) => void ({ backends } = context) };
    const proxy = await start({ backend: server(one), plugins: [watching] });
    await proxy.get();

    backends
      .find(({ name }) => name === 'agents')!
      .servers[0]!.state.setAddress({ family: 4, address: '127.0.0.1', port: two.port }, two.port, 'test');
    expect(await proxy.get()).toBe(GOOD);
    expect([one.seen.length, two.seen.length]).toEqual([1, 1]);
    await until('the old connection to be closed', () => one.open === 0);
  });

  test('on-marked-down shutdown-sessions ends what is under way', async () => {
    const agent = await agentOf({
      hello: (talk) => talk.greet(agents[0]!.seen.length > 0 ? { version: '1.0' } : {}),
      notify: () => undefined,
    });
    const check = 'check inter 50ms fall 1 on-marked-down shutdown-sessions';
    const proxy = await start({ processing: '8s', backend: `option spop-check\n  ${server(agent, check)}` });
    expect(await proxy.get()).toBe('200|x-e: err=257 v=|');
  });

  test('no server at all: 257 at once', async () => {
    const proxy = await start({ backend: 'server a 127.0.0.1:1 disabled' });
    expect(await proxy.get()).toBe('200|x-e: err=257 v=|');
  });

  test('send-proxy', async () => {
    const agent = await agentOf();
    const seen: string[] = [];
    agent.server.prependListener('connection', (socket) => {
      socket.once('readable', () => undefined);
      const { emit } = socket;
      socket.emit = ((event: string, ...rest: unknown[]) => {
        if (event === 'data' && seen.length === 0) {
          const bytes = rest[0] as Buffer;
          const end = bytes.indexOf('\r\n') + 2;
          seen.push(bytes.latin1Slice(0, 6));
          return Reflect.apply(emit, socket, [event, bytes.subarray(end)]);
        }
        return Reflect.apply(emit, socket, [event, ...rest]);
      }) as typeof socket.emit;
    });
    const proxy = await start({ backend: server(agent, 'send-proxy') });
    expect(await proxy.get()).toBe(GOOD);
    expect(seen).toEqual(['PROXY ']);
  });

  test('a backend in mode spop sees the variables of the parent and the engine', async () => {
    const [one, two] = [await agentOf(), await agentOf()];
    const proxy = await start({
      proxy: 'http-request set-var(txn.who) path\n  http-request send-spoe-group e g',
      agent: '    groups g',
      file: 'spoe-message m\n    event on-client-session\nspoe-message n\n    args p=path\nspoe-group g\n    messages n',
      backend: `use-server b if { var(ptxn.who) -m str /two } { spoe.engine-id -m len 36 }
  use-server a if { var(txn.who) -m found } or { var(psess.who) -m found } or { var(pres.who) -m found }
  use-server a
  ${server(one)}\n  ${server(two, '', 'b')}`.replace('  use-server a\n', ''),
    });
    for (let i = 0; i < 4; i++) await proxy.get('/two');
    const groups = ({ seen }: ScriptedAgent): number => seen.filter(({ messages }) => messages[0]!.name === 'n').length;
    expect([groups(one), groups(two)]).toEqual([0, 4]);
  });
});

describe('agents that come and go', () => {
  test('one that dies under load: every request is answered, and nothing stays behind', async () => {
    const agent = await agentOf(slow(5));
    const proxy = await start({ processing: '500ms', backend: server(agent) });
    const answers: string[] = [];
    const deadline = Date.now() + 1200;
    const client = async (): Promise<void> => {
      while (Date.now() < deadline) answers.push(await proxy.get());
    };
    const clients = Array.from({ length: 20 }, client);
    for (let i = 0; i < 4; i++) {
      await sleep(200);
      for (const talk of agent.talks) talk.socket.resetAndDestroy();
    }
    await Promise.all(clients);
    const kinds = new Set(answers);
    expect([...kinds].toSorted()).toEqual([GOOD, '200|x-e: err=257 v=|'].toSorted());
    expect(answers.filter((one) => one === GOOD).length).toBeGreaterThan(answers.length / 2);
    expect(await proxy.get()).toBe(GOOD);
    expect(proxy.proxy.stats()).toMatchObject({ queued: 0, activeServerStreams: 0 });
    expect(proxy.errors).toEqual([]);
  });

  test('one that takes nothing any more: requests go on in time, and connections hold a bounded amount', async () => {
    const agent = await agentOf({
      notify: (talk) => void talk.socket.pause(),
    });
    const proxy = await start({ processing: '100ms', backend: server(agent) });
    // More than the system keeps for a connection nobody reads from.
    const path = `/${'x'.repeat(12_000)}`;
    const wrong = Array.from({ length: 60 }, () => '200|x-e: err=1 v=|');
    for (let i = 0; i < 10; i++) expect(await many(proxy, 60, path)).toEqual(wrong);
    expect(proxy.proxy.stats()).toMatchObject({ activeServerStreams: 0 });
    agent.script = {};
    for (const { socket } of agent.talks) socket.resume();
  });

  test('a reload while requests wait: they get their answers, the next ones come from the new engine', async () => {
    const agent = await agentOf(slow(300));
    const next = await agentOf();
    const proxy = await start({ backend: server(agent) });
    const waiting = many(proxy, 5);
    await until('them to wait', () => agent.seen.length === 5);
    await proxy.reload({ backend: server(next) });
    expect(await waiting).toEqual(Array.from({ length: 5 }, () => GOOD));
    await until('the old connections to be closed', () => agent.open === 0);
    expect(await proxy.get()).toBe(GOOD);
    expect(next.seen.length).toBe(1);
  });

  test('a stop while requests wait leaves nothing', async () => {
    const agent = await agentOf({ notify: () => undefined });
    const proxy = await start({ backend: server(agent) });
    const clients = await Promise.all([1, 2, 3].map(() => proxy.client('GET / HTTP/1.1\r\nHost: h\r\n\r\n')));
    await until('them to wait', () => agent.seen.length === 3);
    await proxy.stop();
    running = undefined;
    await until('the connection to be closed', () => agent.open === 0);
    for (const client of clients) expect(await client.sawClose()).toBe(true);
    expect(proxy.proxy.stats()).toMatchObject({ connections: 0, activeServerStreams: 0, queued: 0 });
  });

  test('clients that leave while they wait give their places up', async () => {
    const agent = await agentOf({ notify: () => undefined });
    const proxy = await start({ processing: '10s', backend: server(agent, 'maxconn 3') });
    const clients = await Promise.all([1, 2, 3, 4, 5].map(() => proxy.client('GET / HTTP/1.1\r\nHost: h\r\n\r\n')));
    await until('three to wait', () => agent.seen.length === 3);
    for (const client of clients) client.reset();
    await until('no place to be taken', () => {
      const { activeServerStreams, queued } = proxy.proxy.stats();
      return activeServerStreams === 0 && queued === 0;
    });
  });

  test('memory does not grow with exchanges that come to nothing', async () => {
    const agent = await agentOf({ notify: (talk, seen) => (seen.streamId % 4 === 1 ? undefined : answer(talk, seen)) });
    const proxy = await start({ processing: '20ms', backend: server(agent) });
    const round = async (): Promise<number> => {
      for (let i = 0; i < 4; i++) await many(proxy, 20);
      agent.seen = [];
      globalThis.gc?.();
      return process.memoryUsage().heapUsed;
    };
    await round();
    const before = await round();
    await round();
    const after = await round();
    expect(after - before).toBeLessThan(8 << 20);
    expect(agent.open).toBeLessThan(4);
  });
});
