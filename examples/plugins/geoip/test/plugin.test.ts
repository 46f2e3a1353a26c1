import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { conforms, diagnose, startProxy } from 'sluice/testing';
import plugin from '../src/index.ts';
import { makeDatabase } from './make-database.ts';

const folder = mkdtempSync(join(tmpdir(), 'geoip-'));
const file = join(folder, 'test.mmdb');
after(() => rmSync(folder, { recursive: true }));

const write = (country: string): void =>
  writeFileSync(
    file,
    makeDatabase({
      '127.0.0.0/8': { country: { iso_code: country, names: { en: 'Loopland' } }, location: { accuracy: 5 } },
      '192.0.2.0/24': { country: { iso_code: 'TN' }, city: { names: { en: 'Zürich' } } },
    }),
  );

const config = (lines: string): string => `
defaults
    mode http
    timeout client 5s
frontend web
    bind :80
    ${lines}
`;
const answer = (text: string): string => `http-request return status 200 content-type text/plain lf-string "${text}"`;
const args = [`database=${file}`, 'refresh', '100ms'];

test('tells where the client is', async () => {
  write('LO');
  const proxy = await startProxy({
    config: config(
      answer('%[geoip(country.iso_code)] %[geoip(country.names.en)] %[geoip(location.accuracy)] %[geoip(city.name)]'),
    ),
    plugins: [{ plugin, args }],
  });
  try {
    assert.equal((await proxy.request('/')).text, 'LO Loopland 5 ');
  } finally {
    await proxy.stop();
  }
});

test('looks up any address, and can be compared', async () => {
  write('LO');
  const proxy = await startProxy({
    config: config(
      `http-request deny if { req.hdr_ip(x-from),geoip-lookup(country.iso_code) TN }\n    ${answer('%[req.hdr(x-from),geoip-lookup(country.iso_code)]')}`,
    ),
    plugins: [{ plugin, args }],
  });
  const from = async (address: string) => proxy.request({ url: '/', headers: { 'x-from': address } });
  try {
    assert.equal((await from('127.9.9.9')).text, 'LO');
    assert.equal((await from('192.0.2.1')).status, 403);
    assert.equal((await from('198.51.100.1')).text, '');
  } finally {
    await proxy.stop();
  }
});

test('reads the file again when it has changed, and keeps the old one when it is broken', async () => {
  write('LO');
  const proxy = await startProxy({ config: config(answer('%[geoip(country.iso_code)]')), plugins: [{ plugin, args }] });
  const until = async (country: string): Promise<void> => {
    for (let tries = 0; tries < 100; tries++) {
      if ((await proxy.request('/')).text === country) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assert.fail(`never saw ${country}`);
  };
  try {
    write('L2');
    utimesSync(file, 1, 1);
    await until('L2');
    writeFileSync(file, 'no database');
    await new Promise((resolve) => setTimeout(resolve, 250));
    await until('L2');
  } finally {
    await proxy.stop();
  }
});

test('refuses a database that is not there, and keys that are none', async () => {
  const missing = await diagnose(config(''), { plugins: [{ plugin, args: ['database', '/nowhere.mmdb'] }] });
  assert.match(missing.errors[0]!.message, /plugin 'geoip' failed in setup: ENOENT.*\/nowhere\.mmdb/);
  const keys = await diagnose(config('http-request deny if { geoip(a..b) x }'), { plugins: [{ plugin, args }] });
  assert.match(keys.errors[0]!.message, /expects keys with dots between them/);
});

test('is a plugin as others expect it: documented words, an example that runs, nothing left behind, a current README', async () => {
  write('LO');
  await conforms(plugin, { folder: new URL('../..', import.meta.url), env: { GEOIP_DATABASE: file } });
});
