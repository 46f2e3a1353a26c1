import assert from 'node:assert/strict';
import { test } from 'node:test';
import { conforms, diagnose, type Origin, origin, startProxy, type TestProxy } from 'sluice/testing';
import plugin from '../src/index.ts';

const config = (extra = ''): string => `
defaults
    mode http
    timeout client 5s
    timeout server 5s
    timeout connect 1s
frontend web
    bind :80
    default_backend app
backend app
    balance roundrobin
    ${extra}
`;

const entry = (id: string, { port }: Origin, weight = 1) => ({
  Node: { Address: '127.0.0.1' },
  Service: { ID: id, Address: '', Port: port, Weights: { Passing: weight } },
});

async function setting(extra = '', ...args: string[]) {
  const [one, two] = [await origin('one'), await origin('two')];
  let known: unknown = [entry('one', one)];
  const registry = await origin(() => ({
    body: JSON.stringify(known),
    headers: { 'content-type': 'application/json' },
  }));
  const proxy = await startProxy({
    config: config(extra),
    plugins: [
      { plugin, args: [`url=${registry.url}/v1/health/service/web?passing`, 'backend=app', 'interval=20ms', ...args] },
    ],
  });
  const seen = async (count = 6): Promise<string> => {
    const answers = new Set<string>();
    for (let i = 0; i < count; i++) {
      const { status, text } = await proxy.request('/');
      answers.add(status === 200 ? text : String(status));
    }
    return [...answers].toSorted().join(' ');
  };
  const sees = async (wanted: string): Promise<void> => {
    let last = '';
    for (let tries = 0; tries < 200; tries++) {
      last = await seen();
      if (last === wanted) return;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assert.fail(`wanted '${wanted}', saw '${last}'`);
  };
  return {
    one,
    two,
    registry,
    proxy,
    sees,
    know: (list: unknown) => (known = list),
    stop: async (): Promise<void> => {
      await proxy.stop();
      for (const server of [one, two, registry]) await server.stop();
    },
  };
}

const servers = (proxy: TestProxy): string[] => Object.keys(proxy.stats().backends['app']!.servers);

test('servers come and go as the registry says', async () => {
  const { one, two, know, sees, proxy, stop } = await setting();
  try {
    await sees('one');
    know([entry('one', one), entry('two', two)]);
    await sees('one two');
    know([entry('two', two)]);
    await sees('two');
    know([]);
    await sees('503');
    for (let tries = 0; servers(proxy).length > 0 && tries < 100; tries++)
      await new Promise((resolve) => setTimeout(resolve, 20));
    assert.deepEqual(servers(proxy), []);
    know([entry('one', one)]);
    await sees('one');
  } finally {
    await stop();
  }
});

test('who is being served is served to the end', async () => {
  const { one, two, know, sees, proxy, stop } = await setting();
  try {
    await sees('one');
    one.answer({ body: 'slow', delay: 400 });
    const slow = proxy.request('/slow');
    await new Promise((resolve) => setTimeout(resolve, 50));
    know([entry('two', two)]);
    await sees('two');
    assert.equal((await slow).text, 'slow');
    for (let tries = 0; servers(proxy).length > 1 && tries < 100; tries++)
      await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(servers(proxy).length, 1);
  } finally {
    await stop();
  }
});

test('a registry that is away, or says nonsense, changes nothing', async () => {
  const { registry, know, sees, stop } = await setting();
  try {
    await sees('one');
    know({ error: 'no leader' });
    await new Promise((resolve) => setTimeout(resolve, 60));
    await sees('one');
    registry.answer({ status: 500 });
    await new Promise((resolve) => setTimeout(resolve, 60));
    await sees('one');
    await registry.stop();
    await new Promise((resolve) => setTimeout(resolve, 60));
    await sees('one');
  } finally {
    await stop();
  }
});

test('a reload keeps them', async () => {
  const { registry, sees, proxy, stop } = await setting();
  try {
    await sees('one');
    registry.answer({ status: 503 });
    await proxy.reload();
    await sees('one');
  } finally {
    await stop();
  }
});

test('servers of the configuration stay, and words reach the others', async () => {
  const { one, two, know, sees, proxy, stop } = await setting(
    'server fixed 127.0.0.1:1 disabled',
    'word=check',
    'word=inter',
    'word=20ms',
  );
  try {
    await sees('one');
    await two.stop();
    know([entry('one', one), entry('two', two)]);
    for (let tries = 0; servers(proxy).length < 3 && tries < 100; tries++)
      await new Promise((resolve) => setTimeout(resolve, 10));
    // The check finds out that nobody is there.
    await sees('one');
    assert.ok(servers(proxy).includes('fixed'));
  } finally {
    await stop();
  }
});

test('a backend that is not there is refused', async () => {
  const { errors } = await diagnose(config(), {
    plugins: [{ plugin, args: ['url=http://127.0.0.1:1/', 'backend=ap'] }],
  });
  assert.match(errors[0]!.message, /there is no backend 'ap'; those there are: app/);
});

test('is a plugin as others expect it: documented words, an example that runs, nothing left behind, a current README', async () => {
  await conforms(plugin, { folder: new URL('../..', import.meta.url) });
});
