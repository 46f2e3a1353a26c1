import { describe, expect, test } from 'vitest';
import { origin, startProxy } from 'sluice/testing';

const DEFAULTS = `
defaults
    mode http
    timeout client  5s
    timeout server  5s
    timeout connect 5s
`;

describe('startProxy', () => {
  test('a configuration for production runs on free ports, with an origin for each server', async () => {
    await using proxy = await startProxy({
      config: `${DEFAULTS}
frontend web
    bind :80
    http-request set-header x-port %[dst_port]
    http-request set-var(txn.who) str(me)
    use_backend api if { path_beg /api }
    default_backend app
backend app
    server a1 app1.internal.example:8080 check
    server a2 app2.internal.example:8080
backend api
    server p1 10.0.0.1:9000
`,
      standIns: true,
    });
    proxy.standIn('api/p1').answer({ status: 201, headers: { 'x-a': '1' }, body: 'made' });
    const { response, observation } = await proxy.exchange({ method: 'POST', url: '/api/x', body: 'hello' });
    expect([response.status, response.text, response.headers.get('x-a')]).toEqual([201, 'made', '1']);
    const seen = proxy.standIn('api/p1').last;
    expect([seen.method, seen.url, seen.text, seen.headers.get('x-port')]).toEqual(['POST', '/api/x', 'hello', '80']);
    expect(observation).toMatchObject({
      frontend: 'web',
      backend: 'api',
      server: 'p1',
      status: 201,
      termination: '----',
      variables: { 'txn.who': 'me' },
      request: { method: 'POST', url: '/api/x' },
    });
    expect(observation.request!.received.headers.names).toEqual(['host', 'content-length']);
    const texts = [await proxy.request('/'), await proxy.request('/')].map(({ text }) => text);
    expect(texts.toSorted()).toEqual(['app/a1', 'app/a2']);
    proxy.server('app/a1').down();
    for (let i = 0; i < 3; i++) expect((await proxy.request('/')).text).toBe('app/a2');
    proxy.server('app/a1').up();
  });

  test('log lines are seen, and sent nowhere', async () => {
    await using site = await origin('hi');
    await using proxy = await startProxy({
      config: `
global
    log 127.0.0.1:514 local0
${DEFAULTS}
    log global
    log-format "%s %ST %TR"
listen l
    bind :0
    server s ${site.address}
`,
    });
    const { observation } = await proxy.exchange('/');
    expect(observation.logLines).toEqual(['s 200 0']);
  });
});
