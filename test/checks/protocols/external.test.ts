import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { startProxy } from '../../support/proxy.ts';
import { until } from '../../support/wait.ts';
import { type Case, checks, silent } from './check-arena.ts';

const folder = mkdtempSync(join(tmpdir(), 'sluice-external-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function script(name: string, body: string, mode = 0o755): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, mode);
  return path;
}

const external = (command: string, ...more: string[]): string[] => [
  'option external-check',
  `external-check command ${command}`,
  ...more,
];
const PATH = 'external-check path /bin:/usr/bin';
const ALLOWED = ['external-check', 'insecure-fork-wanted'];

const CASES: Case[] = [
  { title: 'well', lines: external(script('well', 'exit 0')), origin: silent, found: 'PROCOK 0' },
  { title: 'not well', lines: external(script('ill', 'exit 3')), origin: silent, found: 'PROCERR 3' },
  { title: 'no such program', lines: external('/nonexistent'), origin: silent, found: 'PROCERR 255' },
  { title: 'not executable', lines: external(script('plain', 'exit 0', 0o644)), origin: silent, found: 'PROCERR 255' },
  { title: 'found in the path', lines: external('true', PATH), origin: silent, found: 'PROCOK 0' },
  {
    title: 'nothing is in the path unless told',
    lines: external(script('bare', 'sleep 0')),
    origin: silent,
    found: 'PROCERR 127',
  },
  { title: 'too slow', lines: external(script('slow', 'exec sleep 30'), PATH), origin: silent, found: 'PROCTOUT 0' },
];

checks('external-check', CASES, ALLOWED);
checks(
  'external-check without insecure-fork-wanted',
  [{ lines: external('/bin/true'), origin: silent, found: 'SOCKERR "Resource temporarily unavailable"' }],
  // As root HAProxy could start it all the same.
  ['external-check', ...(process.getuid?.() === 0 ? ['user nobody'] : [])],
);

describe('external-check', () => {
  test('tells the program of the server and of the proxy', async () => {
    const out = join(folder, 'environment');
    const command = script('tell', `{ echo "$*"; env; } > ${out}.part && mv ${out}.part ${out}`);
    const proxy = await startProxy(
      1,
      ([port]) => `global
  external-check
  insecure-fork-wanted
defaults
  mode http
  timeout connect 1s
  timeout client 1s
  timeout server 1s
listen web
  bind 127.0.0.1:${port}
  option external-check
  external-check command ${command}
  external-check path /bin:/usr/bin
  server one 127.0.0.1:9 id 33 maxconn 7 check inter 60s port 99
`,
    );
    try {
      const read = (): string => {
        try {
          return readFileSync(out, 'utf8');
        } catch {
          return '';
        }
      };
      await until('the program to run', () => read() !== '');
      const [port] = proxy.ports;
      const [args, ...lines] = read().trim().split('\n');
      expect(args).toBe(`127.0.0.1 ${port} 127.0.0.1 9`);
      const told = lines.filter((line) => line.startsWith('HAPROXY_') || line.startsWith('PATH=')).toSorted();
      expect(told).toEqual([
        'HAPROXY_PROXY_ADDR=127.0.0.1',
        expect.stringMatching(/^HAPROXY_PROXY_ID=\d+$/) as string,
        'HAPROXY_PROXY_NAME=web',
        `HAPROXY_PROXY_PORT=${port}`,
        'HAPROXY_SERVER_ADDR=127.0.0.1',
        'HAPROXY_SERVER_CURCONN=0',
        'HAPROXY_SERVER_ID=33',
        'HAPROXY_SERVER_MAXCONN=7',
        'HAPROXY_SERVER_NAME=one',
        'HAPROXY_SERVER_PORT=9',
        'HAPROXY_SERVER_PROTO=h1',
        'HAPROXY_SERVER_SSL=0',
        'PATH=/bin:/usr/bin',
      ]);
    } finally {
      await proxy.stop();
    }
  });
});
