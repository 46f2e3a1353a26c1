import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { startProxy, type ProxyProgram } from '../support/proxy.ts';
import { missing, title } from '../support/which.ts';

/** Says one thing on every connection. */
const PLUGIN = `
const accept = ({ frontend }) => frontend.log('alert', 'somebody is at the door', 'warning');
export default { name: 'bell', api: 1, setup: () => ({ hooks: { accept } }) };
`;

test("an event of a proxy goes to its loggers, and to stderr in HAProxy's shape", async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-events-'));
  const plugin = join(folder, 'bell.mjs');
  writeFileSync(plugin, PLUGIN);
  const proxy = await startProxy(
    1,
    ([port]) => `global
    plugin-load ${plugin}
defaults
    mode http
    timeout client 1s
frontend door
    bind 127.0.0.1:${port}
    log stdout format short daemon
`,
  );
  try {
    await fetch(`http://127.0.0.1:${proxy.ports[0]}/`);
    await expect.poll(() => proxy.process.stdout).toContain('<1>somebody is at the door\n');
    expect(proxy.process.stderr).toMatch(/^\[WARNING\]  \(\d+\) : somebody is at the door$/m);
  } finally {
    await proxy.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});

/** What is said when the program is asked to stop: by its loggers, and on stderr. */
async function farewell(program: ProxyProgram, signal: NodeJS.Signals): Promise<{ logged: string[]; said: string[] }> {
  const proxy = await startProxy(
    2,
    ([first, second]) => `global
    nbthread 1
    log stdout format priority local5
defaults
    mode http
    log global
    log-format -
    option dontlognull
    timeout client 1s
    timeout server 1s
    timeout connect 1s
backend behind
frontend web
    bind 127.0.0.1:${first}
    default_backend behind
listen both
    mode tcp
    bind 127.0.0.1:${second}
    server s 127.9.9.9:9
backend mute
    no log
`,
    program,
  );
  await proxy.process.stop(signal);
  await proxy.stop();
  const about = (text: string): string[] =>
    text
      .split('\n')
      .filter((line) => line.includes('Proxy ') && !line.includes('<HTTPCLIENT>'))
      .map((line) => line.replace(/\(\d+\)/, '(PID)').replace(/FE: \d+, BE: \d+/, 'COUNTS'));
  return { logged: about(proxy.process.stdout), said: about(proxy.process.stderr) };
}

const absent = missing('haproxy');

describe.skipIf(absent.length > 0)(title('the end of proxies', absent), () => {
  test('a soft stop is told of every proxy', async () => {
    const [theirs, ours] = [await farewell('haproxy', 'SIGUSR1'), await farewell('sluice', 'SIGUSR1')];
    expect(ours).toEqual(theirs);
    expect(ours.logged).toHaveLength(3);
    expect(ours.said).toHaveLength(4);
  });

  test('a hard one is not', async () => {
    const [theirs, ours] = [await farewell('haproxy', 'SIGTERM'), await farewell('sluice', 'SIGTERM')];
    expect(ours).toEqual(theirs);
    expect(ours).toEqual({ logged: [], said: [] });
  });
});
