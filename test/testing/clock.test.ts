import { describe, expect, test } from 'vitest';
import { definePlugin } from 'sluice/plugin';
import { origin, startProxy } from 'sluice/testing';

const DEFAULTS = `
defaults
    mode http
    timeout client  30s
    timeout server  30s
    timeout connect 5s
`;

describe('time moves on', () => {
  test('health checks take a server down and bring it back', async () => {
    await using proxy = await startProxy({
      config: `${DEFAULTS}
listen web
    bind :80
    option httpchk GET /health
    server s1 10.0.0.1:80 check inter 10s fall 3 rise 2
`,
      standIns: true,
    });
    const standIn = proxy.standIn('web/s1');
    await proxy.clock.advance('10s');
    expect(proxy.server('web/s1').status).toBe('UP');
    standIn.answer({ status: 500 });
    await proxy.clock.advance('20s');
    expect(proxy.server('web/s1').status).toBe('UP 1/3');
    await proxy.clock.advance('10s');
    expect(proxy.server('web/s1').status).toBe('DOWN');
    expect((await proxy.request('/')).status).toBe(503);
    standIn.answer('here again');
    await proxy.clock.advance('20s');
    expect((await proxy.request('/')).text).toBe('here again');
  });

  test('timeouts are met', async () => {
    await using proxy = await startProxy({
      config: `${DEFAULTS}
listen web
    bind :80
    server s1 10.0.0.1:80
`,
      standIns: true,
    });
    proxy.standIn('web/s1').answer(() => undefined);
    const client = await proxy.connect();
    client.write('/');
    await proxy.standIn('web/s1').request(1);
    await proxy.clock.advance('29s');
    expect(client.responses).toEqual([]);
    await proxy.clock.advance('1100ms');
    expect((await client.response()).status).toBe(504);
    expect((await proxy.observation(1)).termination).toBe('sH--');
  });

  test('what is cached grows old', async () => {
    await using site = await origin(() => ({ headers: { 'cache-control': 'max-age=60' }, body: 'x' }));
    await using proxy = await startProxy({
      config: `${DEFAULTS}
cache c
    total-max-size 4
listen web
    bind :80
    http-request cache-use c
    http-response cache-store c
    server s1 ${site.address}
`,
    });
    await proxy.request('/');
    await proxy.clock.advance(50_000);
    expect(Number((await proxy.request('/')).headers.get('age'))).toBeGreaterThanOrEqual(49);
    expect(site.requests.length).toBe(1);
    await proxy.clock.advance('20s');
    await proxy.request('/');
    expect(site.requests.length).toBe(2);
  });

  test('rules go by the date that was set, and two proxies have each their own', async () => {
    const config = `${DEFAULTS}
frontend web
    bind :80
    http-request return status 200 content-type text/plain lf-string %[date,utime(%Y-%m-%dT%H:%M)]
`;
    await using one = await startProxy({ config });
    await using other = await startProxy({ config });
    one.clock.set('2031-02-03T04:05:00Z');
    other.clock.set('1999-12-31T23:59:00Z');
    await other.clock.advance('2m');
    expect((await one.request('/')).text).toBe('2031-02-03T04:05');
    expect((await other.request('/')).text).toBe('2000-01-01T00:01');
  });

  test('frozen time meets no deadline by itself', async () => {
    await using proxy = await startProxy({
      config: `${DEFAULTS.replace('server  30s', 'server  20ms')}
listen web
    bind :80
    server s1 10.0.0.1:80
`,
      standIns: true,
    });
    proxy.clock.freeze();
    proxy.standIn('web/s1').answer({ delay: 80, body: 'late' });
    expect((await proxy.request('/')).text).toBe('late');
    proxy.clock.resume();
    expect((await proxy.request('/')).status).toBe(504);
  });

  test('timers and clocks of plugins, tarpits and queues go by it', async () => {
    const ticks: number[] = [];
    const ticking = definePlugin({
      name: 'ticking',
      api: 1,
      setup({ clock, timer }) {
        const began = clock.now();
        const tick = timer(() => {
          ticks.push(Math.round((clock.now() - began) / 1000));
          tick.start(60_000);
        });
        return { start: () => tick.start(60_000), stop: () => tick.stop() };
      },
    });
    await using proxy = await startProxy({
      config: `${DEFAULTS}
    timeout tarpit 20s
    timeout queue  10s
listen web
    bind :80
    http-request tarpit deny_status 429 if { path /tar }
    server s1 10.0.0.1:80 maxconn 1
`,
      plugins: [ticking],
      standIns: true,
    });
    proxy.clock.freeze();
    proxy.standIn('web/s1').answer(() => undefined);
    const [tarred, served, queued] = [await proxy.connect(), await proxy.connect(), await proxy.connect()];
    tarred.write('/tar');
    served.write('/served');
    await proxy.standIn('web/s1').request();
    queued.write('/queued');
    await expect.poll(() => proxy.stats().queued).toBe(1);
    await proxy.clock.advance('10s');
    expect((await queued.response()).status).toBe(503);
    expect((await proxy.observation()).termination).toBe('sQ--');
    expect([tarred.responses, served.responses]).toEqual([[], []]);
    await proxy.clock.advance('10s');
    expect((await tarred.response()).status).toBe(429);
    await proxy.clock.advance('10s');
    expect((await served.response()).status).toBe(504);
    await proxy.clock.advance('3m');
    expect(ticks).toEqual([60, 120, 180]);
  });

  test('a server that has come back gets its share step by step', async () => {
    await using proxy = await startProxy({
      config: `${DEFAULTS}
listen web
    bind :80
    server s1 10.0.0.1:80 weight 100 slowstart 100s
    server s2 10.0.0.2:80 weight 100
`,
      standIns: true,
    });
    proxy.clock.freeze();
    const weight = (): number => proxy.stats().backends['web']!.servers['s1']!.weight;
    proxy.server('web/s1').down().up();
    await proxy.clock.advance('10s');
    expect(weight()).toBe(10);
    await proxy.clock.advance('40s');
    expect(weight()).toBe(50);
    await proxy.clock.advance('50s');
    expect([weight(), proxy.server('web/s1').status]).toEqual([100, 'no check']);
  });

  test('what is no time is refused', async () => {
    await using proxy = await startProxy({ config: `${DEFAULTS}\nfrontend web\n    bind :80\n`, addresses: 'none' });
    await expect(proxy.clock.advance('10 minutes')).rejects.toThrow("'10 minutes' is no time");
    expect(() => proxy.clock.set('yesterday')).toThrow("'yesterday' is no date");
  });
});
