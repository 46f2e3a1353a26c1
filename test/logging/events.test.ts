import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startProxy } from '../support/proxy.ts';

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
