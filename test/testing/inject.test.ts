import { describe, expect, test } from 'vitest';
import { inject, startProxy } from 'sluice/testing';

const CONFIG = `
defaults
    mode http
    timeout client  5s
    timeout server  5s
    timeout connect 5s
frontend web
    bind :80
    bind :8443
    acl office src 198.51.100.0/24
    http-request deny deny_status 403 if !office { path_beg /admin }
    http-request set-header x-from %[src]:%[src_port]->%[dst]:%[dst_port]
    http-request return status 200 content-type text/plain string own if { path /own }
    http-response set-header x-server %s
    default_backend app
backend app
    balance roundrobin
    server s1 app.internal.example:80
    server s2 app.internal.example:81 check
`;

describe('inject', () => {
  test('passes rules, backend and server, and the answer comes back through the response rules', async () => {
    const { response, observation, forwarded } = await inject(
      {
        config: CONFIG,
        source: { host: '198.51.100.7', port: 4711 },
        destination: { host: '203.0.113.1', port: 8443 },
        answer: ({ url }) => ({ status: 202, body: `you asked for ${url}` }),
      },
      { method: 'POST', url: '/admin/x?y', headers: { 'X-A': '1' }, body: 'content' },
    );
    expect([response.status, response.text, response.headers.get('x-server')]).toEqual([
      202,
      'you asked for /admin/x?y',
      's1',
    ]);
    expect(observation).toMatchObject({ backend: 'app', server: 's1', status: 202, termination: '----' });
    expect(forwarded?.text).toBe('content');
    expect(forwarded?.headers.get('x-from')).toBe('198.51.100.7:4711->203.0.113.1:8443');
    expect(forwarded?.rawHead).toContain('POST /admin/x?y HTTP/1.1\r\nhost: localhost\r\nx-a: 1\r\n');
  });

  test('what a rule answers reaches no server', async () => {
    const { response, observation, forwarded } = await inject(
      { config: CONFIG, source: { host: '192.0.2.1' } },
      '/admin/',
    );
    expect([response.status, forwarded, observation.server]).toEqual([403, undefined, undefined]);
    expect(observation.lastRule?.text).toContain('deny deny_status 403');
    expect(observation.termination).toBe('PR--');
  });

  test('the port is that of the bind line, when nothing else is said', async () => {
    const { forwarded } = await inject({ config: CONFIG });
    expect(forwarded?.headers.get('x-from')).toMatch(/^127\.0\.0\.1:\d+->127\.0\.0\.1:80$/);
  });
});

// The same with sockets, as it must be.
describe.each(['none', 'free'] as const)('a proxy that listens at addresses: %s', (addresses) => {
  test('keeps connections alive, pipelines, and ends what is cut', async () => {
    await using proxy = await startProxy({ config: CONFIG, addresses, standIns: true, checks: 'off' });
    expect(proxy.address('web').url === undefined).toBe(addresses === 'none');
    const client = await proxy.connect();
    const answers = await client.pipeline(['/own', '/a', '/own', '/b']);
    expect(answers.map(({ text }) => text)).toEqual(['own', 'app/s1', 'own', 'app/s2']);
    expect(proxy.standIn('app/s1').connections.length).toBe(1);
    proxy.standIn('app/s1').answer({ headers: { 'content-length': '100' }, body: 'half', afterwards: 'reset' });
    const cut = await client.request('/c');
    expect([cut.text, cut.complete, client.closed]).toEqual(['half', false, 'end']);
    const bad = await proxy.connect();
    bad.send('NO HTTP\r\n\r\n');
    expect((await bad.response()).status).toBe(400);
    expect(await bad.whenClosed()).toBe('end');
  });

  test('large bodies flow both ways', async () => {
    await using proxy = await startProxy({ config: CONFIG, addresses, standIns: true, checks: 'off' });
    const body = Buffer.alloc(3_000_000, 'abcdefghij');
    proxy.standIn('app/s1').answer((request) => ({ body: request.body }));
    const response = await proxy.request({ url: '/', body });
    expect(response.body.equals(body)).toBe(true);
  });
});
