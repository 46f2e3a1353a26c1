import { setTimeout as sleep } from 'node:timers/promises';
import { Ip } from 'sluice/agent';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { command } from '../../spoe-agents/rate-limit/command.ts';
import { freePort } from '../support/free-port.ts';
import { RunningProcess } from '../support/process.ts';
import { missing, title } from '../support/which.ts';
import { startHaproxy } from '../spoe-sdk/haproxy-client.ts';
import { PROXIES, startAgent, type StartedAgent } from './support.ts';

const absent = missing('redis-server');
describe.skipIf(absent.length > 0)(title('with Redis', absent), () => {
  let redis: RunningProcess;
  let url: string;
  let port: number;
  const startRedis = async (): Promise<void> => {
    redis = new RunningProcess('redis-server', [
      '--port',
      String(port),
      '--bind',
      '127.0.0.1',
      '--save',
      '',
      '--dir',
      '/tmp',
    ]);
    await redis.listening([port]);
  };
  beforeAll(async () => {
    port = await freePort();
    url = `redis://127.0.0.1:${port}`;
    await startRedis();
  });
  afterAll(() => redis.stop());

  let used = 0;
  const start = async (...words: string[]): Promise<StartedAgent> => {
    const agent = await startAgent(command, ['--redis', url, '--prefix', `t${used++}:`, '--timeout', '2s', ...words]);
    await ready(agent);
    return agent;
  };
  /** Until the connection to the store stands. */
  const ready = async ({ client }: StartedAgent): Promise<void> => {
    const error = async (): Promise<unknown> =>
      (await client.notify('rate-limit', { key: 'warm up', cost: 0, rule: null })).vars['txn.rate_error'];
    await expect.poll(error, { timeout: 8000 }).toBeUndefined();
  };
  const ask = async (
    { client }: StartedAgent,
    args: Parameters<typeof client.notify>[1],
  ): Promise<Record<string, unknown>> => (await client.notify('rate-limit', args)).vars;

  it('lets as many pass as it should, for each key', async () => {
    const agent = await start('--limit', '3/1h');
    const key = Ip.parse('192.0.2.1');
    expect(await ask(agent, { key })).toEqual({
      'txn.rate_ok': true,
      'txn.rate_limit': 3,
      'txn.rate_remaining': 2,
      'txn.rate_retry_ms': 0,
    });
    expect(await ask(agent, { key })).toMatchObject({ 'txn.rate_remaining': 1 });
    expect(await ask(agent, { key })).toMatchObject({ 'txn.rate_ok': true, 'txn.rate_remaining': 0 });
    const refused = await ask(agent, { key });
    expect(refused).toMatchObject({ 'txn.rate_ok': false, 'txn.rate_remaining': 0 });
    expect(refused['txn.rate_retry_ms']).toBeGreaterThan(1_190_000);
    expect(refused['txn.rate_retry_ms']).toBeLessThanOrEqual(1_200_000);
    expect(await ask(agent, { key: Ip.parse('192.0.2.2') })).toMatchObject({ 'txn.rate_ok': true });
    expect(await ask(agent, { key: 'x'.repeat(5000) })).toMatchObject({ 'txn.rate_ok': true });
    expect(await ask(agent, { key: Buffer.from([1]), cost: 4 })).toMatchObject({
      'txn.rate_ok': false,
      'txn.rate_remaining': 3,
    });
    expect(await ask(agent, { key: Buffer.from([1]), cost: 2 })).toMatchObject({
      'txn.rate_ok': true,
      'txn.rate_remaining': 1,
    });
  });

  it('lets more pass as time goes by', async () => {
    const agent = await start('--limit', '2/200ms');
    const rush = async (): Promise<number> => {
      const all = await Promise.all(Array.from({ length: 10 }, () => ask(agent, { key: 'a' })));
      return all.filter((vars) => vars['txn.rate_ok'] === true).length;
    };
    expect(await rush()).toBeGreaterThanOrEqual(2);
    await sleep(450);
    const again = await rush();
    expect(again).toBeGreaterThanOrEqual(2);
    expect(again).toBeLessThan(10);
  });

  it('counts for all agents together, and never lets one more pass', async () => {
    const agents = [
      await start('--limit', '50/1h', '--prefix', 'fleet:'),
      await start('--limit', '50/1h', '--prefix', 'fleet:'),
    ];
    const all = await Promise.all(Array.from({ length: 300 }, (_, index) => ask(agents[index % 2]!, { key: 'a' })));
    expect(all.filter((vars) => vars['txn.rate_ok'] === true)).toHaveLength(50);
  });

  it('has rules by name', async () => {
    const agent = await start('--limit', '100/1m', '--rule', 'login=1/1h');
    const key = 'me';
    expect(await ask(agent, { key, rule: 'login' })).toMatchObject({ 'txn.rate_ok': true, 'txn.rate_limit': 1 });
    expect(await ask(agent, { key, rule: 'login' })).toMatchObject({ 'txn.rate_ok': false });
    expect(await ask(agent, { key })).toMatchObject({ 'txn.rate_ok': true, 'txn.rate_limit': 100 });
    expect(await ask(agent, { key, rule: 'other' })).toEqual({});
    expect(agent.logged.map(({ details }) => (details['err'] as Error).message)).toContain("there is no rule 'other'");
  });

  it('goes on without its store as configured, and with it when it is back', async () => {
    const allowing = await start('--limit', '5/1h');
    const denying = await start('--limit', '5/1h', '--on-error', 'deny');
    await redis.stop();
    const gone = { 'txn.rate_error': 'unavailable', 'txn.rate_limit': 5 };
    expect(await ask(allowing, { key: 'a' })).toEqual({ ...gone, 'txn.rate_ok': true });
    expect(await ask(denying, { key: 'a' })).toEqual({ ...gone, 'txn.rate_ok': false });
    expect(allowing.counters().handlerErrors).toBe(0);
    await startRedis();
    await ready(allowing);
    expect(await ask(allowing, { key: 'a' })).toMatchObject({ 'txn.rate_ok': true, 'txn.rate_remaining': 4 });
  });

  it.each(PROXIES)('serves %s', async (program) => {
    const agent = await start('--limit', '2/1h');
    const haproxy = await startHaproxy({
      program,
      agent: agent.port,
      messages: { 'rate-limit': '  args key=src\n  event on-frontend-http-request' },
      rules: `  http-request deny status 429 if { var(txn.ag.rate_ok) -m int eq 0 }
  http-request return status 200 hdr left %[var(txn.ag.rate_remaining)]`,
    });
    try {
      const answers = [await haproxy.get(), await haproxy.get(), await haproxy.get()];
      expect(answers.map(({ status, headers }) => [status, headers['left']])).toEqual([
        [200, '1'],
        [200, '0'],
        [429, undefined],
      ]);
    } finally {
      await haproxy.stop();
    }
  });
});

it('refuses what it cannot use', async () => {
  const start = (...words: string[]) => startAgent(command, words);
  await expect(start()).rejects.toThrow('--limit or --rule is needed');
  await expect(start('--limit', '5')).rejects.toThrow("--limit expects a limit such as 100/1m or 10/500ms, not '5'");
  await expect(start('--limit', '0/1s')).rejects.toThrow('--limit expects a limit');
  await expect(start('--limit', '5/1y')).rejects.toThrow('expects a time');
  await expect(start('--rule', '5/1s')).rejects.toThrow('--rule expects NAME=COUNT/TIME');
  await expect(start('--limit', '5/1s', '--redis', 'http://x')).rejects.toThrow('--redis expects a URL');
  await expect(start('--limit', '5/1s', '--on-error', 'x')).rejects.toThrow('--on-error is allow or deny');
});
