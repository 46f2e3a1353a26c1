import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { origin, request, startProxy } from 'sluice/testing';

const config = (binds: readonly string[]): string => `
defaults
    mode http
    timeout client  5s
    timeout server  5s
    timeout connect 5s
frontend web
${binds.map((bind) => `    bind ${bind}`).join('\n')}
    http-request return status 200 content-type text/plain lf-string "%[dst]:%[dst_port]"
`;

test('every address of a configuration is put on a free port, and rules see the one that is written', async () => {
  const binds = [
    '*:80',
    ':8001-8003',
    '198.51.100.7:443 interface eth9',
    '[2001:db8::1]:8443',
    'not.resolvable.invalid:81',
    '/run/never-made.sock mode 600',
    'abns@never-made',
    'fd@77',
  ];
  await using proxy = await startProxy({ config: config(binds) });
  const told = await Promise.all(
    proxy.addresses.map(async (address) => [address.configured, (await request(address, '/')).text]),
  );
  expect(told.map(([configured]) => configured)).toEqual([
    '*:80',
    ':8001-8003',
    ':8001-8003',
    ':8001-8003',
    '198.51.100.7:443',
    '[2001:db8::1]:8443',
    'not.resolvable.invalid:81',
    '/run/never-made.sock',
    'abns@never-made',
    'fd@77',
  ]);
  expect(told.slice(0, 7).map(([, text]) => text)).toEqual([
    '127.0.0.1:80',
    '127.0.0.1:8001',
    '127.0.0.1:8002',
    '127.0.0.1:8003',
    '198.51.100.7:443',
    '2001:db8::1:8443',
    '127.0.0.1:81',
  ]);
  expect(proxy.addresses.every(({ host, port }) => host === '127.0.0.1' && port !== undefined)).toBe(true);
});

test('the addresses of the configuration, where they are wanted', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-testing-'));
  const path = join(folder, 's');
  await using proxy = await startProxy({ config: config([path, '127.0.0.1:0']), addresses: 'configured' });
  expect(proxy.addresses.map(({ text }) => text)).toEqual([path, `127.0.0.1:${proxy.addresses[1]!.port}`]);
  const { response, observation } = await proxy.exchange('/unix');
  expect([response.status, observation.request?.url, observation.socket.port]).toEqual([200, '/unix', 0]);
  rmSync(folder, { recursive: true });
});

test('one stand-in for all servers, a table of them, and what is not in it', async () => {
  await using all = await origin('all');
  await using special = await origin('special');
  const servers = `
defaults
    mode http
    timeout client  5s
    timeout server  5s
    timeout connect 5s
    retries 0
frontend web
    bind :80
    use_backend %[path,field(2,/)]
backend a
    server s1 192.0.2.1:80
    server s2 192.0.2.1:80 backup
backend b
    server s1 ${all.address}
`;
  await using one = await startProxy({ config: servers, servers: all });
  expect([(await one.request('/a')).text, (await one.request('/b')).text]).toEqual(['all', 'all']);
  await using table = await startProxy({ config: servers, servers: { 'a/s2': special, a: special.address } });
  expect([(await table.request('/a')).text, (await table.request('/b')).text]).toEqual(['special', 'all']);
  await using mixed = await startProxy({ config: servers, servers: { b: special }, standIns: true });
  expect([(await mixed.request('/a')).text, (await mixed.request('/b')).text]).toEqual(['a/s1', 'special']);
  expect(mixed.standInPaths).toEqual(['a/s1', 'a/s2']);
  expect(() => mixed.standIn('b/s1')).toThrow("there is no stand-in for 'b/s1'; those there are: a/s1, a/s2");
  expect(() => mixed.server('a/s9')).toThrow("there is no server 'a/s9'; those there are: 'a/s1', 'a/s2', 'b/s1'");
  mixed.server('a/s1').maint();
  expect((await mixed.request('/a')).text).toBe('a/s2');
  mixed.server('a/s1').ready().drain();
  expect(mixed.server('a/s1').status).toContain('DRAIN');
});
