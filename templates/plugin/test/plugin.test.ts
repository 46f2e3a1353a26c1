import assert from 'node:assert/strict';
import { test } from 'node:test';
import { conforms, diagnose, origin, startProxy } from 'sluice/testing';
import plugin from '../src/index.ts';

const config = (lines: string): string => `
defaults
    mode http
    timeout client 5s
    timeout server 5s
    timeout connect 1s
frontend web
    bind :8080
    ${lines}
    default_backend app
backend app
    server s1 192.0.2.1:80
`;

/** A proxy with the lines under test before an origin that answers with a text. */
async function proxyWith(lines: string, args: readonly string[] = []) {
  const app = await origin({ body: 'hello', headers: { 'content-type': 'text/plain' } });
  const proxy = await startProxy({
    config: config(lines),
    plugins: [{ plugin, args }],
    servers: { 'app/s1': app },
  });
  const stop = async (): Promise<void> => {
    await proxy.stop();
    await app.stop();
  };
  return { proxy, app, stop };
}

test('the action sets a header of the request', async () => {
  const { proxy, app, stop } = await proxyWith('http-request __NAME__-tag "%[method] %[path]"');
  try {
    await proxy.request('/a');
    assert.equal(app.requests[0]?.headers.get('x-__NAME__'), 'GET /a');
  } finally {
    await stop();
  }
});

test('the fetch and the converter can be used in conditions and log-formats', async () => {
  const { proxy, stop } = await proxyWith(
    'http-request return status 200 content-type text/plain lf-string "%[path,__NAME__-initials(/)]" if { __NAME__.segment(1) red }',
  );
  try {
    assert.equal((await proxy.request('/red/green/blue')).text, 'rgb');
    assert.equal((await proxy.request('/blue')).text, 'hello');
  } finally {
    await stop();
  }
});

test('the filter changes the body', async () => {
  const { proxy, stop } = await proxyWith('filter __NAME__-upper');
  try {
    assert.equal((await proxy.request('/')).text, 'HELLO');
  } finally {
    await stop();
  }
});

test('the hook counts, in the header that the options name', async () => {
  const { proxy, stop } = await proxyWith('', ['header=x-count']);
  try {
    await proxy.request('/');
    assert.equal((await proxy.request('/')).headers.get('x-count'), '2');
  } finally {
    await stop();
  }
});

test('what is wrong is refused where it stands', async () => {
  const { errors } = await diagnose(config('http-request __NAME__-tag'), { plugins: [plugin] });
  assert.match(errors[0]?.message ?? '', /expects a log-format string/);
});

test('is a plugin as others expect it: documented words, an example that runs, nothing left behind, a current README', async () => {
  await conforms(plugin, { folder: new URL('../..', import.meta.url) });
});
