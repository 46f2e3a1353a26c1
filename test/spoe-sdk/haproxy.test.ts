import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  createAgent,
  int32,
  Ip,
  silentLogger,
  uint32,
  uint64,
  type Agent,
  type Args,
  type SpopValue,
} from 'sluice/agent';
import { afterEach, describe, expect, it } from 'vitest';
import { listenAnywhere } from '../support/free-port.ts';
import { missing, title, which } from '../support/which.ts';
import { startHaproxy, type Answer, type HaproxyClient } from './haproxy-client.ts';

const absent = missing('haproxy');
const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});

async function listening(agent: Agent, port = 0): Promise<number> {
  const address = await agent.listen({ port, host: '127.0.0.1' });
  stops.push(() => agent.close({ drainMs: 200 }));
  return 'port' in address ? address.port : 0;
}
async function haproxy(setup: Parameters<typeof startHaproxy>[0]): Promise<HaproxyClient> {
  const client = await startHaproxy(setup);
  stops.push(() => client.stop());
  return client;
}

/** An agent that says in `txn.ag.n` what `n` it was told. */
const echo = (options: Partial<Parameters<typeof createAgent>[0]> = {}): Agent =>
  createAgent({ name: 'echo', logger: silentLogger, ...options }).on('echo', async (args, ctx) => {
    // Some at once, some later: ACKs in another order than their NOTIFYs.
    const n = args.string('n') ?? '';
    if (Number(n) % 3 === 0) await sleep(Number(n) % 5);
    ctx.setVar('txn', 'n', n);
    ctx.setVar('txn', 'length', args.string('pad')?.length ?? -1);
  });
const ECHO = { echo: '  args n=req.hdr(x-n) pad=req.hdr(x-pad)\n  event on-frontend-http-request' };
const SHOW = '  http-request return status 200 hdr n %[var(txn.ag.n)] hdr length %[var(txn.ag.length)]';

