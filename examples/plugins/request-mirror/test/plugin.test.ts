import assert from 'node:assert/strict';
import { test } from 'node:test';
import { conforms, diagnose, origin, startProxy } from 'sluice/testing';
import plugin from '../src/index.ts';

const config = `
defaults
    mode http
    timeout client 5s
    timeout server 5s
    timeout connect 1s
frontend web
    bind :80
    filter mirror
    http-request set-header x-changed yes
    http-request set-path /changed
    default_backend app
backend app
    server s1 192.0.2.1:80
frontend quiet
    bind :81
    default_backend app
`;

async function setting(...args: string[]) {
  const app = await origin('from the application');
  const mirror = await origin('nobody sees this');
  const proxy = await startProxy({
    config,
    plugins: [{ plugin, args: [`to=127.0.0.1:${mirror.port}`, ...args] }],
    servers: { 'app/s1': app },
  });
  const stop = async (): Promise<void> => {
    await proxy.stop();
    await app.stop();
    await mirror.stop();
  };
  return { app, mirror, proxy, stop };
}

async function until(what: string, check: () => boolean): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (check()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.fail(`waited in vain for ${what}`);
}

test('the mirror gets what the client sent, the application what the rules made of it', async () => {
  const { app, mirror, proxy, stop } = await setting();
  try {
    const response = await proxy.request({ method: 'POST', url: '/a?b=c', headers: { 'x-own': '1' }, body: 'hello' });
    assert.equal(response.text, 'from the application');
    await until('the copy', () => mirror.requests.length === 1);
    const [copy] = mirror.requests;
    assert.deepEqual([copy?.method, copy?.url, copy?.text], ['POST', '/a?b=c', 'hello']);
    assert.deepEqual([copy?.headers.get('x-own'), copy?.headers.get('x-changed')], ['1', undefined]);
    assert.equal(copy?.headers.get('x-mirrored'), '1');
    assert.deepEqual([app.requests[0]?.url, app.requests[0]?.text], ['/changed?b=c', 'hello']);
  } finally {
    await stop();
  }
});

test('only proxies with the filter are mirrored, and only so many requests', async () => {
  const { mirror, proxy, stop } = await setting('percent', '0');
  try {
    await proxy.request('/a');
    await proxy.request('/b', { frontend: 'quiet' });
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(mirror.requests.length, 0);
  } finally {
    await stop();
  }
});

test('long bodies pass and are not mirrored', async () => {
  const { app, mirror, proxy, stop } = await setting('body-limit=1k');
  try {
    await proxy.request({ method: 'POST', url: '/', body: 'x'.repeat(5000) });
    assert.equal(app.requests[0]?.text.length, 5000);
    await proxy.request({ method: 'POST', url: '/', body: 'y' });
    await until('the short one', () => mirror.requests.length === 1);
    assert.equal(mirror.requests[0]?.text, 'y');
  } finally {
    await stop();
  }
});

test('a mirror that is gone harms nobody', async () => {
  const { mirror, proxy, stop } = await setting();
  try {
    await mirror.stop();
    for (let i = 0; i < 5; i++) assert.equal((await proxy.request('/')).status, 200);
  } finally {
    await stop();
  }
});

test('a target that is none is refused', async () => {
  const { errors } = await diagnose(config, { plugins: [{ plugin, args: ['to', 'nowhere'] }] });
  assert.match(errors[0]!.message, /'to' expects host:port, got 'nowhere'/);
});

test('is a plugin as others expect it: documented words, an example that runs, nothing left behind, a current README', async () => {
  await conforms(plugin, { folder: new URL('../..', import.meta.url) });
});
