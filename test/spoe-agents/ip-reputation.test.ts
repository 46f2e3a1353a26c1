import { renameSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { Ip } from 'sluice/agent';
import { describe, expect, it } from 'vitest';
import { command } from '../../spoe-agents/ip-reputation/command.ts';
import { Networks } from '../../spoe-agents/ip-reputation/networks.ts';
import { UsageError } from '../../spoe-agents/shared/command.ts';
import { startHaproxy } from '../spoe-sdk/haproxy-client.ts';
import { file, folder, PROXIES, startAgent } from './support.ts';

describe('networks', () => {
  it('are found by the longest prefix', () => {
    const networks = new Networks<string>();
    for (const network of [
      '10.0.0.0/8',
      '10.1.0.0/16',
      '10.1.2.3',
      '0.0.0.0/0',
      '2001:db8::/33',
      '::/0',
      '10.1.2.128/25',
    ])
      expect(networks.add(network, network)).toBe(true);
    const found = [
      '10.9.9.9',
      '10.1.9.9',
      '10.1.2.3',
      '10.1.2.4',
      '10.1.2.200',
      '192.0.2.1',
      '2001:db8:7fff::1',
      '2001:db8:8000::1',
    ];
    expect(found.map((address) => networks.find(Ip.parse(address)))).toEqual([
      '10.0.0.0/8',
      '10.1.0.0/16',
      '10.1.2.3',
      '10.1.0.0/16',
      '10.1.2.128/25',
      '0.0.0.0/0',
      '2001:db8::/33',
      '::/0',
    ]);
    expect(networks.find(Ip.parse('::ffff:10.1.2.3'))).toBe('10.1.2.3');
    expect(networks.size).toBe(7);
    for (const wrong of ['', '10.0.0.0/33', '10.0.0/8', '::/129', '10.0.0.0/8/8', '10.0.0.0/', 'host', '10.0.0.0/-1'])
      expect(networks.add(wrong, 'never'), wrong).toBe(false);
  });

  it('hold what begins with their bits, and nothing else', () => {
    const bits = (ip: Ip): string => [...ip.bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
    fc.assert(
      fc.property(fc.ipV6(), fc.integer({ min: 0, max: 128 }), fc.ipV6(), (network, length, address) => {
        const networks = new Networks<true>();
        networks.add(`${network}/${length}`, true);
        const [left, right] = [Ip.parse(network), Ip.parse(address)];
        fc.pre(!left.toString().startsWith('::ffff:') && !right.toString().startsWith('::ffff:'));
        expect(networks.find(right) === true).toBe(bits(left).slice(0, length) === bits(right).slice(0, length));
        expect(networks.find(left)).toBe(true);
      }),
    );
  });
});

describe('the agent', () => {
  const ask = async (agent: Awaited<ReturnType<typeof startAgent>>, ip: string): Promise<unknown> =>
    (await agent.client.notify('check-client-ip', { ip: Ip.parse(ip) })).vars;

  it('says score and list', async () => {
    const bad = file('bad.txt', '# known\n192.0.2.0/24\n192.0.2.7 50 ; better\n\n2001:db8::/32, 5\r\n');
    const good = file('friends.list', '192.0.2.8\n');
    const agent = await startAgent(command, ['--list', bad, '--list', `${good}=90`, '--default', '70']);
    expect(await ask(agent, '192.0.2.1')).toEqual({
      'sess.ip_score': 0,
      'sess.ip_listed': true,
      'sess.ip_list': 'bad',
    });
    expect(await ask(agent, '192.0.2.7')).toMatchObject({ 'sess.ip_score': 50, 'sess.ip_list': 'bad' });
    expect(await ask(agent, '192.0.2.8')).toMatchObject({ 'sess.ip_score': 90, 'sess.ip_list': 'friends' });
    expect(await ask(agent, '2001:db8::1')).toMatchObject({ 'sess.ip_score': 5 });
    expect(await ask(agent, '198.51.100.1')).toEqual({ 'sess.ip_score': 70, 'sess.ip_listed': false });
    expect((await agent.client.notify('check-client-ip', [['', Ip.parse('192.0.2.7')]])).vars).toMatchObject({
      'sess.ip_score': 50,
    });
    expect((await agent.client.notify('check-client-ip', { ip: null })).vars).toMatchObject({
      'sess.ip_listed': false,
    });
  });

  it('reads its lists again when they change, and keeps them when they are wrong', async () => {
    const list = file('list.txt', '192.0.2.1\n');
    const agent = await startAgent(command, ['--list', list]);
    const score = async (): Promise<unknown> =>
      ((await ask(agent, '192.0.2.2')) as Record<string, unknown>)['sess.ip_score'];
    expect(await score()).toBe(100);
    // By renaming, as tools that write lists do.
    const next = `${folder()}/next`;
    writeFileSync(next, '192.0.2.2 33\n');
    renameSync(next, list);
    await expect.poll(score, { timeout: 8000 }).toBe(33);
    writeFileSync(list, '192.0.2.2 99\n192.0.2.0/40\n');
    await agent.running.reload!();
    expect(await score()).toBe(33);
    expect(agent.logged.at(-1)!.details['reason']).toBe(
      `${list}:2: '192.0.2.0/40' is neither an address nor a network such as 192.0.2.0/24`,
    );
  });

  it('refuses what it cannot use', async () => {
    const start = (...words: string[]) => startAgent(command, words);
    const list = file('list.txt', '192.0.2.1 101\n');
    await expect(start()).rejects.toThrow(UsageError);
    await expect(start('--list', list)).rejects.toThrow(`${list}:1: a score is a number from 0 to 100, not '101'`);
    await expect(start('--list', `${list}=x`)).rejects.toThrow(UsageError);
    await expect(start('--list', '/none')).rejects.toThrow('ENOENT');
    await expect(start('--list', list, '--default', '101')).rejects.toThrow('--default expects a number from 0 to 100');
  });
});

describe.each(PROXIES)('behind %s', (program) => {
  it('lets a rule reject a listed client', async () => {
    const agent = await startAgent(command, ['--list', `${file('lan.txt', '127.0.0.0/8')}=10`]);
    const haproxy = await startHaproxy({
      program,
      agent: agent.port,
      messages: { 'check-client-ip': '  args ip=src\n  event on-client-session' },
      rules: `  http-request deny status 403 if { var(sess.ag.ip_score) -m int lt 20 }
  http-request return status 200`,
    });
    try {
      expect((await haproxy.get()).status).toBe(403);
    } finally {
      await haproxy.stop();
    }
  });
});