describe.skipIf(absent.length > 0)(title('HAProxy as the client', absent), () => {
  it('sends every type that it has', async () => {
    let seen: Args | undefined;
    const agent = createAgent({ name: 'types' }).on('types', (args) => void (seen = args));
    const client = await haproxy({
      agent: await listening(agent),
      rules: '  http-request return status 200',
      messages: {
        types: `  args yes=bool(1) no=bool(0) small=int(5) negative=int(-5) large=int(9007199254740993) least=int(-9223372036854775808)
  args v4=src v6=hdr_ip(x-ip) text=str(hello) hash=str(a),sha1 method=method none=req.hdr(x-none) str(unnamed)
  event on-frontend-http-request`,
      },
    });
    await client.get({ 'x-ip': '2001:db8::7' });
    const all = [...seen!].map(([name, value], index): [string, string, SpopValue] => [
      name,
      seen!.type(index)!,
      value,
    ]);
    expect(
      all.map(
        ([name, type, value]) => `${name} ${type} ${Buffer.isBuffer(value) ? value.toString('hex') : String(value)}`,
      ),
    ).toEqual([
      'yes bool true',
      'no bool false',
      'small int64 5',
      'negative int64 -5',
      'large int64 9007199254740993',
      'least int64 -9223372036854775808',
      'v4 ipv4 127.0.0.1',
      'v6 ipv6 2001:db8::7',
      'text string hello',
      'hash binary 86f7e437faa5a7fce15d1ddcb9eaeaea377667b8',
      'method string GET',
      'none null null',
      ' string unnamed',
    ]);
  });

  it('takes every type, in every scope, and has it taken away', async () => {
    const agent = createAgent({ name: 'types' }).on('types', (args, ctx) => {
      const unset = args.boolean('unset');
      for (const scope of ['proc', 'sess', 'txn', 'req'] as const)
        if (unset) ctx.unsetVar(scope, 'v');
        else ctx.setVar(scope, 'v', `of ${scope}`);
      if (unset) return;
      const values = {
        bool: true,
        i32: int32(-7),
        u32: uint32(4_000_000_000),
        i64: -(2n ** 62n),
        u64: uint64(2n ** 62n),
      };
      for (const [name, value] of Object.entries(values)) ctx.setVar('txn', name, value);
      ctx.setVar('txn', 'v4', Ip.parse('192.0.2.9'));
      ctx.setVar('txn', 'v6', Ip.parse('2001:db8::9'));
      ctx.setVar('txn', 'str', 'grün');
      ctx.setVar('txn', 'bin', Buffer.from([1, 0, 255]));
    });
    agent.on('answer', (_args, ctx) => ctx.setVar('res', 'v', 'of res'));
    const show = (name: string, text: string): string => `  http-response set-header ${name} ${text}`;
    const shown = {
      bool: '1',
      i32: '-7',
      u32: '4000000000',
      i64: '-4611686018427387904',
      u64: '4611686018427387904',
      v4: '192.0.2.9',
      v6: '2001:db8::9',
      str: Buffer.from('grün').toString('latin1'),
    };
    const server = createServer((request, response) => response.setHeader('req', request.headers['x-req'] ?? '').end());
    const origin = await listenAnywhere(server);
    stops.push(async () => server.close());
    const client = await haproxy({
      agent: await listening(agent),
      rules: [
        '  http-request set-header x-req %[var(req.ag.v)]',
        ...['sess', 'txn', 'proc', 'res'].map((scope) => show(scope, `%[var(${scope}.ag.v)]`)),
        ...Object.keys(shown).map((name) => show(name, `%[var(txn.ag.${name})]`)),
        show('bin', '%[var(txn.ag.bin),hex]'),
        '  default_backend origin',
      ].join('\n'),
      sections: `backend origin\n  server o 127.0.0.1:${origin}`,
      messages: {
        types: '  args unset=req.hdr(x-unset),bool\n  event on-frontend-http-request',
        answer: '  event on-http-response',
      },
    });
    const set = await client.get();
    expect(set.headers).toMatchObject({
      req: 'of req',
      sess: 'of sess',
      txn: 'of txn',
      res: 'of res',
      bin: '0100FF',
      ...shown,
    });
    const unset = await client.get({ 'x-unset': '1' });
    expect(unset.headers).toMatchObject({ req: '', proc: '', sess: '', txn: '' });
  });

  it('has 10,000 requests through 64 connections answered, each with its own answer', async () => {
    const agent = echo();
    const client = await haproxy({
      agent: await listening(agent),
      rules: SHOW,
      messages: ECHO,
      connections: 64,
    });
    let wrong = 0;
    await Promise.all(
      Array.from({ length: 64 }, async (_, lane) => {
        for (let n = lane; n < 10_000; n += 64) {
          const { headers } = await client.get({ 'x-n': String(n) });
          if (headers['n'] !== String(n)) wrong++;
        }
      }),
    );
    expect(wrong).toBe(0);
    expect(agent.counters).toMatchObject({
      notifies: 10_000,
      acks: 10_000,
      abandoned: 0,
      protocolErrors: 0,
      inFlight: 0,
    });
  }, 60_000);

  it.each([
    ['pipelining', ['pipelining'] as const, '  option pipelining\n  no option async'],
    ['async', ['pipelining', 'async'] as const, '  option async\n  option pipelining'],
    ['neither', [] as const, '  no option async\n  no option pipelining'],
  ])('with %s', async (_title, capabilities, options) => {
    const agent = echo({ capabilities });
    const client = await haproxy({
      agent: await listening(agent),
      rules: SHOW,
      messages: ECHO,
      options,
      connections: 32,
    });
    const answers = await Promise.all(Array.from({ length: 500 }, (_, n) => client.get({ 'x-n': String(n) })));
    expect(answers.map(({ headers }) => headers['n'])).toEqual(Array.from({ length: 500 }, (_, n) => String(n)));
    expect(agent.counters).toMatchObject({ acks: 500, protocolErrors: 0 });
  });

  it('over a UNIX socket, and with TLS', async () => {
    const at = mkdtempSync(join(tmpdir(), 'agent-'));
    stops.push(async () => rmSync(at, { recursive: true }));
    const agent = echo();
    await agent.listen({ path: `${at}/agent.sock` });
    stops.push(() => agent.close({ drainMs: 200 }));
    const plain = await haproxy({ agent: `unix@${at}/agent.sock`, rules: SHOW, messages: ECHO });
    expect((await plain.get({ 'x-n': '1' })).headers['n']).toBe('1');
    if (which('openssl') === undefined) return;
    const words = '-x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=agent -days 2';
    execFileSync('openssl', ['req', ...words.split(' '), '-keyout', `${at}/key`, '-out', `${at}/cert`], {
      stdio: 'ignore',
    });
    const tls = { key: readFileSync(`${at}/key`), cert: readFileSync(`${at}/cert`) };
    const address = await agent.listen({ port: 0, host: '127.0.0.1', tls });
    const port = 'port' in address ? address.port : 0;
    const secret = await haproxy({
      agent: port,
      server: `ssl verify required ca-file ${at}/cert`,
      rules: SHOW,
      messages: ECHO,
    });
    expect((await secret.get({ 'x-n': '2' })).headers['n']).toBe('2');
  });

  it('with messages in fragments', async () => {
    const agent = echo();
    const client = await haproxy({
      agent: await listening(agent),
      rules: SHOW,
      messages: ECHO,
      options: '  max-frame-size 256\n  option send-frag-payload',
      connections: 8,
    });
    const lengths = [1, 200, 300, 1000, 5000, 20, 4000];
    const answers = await Promise.all(
      lengths.map((length, n) => client.get({ 'x-n': String(n), 'x-pad': 'p'.repeat(length) })),
    );
    expect(answers.map(({ headers }) => headers['length'])).toEqual(lengths.map(String));
    expect(agent.counters).toMatchObject({ acks: lengths.length, protocolErrors: 0 });
  });

  it('sees the agent’s health, and goes on when it is restarted under load', async () => {
    let agent = echo();
    const port = await listening(agent);
    const client = await haproxy({
      agent: port,
      server: 'check inter 100ms fall 1 rise 1',
      options: '  option continue-on-error\n  timeout processing 200ms',
      rules: `  http-request return status 200 hdr up %[srv_is_up(agents/agent)] if { path /health }\n${SHOW}`,
      messages: ECHO,
      connections: 16,
    });
    const up = async (): Promise<unknown> => (await client.get({}, '/health')).headers['up'];
    await expect.poll(up, { timeout: 5000 }).toBe('1');
    const answers: Answer[] = [];
    let wrong = 0;
    let running = true;
    const load = Array.from({ length: 16 }, async (_, lane) => {
      for (let n = lane; running; n += 16) {
        const answer = await client.get({ 'x-n': String(n) });
        answers.push(answer);
        // No variable while no agent is there, and never another one's.
        if (answer.headers['n'] !== undefined && answer.headers['n'] !== '' && answer.headers['n'] !== String(n))
          wrong++;
      }
    });
    const checks: Agent[] = [];
    for (let round = 0; round < 3; round++) {
      await sleep(150);
      await agent.close({ drainMs: 500 });
      checks.push(agent);
      if (round === 0) await expect.poll(up, { timeout: 5000 }).toBe('0');
      agent = echo();
      await listening(agent, port);
      await expect.poll(up, { timeout: 5000 }).toBe('1');
    }
    await sleep(150);
    running = false;
    await Promise.all(load);
    expect(wrong).toBe(0);
    for (const { counters } of checks) {
      expect(counters.healthChecks).toBeGreaterThan(0);
      // All that an agent had taken on was answered before it went.
      expect(counters).toMatchObject({ abandoned: 0, protocolErrors: 0, connections: 0 });
      expect(counters.acks).toBe(counters.notifies);
    }
    const last = await client.get({ 'x-n': '7' });
    expect(last.headers['n']).toBe('7');
  }, 40_000);
});
