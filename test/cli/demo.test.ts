import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { freePorts } from '../support/free-port.ts';
import { until } from '../support/wait.ts';
import { folder, start } from './support.ts';

const demo = new URL('../../demo/', import.meta.url);

test('npm start: both origins in turn, a line for each request, a reload, and a clean end', async () => {
  const [front, alice, bob] = await freePorts(3);
  const place = folder();
  const text = readFileSync(new URL('haproxy.cfg', demo), 'latin1')
    .replaceAll('8080', String(front))
    .replaceAll('8081', String(alice))
    .replaceAll('8082', String(bob))
    .replace('origins.js', 'origins.mjs');
  const cfg = join(place, 'haproxy.cfg');
  writeFileSync(cfg, text);
  copyFileSync(new URL('origins.js', demo), join(place, 'origins.mjs'));
  const running = start(['-f', cfg]);
  await running.listening([front!]);
  const get = async (path: string): Promise<string> => (await fetch(`http://127.0.0.1:${front}${path}`)).text();
  const answers = [await get('/one'), await get('/two')];
  expect(new Set(answers.map((answer) => /from (\w+)/.exec(answer)?.[1]))).toEqual(new Set(['alice', 'bob']));
  await until('both lines', () => /"GET \/one HTTP\/1\.1"[^]*"GET \/two HTTP\/1\.1"/.test(running.stdout));
  expect(running.stdout).toContain('Open http://127.0.0.1:8080/');

  running.child.kill('SIGUSR2');
  await until('the reload', () => running.stderr.includes('The new configuration is in use.'));
  expect(await get('/three')).toContain('You asked for /three');
  running.child.kill('SIGTERM');
  expect(await running.ended()).toBe(143);
});
