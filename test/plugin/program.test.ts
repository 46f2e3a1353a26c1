import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { RunningProcess } from '../support/process.ts';
import { commandLine } from '../support/proxy.ts';
import { until } from '../support/wait.ts';

const [node, main] = commandLine('sluice') as [string, string];
let folder: string;
const put = (file: string, text: string): void => {
  mkdirSync(join(folder, file, '..'), { recursive: true });
  writeFileSync(join(folder, file), text);
};
const run = (...args: string[]): { status: number | null; stdout: string; stderr: string } =>
  spawnSync(node, [main, ...args], { cwd: folder, encoding: 'utf8' });

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-program-'));
  put(
    'geo.mjs',
    `export default { name: 'geo', api: 1, options: { db: { type: 'path', summary: 'The file.' } },
  fetches: { 'geo.country': { usage: 'geo.country', summary: 'Where.', type: 'str', from: 'internal', compile: () => () => 'X' } },
  filters: { 'geo-count': { usage: 'geo-count', summary: 'Counts.', parse: () => ({ attach: () => undefined }) } } };`,
  );
  put(
    'node_modules/sluice-plugin-tag/package.json',
    '{ "name": "sluice-plugin-tag", "version": "2.1.0", "exports": "./t.mjs" }',
  );
  put('node_modules/sluice-plugin-tag/t.mjs', `export default { name: 'tag', api: 1, setup: () => ({}) };`);
  put('two.cfg', 'global\n  plugin-load ./geo.mjs db=x\n  plugin-load sluice-plugin-tag\n');
  put('bad.cfg', 'global\n  plugin-load ./geo.mjs\n  plugin-load nowhere\n');
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('sluice plugins', () => {
  test('lists what is loaded, from where, which version, which words', () => {
    const { status, stdout } = run('plugins', '-f', 'two.cfg');
    expect(status).toBe(0);
    const [own, others] = stdout.replaceAll(folder, '…').split('With sluice ');
    expect(others).toMatch(/^\d[^:]*: process, proxy, .*balance/);
    expect(own).toMatchInlineSnapshot(`
      "geo (in no package), loaded as './geo.mjs'
        file: …/geo.mjs
        line: two.cfg:2
        options: db <path>
        sample fetch: geo.country
        filter: geo-count

      tag (package sluice-plugin-tag 2.1.0), loaded as 'sluice-plugin-tag'
        file: …/node_modules/sluice-plugin-tag/t.mjs
        line: two.cfg:3
        no words: it acts on traffic by itself

      "
    `);
  });

  test('as JSON, with the stock plugins', () => {
    const { stdout } = run('plugins', '-f', 'two.cfg', '--json');
    const listed = JSON.parse(stdout) as Record<string, unknown>[];
    expect(listed.find(({ name }) => name === 'geo')).toEqual({
      name: 'geo',
      stock: false,
      version: null,
      package: null,
      file: join(folder, 'geo.mjs'),
      specifier: './geo.mjs',
      line: 'two.cfg:2',
      arguments: ['db=x'],
      options: ['db <path>'],
      words: { fetches: ['geo.country'], filters: ['geo-count'] },
    });
    expect(listed.find(({ name }) => name === 'tag')).toMatchObject({ version: '2.1.0', package: 'sluice-plugin-tag' });
    expect(listed.find(({ name }) => name === 'balance')).toMatchObject({
      stock: true,
      words: { balance: expect.arrayContaining(['roundrobin']) as unknown },
    });
  });

  test('says what cannot be loaded, and lists the rest', () => {
    const { status, stdout, stderr } = run('plugins', '-f', 'bad.cfg');
    expect(status).toBe(1);
    expect(stderr).toContain(
      `parsing [bad.cfg:3] : 'plugin-load nowhere' : plugin 'nowhere' is not installed; in ${folder}: npm install nowhere`,
    );
    expect(stdout).toContain("geo (in no package), loaded as './geo.mjs'");
  });

  test('without a configuration, and with wrong words', () => {
    expect(run('plugins').stdout).toContain('No plugins but those that come with the program.');
    const wrong = run('plugins', '--jsn');
    expect([wrong.status, wrong.stderr.includes('Usage : sluice plugins')]).toEqual([1, true]);
    expect(run('plugins', '--help').stdout).toContain('Usage : sluice plugins');
  });
});

