import { writeFileSync } from 'node:fs';
import { Ip } from 'sluice/agent';
import { describe, expect, it } from 'vitest';
import { command } from '../../spoe-agents/geoip/command.ts';
import { startHaproxy } from '../spoe-sdk/haproxy-client.ts';
import { mmdb } from './mmdb.ts';
import { file, PROXIES, startAgent, type StartedAgent } from './support.ts';

const CITY = {
  '192.0.2.0/24': {
    country: { iso_code: 'DE' },
    continent: { code: 'EU' },
    city: { names: { en: 'Munich', de: 'München' } },
    subdivisions: [{ iso_code: 'BY' }],
    location: { latitude: 48.137, time_zone: 'Europe/Berlin' },
  },
  '2001:db8::/32': { country: { iso_code: 'FR', is_in_european_union: true } },
  '127.0.0.0/8': { country: { iso_code: 'ZZ' } },
};
const ASN = { '192.0.2.0/25': { autonomous_system_number: 64_500, autonomous_system_organization: 'Example' } };

describe('the agent', () => {
  const ask = async ({ client }: StartedAgent, ip: string | null): Promise<unknown> =>
    (await client.notify('geoip', { ip: ip === null ? null : Ip.parse(ip) })).vars;

  it('says what its databases know', async () => {
    const databases = ['--database', file('city.mmdb', mmdb(CITY)), '--database', file('asn.mmdb', mmdb(ASN))];
    const more = [
      '--set',
      'city_de=city.names.de',
      '--set',
      'eu=country.is_in_european_union',
      '--set',
      'lat=location.latitude',
    ];
    const agent = await startAgent(command, [...databases, ...more]);
    expect(await ask(agent, '192.0.2.1')).toEqual({
      'sess.country': 'DE',
      'sess.continent': 'EU',
      'sess.city': 'Munich',
      'sess.region': 'BY',
      'sess.timezone': 'Europe/Berlin',
      'sess.asn': 64_500,
      'sess.as_org': 'Example',
      'sess.city_de': 'München',
      'sess.lat': '48.137',
    });
    expect(await ask(agent, '2001:db8::7')).toEqual({ 'sess.country': 'FR', 'sess.eu': true });
    for (const unknown of ['198.51.100.1', null]) {
      const { actions } = await agent.client.notify('geoip', { ip: unknown === null ? null : Ip.parse(unknown) });
      expect(new Set(actions.map(({ kind }) => kind))).toEqual(new Set(['unset-var']));
    }
  });

  it('reads a new file', async () => {
    const path = file('city.mmdb', mmdb(CITY));
    const agent = await startAgent(command, ['--database', path, '--scope', 'txn']);
    writeFileSync(path, 'no database');
    await agent.running.reload!();
    expect(agent.logged.at(-1)!.details['reason']).toContain(`${path} is not a MaxMind database`);
    expect(await ask(agent, '192.0.2.1')).toMatchObject({ 'txn.country': 'DE' });
    writeFileSync(path, mmdb({ '192.0.2.0/24': { country: { iso_code: 'AT' } } }));
    await agent.running.reload!();
    expect(await ask(agent, '192.0.2.1')).toEqual({ 'txn.country': 'AT' });
  });

  it('refuses what it cannot use', async () => {
    const good = file('city.mmdb', mmdb(CITY));
    await expect(startAgent(command, [])).rejects.toThrow('--database is needed');
    await expect(startAgent(command, ['--database', '/none'])).rejects.toThrow('ENOENT');
    await expect(startAgent(command, ['--database', good, '--set', 'x'])).rejects.toThrow('--set expects NAME=PATH');
    await expect(startAgent(command, ['--database', good, '--scope', 'req'])).rejects.toThrow('--scope is sess or txn');
  });
});

describe.each(PROXIES)('behind %s', (program) => {
  it('has its variables in rules', async () => {
    const agent = await startAgent(command, ['--database', file('city.mmdb', mmdb(CITY))]);
    const haproxy = await startHaproxy({
      program,
      agent: agent.port,
      messages: { geoip: '  args ip=src\n  event on-client-session' },
      rules: '  http-request return status 200 hdr country %[var(sess.ag.country)]',
    });
    try {
      expect((await haproxy.get()).headers['country']).toBe('ZZ');
    } finally {
      await haproxy.stop();
    }
  });
});
