import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const run = promisify(execFile);
const root = resolve(import.meta.dirname, '../..');

// A project of somebody else, into which the built package is installed.
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-outside-'));
  mkdirSync(join(folder, 'node_modules/@types'), { recursive: true });
  symlinkSync(root, join(folder, 'node_modules/sluice'));
  symlinkSync(join(root, 'node_modules/@types/node'), join(folder, 'node_modules/@types/node'));
  writeFileSync(join(folder, 'package.json'), '{ "name": "outside", "private": true, "type": "module" }');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function node(script: string): Promise<string> {
  const file = join(folder, 'script.mjs');
  writeFileSync(file, script);
  const { stdout, stderr } = await run(process.execPath, [file], { cwd: folder, timeout: 15_000 });
  return stdout + stderr;
}

const CONFIG = `
defaults
    mode http
    timeout client  5s
    timeout server  5s
    timeout connect 5s
cache c
    total-max-size 4
listen web
    bind 127.0.0.1:0
    http-request cache-use c
    http-response cache-store c
    server s 192.0.2.1:80 check
`;

describe('a script', () => {
  test('ends by itself when its proxy has been stopped, whatever it did before', async () => {
    const said = await node(`
import { createProxy } from 'sluice';
import { origin } from 'sluice/testing';
const site = await origin('hello');
const proxy = await createProxy({
  config: ${JSON.stringify(CONFIG)},
  dial: () => ({ host: site.host, port: site.port }),
  on: { message: () => {} },
});
await proxy.start();
console.log(await (await fetch(proxy.address().url)).text());
await proxy.reload();
await proxy.stop();
await site.stop();
console.log('stopped');
`);
    expect(said).toBe('hello\nstopped\n');
  });

  test('that never starts its proxy ends, too', async () => {
    expect(
      await node(`
import { createProxy } from 'sluice';
const proxy = await createProxy({ config: ${JSON.stringify(CONFIG)}, on: { message: () => {} }, dial: () => undefined });
await proxy.stop();
console.log('stopped');
`),
    ).toBe('stopped\n');
  });

  test('that does not catch a refusal shows each error with its line', async () => {
    const failure = await node(`
import { createProxy } from 'sluice';
await createProxy({ config: 'frontend web\\n  bnd :80\\n' });
`).catch((error: Error & { stderr: string }) => error.stderr);
    expect(failure).toContain('ConfigurationError: parsing [config:2]');
    expect(failure).toContain("unknown keyword 'bnd'");
  });

  test('uses the testing kit without a test runner', async () => {
    const said = await node(`
import { inject, startProxy, diagnose, conforms } from 'sluice/testing';
const config = ${JSON.stringify(CONFIG)};
const { response, observation } = await inject({ config, answer: 'in memory' });
console.log(response.text, observation.server);
const proxy = await startProxy({ config, standIns: true });
console.log((await proxy.request('/')).text);
await proxy.clock.advance('1h');
await proxy.stop();
const { refused, errors } = await diagnose('frontend web\\n  bnd :80\\n');
console.log(refused, errors.length);
await conforms({ name: 'plain', api: 1 });
console.log('done');
`);
    expect(said).toBe('in memory s\nweb/s\ntrue 1\ndone\n');
  });
});

describe('types', () => {
  const source = `
import { createProxy, type ProxyHandle, type ProxyStats, ConfigurationError } from 'sluice';
import { definePlugin } from 'sluice/plugin';
import { conforms, connect, diagnose, inject, origin, startProxy, type Observation, type TestProxy } from 'sluice/testing';

const plugin = definePlugin({ name: 'p', api: 1, setup: ({ clock }) => ({ hooks: { log: ({ id }) => void (id + clock.now()) } }) });
const handle: ProxyHandle = await createProxy({ config: '', plugins: [plugin, { plugin, args: ['a'] }], on: { log: ({ message }) => message.length } });
handle.on('serverDown', ({ backend }) => backend.length);
// @ts-expect-error there is no such event
handle.on('nothing', () => undefined);
const stats: ProxyStats = handle.stats();
const proxy: TestProxy = await startProxy({ file: 'x.cfg', standIns: true, servers: { 'a/b': await origin('x') } });
const { response, observation } = await proxy.exchange({ url: '/', headers: { a: 'b' } });
const seen: Observation = observation;
await proxy.clock.advance('10s');
export const all = [stats, response.status, seen.variables['txn.a'], conforms, connect, diagnose, inject, ConfigurationError];
`;

  test.each([
    ['nodenext', 'nodenext'],
    ['esnext', 'bundler'],
  ])('resolve with module %s and resolution %s', { timeout: 60_000 }, async (module, moduleResolution) => {
    writeFileSync(join(folder, 'types.ts'), source);
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({
        compilerOptions: { target: 'es2022', module, moduleResolution, strict: true, noEmit: true, types: ['node'] },
        files: ['types.ts'],
      }),
    );
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    const { stdout } = await run(process.execPath, [tsc, '-p', folder]).catch((error: { stdout: string }) => error);
    expect(stdout).toBe('');
  });
});