test('-dKall has the words of the plugins that the configuration loads', () => {
  const { stdout } = run('-c', '-f', 'two.cfg', '-dKall');
  expect(stdout).toContain('geo.country: str');
  expect(stdout).toContain('geo-count [GEO]');
  expect(run('-c', '-f', 'bad.cfg', '-dKsmp').stdout).not.toContain('geo.country');
});

test('what a plugin left behind is told under its name, and the proxy goes on', async () => {
  const port = await freePort();
  put(
    'stray.mjs',
    `import { EventEmitter } from 'node:events';
export default { name: 'stray', api: 1, setup({ timer }) {
  return { start() {
    setTimeout(() => { throw new Error('thrown in a timer'); }, 1);
    void Promise.reject(new Error('rejected by nobody'));
    void Promise.reject('just a word');
    setImmediate(() => { const e = new EventEmitter(); e.on('x', () => { throw new Error('thrown in an event'); }); e.emit('x'); });
    timer(() => { throw new Error('thrown in a timer of ours'); }).start(1);
  } };
} };`,
  );
  put(
    'stray.cfg',
    `global\n  plugin-load ./stray.mjs\ndefaults\n  mode http\n  timeout client 5s\nfrontend f\n  bind 127.0.0.1:${port}\n  http-request return status 200 content-type text/plain string ok\n`,
  );
  const proxy = new RunningProcess(node, [main, '-f', 'stray.cfg'], { cwd: folder });
  try {
    await proxy.listening([port]);
    await until('all to be told', () => proxy.stderr.split('\n').filter((line) => line.startsWith('{')).length >= 5);
    const lines = proxy.stderr
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as { msg: string; plugin?: string });
    expect(lines.map(({ msg, plugin }) => `${plugin}: ${msg}`).toSorted()).toEqual([
      "stray: plugin 'stray' failed in a timer",
      "stray: plugin 'stray' left an uncaught exception: thrown in a timer",
      "stray: plugin 'stray' left an uncaught exception: thrown in an event",
      "stray: plugin 'stray' left an unhandled rejection: rejected by nobody",
      'undefined: an unhandled rejection, of which no plugin is known: just a word',
    ]);
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('ok');
    expect(proxy.exit).toBeUndefined();
  } finally {
    await proxy.stop();
  }
});

describe('a plugin that cannot be used is told at its line', () => {
  test.each([
    [
      'import',
      `throw new Error('no licence');`,
      /parsing \[x\.cfg:2\] : 'plugin-load \.\/x\.mjs' : plugin '\.\/x\.mjs' fails when it is loaded: no licence \(.*x\.mjs:1:7\) \(column 15\)/,
    ],
    [
      'setup',
      `export default { name: 'x', api: 1, setup() { throw new Error('no database'); } };`,
      /plugin 'x' failed in setup: no database/,
    ],
    [
      'setup, later',
      `export default { name: 'x', api: 1, async setup() { await 1; throw new Error('no database'); } };`,
      /plugin 'x' failed in setup: no database/,
    ],
    [
      'api',
      `export default { name: 'x', api: 2 };`,
      /plugin 'x' \('\.\/x\.mjs'\) is written for plugin API 2 and this is 1: a newer sluice is needed \(column 15\)/,
    ],
    [
      'word',
      `export default { name: 'x', api: 1, filters: { trace: { usage: 't', summary: 'T.', parse() {} } } };`,
      /'plugin-load \.\/x\.mjs' : the filter 'trace' is registered by both 'filters' and 'x' \(column 15\)/,
    ],
    ['name', `export default { name: 'cache', api: 1 };`, /a plugin named 'cache' is loaded already \(column 15\)/],
  ])('%s', (_what, text, message) => {
    put('x.mjs', text);
    put('x.cfg', 'global\n  plugin-load ./x.mjs\nfrontend f\n  bind 127.0.0.1:1\n  timeout client 1s\n');
    const { status, stderr } = run('-c', '-f', 'x.cfg');
    expect(status).toBe(1);
    expect(stderr).toMatch(message);
  });
});
