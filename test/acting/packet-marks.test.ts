import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { startProxy } from '../support/proxy.ts';
import { RawClient } from '../support/raw-client.ts';
import { RawOrigin } from '../support/raw-origin.ts';
import { missing, title } from '../support/which.ts';

const absent = missing('ss');
const peers = ['sluice', ...(missing('haproxy').length === 0 ? ['haproxy'] : [])];

/** What the system shows of the connections that have this port at their end: `mark tos`, in hexadecimal. */
function shown(local: string, remote: string): string[] {
  const text = execFileSync('ss', ['-tneH', '--tos'], { encoding: 'latin1' });
  return text
    .split('\n')
    .map((line) => ({ ends: line.trim().split(/\s+/).slice(3, 5), line }))
    .filter(({ ends: [from = '', to = ''] }) => from.endsWith(local) && to.endsWith(remote))
    .map(({ line }) => {
      const tos = /tos:(0x[0-9a-f]+|0)/.exec(line)?.[1] ?? '0';
      return `${/fwmark:(0x[0-9a-f]+)/.exec(line)?.[1] ?? '-'} ${tos}`;
    });
}

interface Running {
  readonly client: RawClient;
  readonly origin: RawOrigin;
  readonly port: number;
}

/** Runs a `listen` section with these rules, asks it for each path on one connection, and looks. */
async function marked(
  program: string,
  mode: string,
  rules: string,
  paths: readonly string[],
  look: (running: Running) => void | Promise<void>,
): Promise<void> {
  const origin = await RawOrigin.start(async (conversation) => {
    const requests = (): number => conversation.received.split('\r\n\r\n').length - 1;
    for (let answered = 0; await conversation.when(() => requests() > answered); answered++)
      conversation.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
  });
  const proxy = await startProxy(
    1,
    ([port]) =>
      `defaults\n mode ${mode}\n timeout client 5s\n timeout server 5s\n timeout connect 5s\n http-reuse always\n` +
      `listen l\n bind 127.0.0.1:${port}\n${rules}\n server s 127.0.0.1:${origin.port} pool-low-conn 4\n`,
    program,
  );
  try {
    const client = await RawClient.connect(proxy.ports[0]!);
    for (const [index, path] of paths.entries()) {
      client.send(`GET ${path} HTTP/1.1\r\nHost: h\r\n\r\n`);
      await client.when(() => client.received.split('200 OK').length > index + 1, 5000);
    }
    await look({ client, origin, port: proxy.ports[0]! });
    client.destroy();
  } finally {
    await proxy.stop();
    await origin.stop();
  }
}

describe.skipIf(absent.length > 0)(title('marks on packets', absent), () => {
  const privileged = process.getuid?.() === 0;

  test.each(peers)('set-tos and set-mark: %s', async (program) => {
    const rules = ` http-request set-tos 0x20\n${privileged ? ' http-request set-mark 7' : ''}`;
    await marked(program, 'http', rules, ['/'], ({ port }) => {
      expect(shown(`:${port}`, '')).toContain(privileged ? '0x7 0x20' : '- 0x20');
    });
  });

  test('set-fc-tos in every other rule set', async () => {
    for (const set of ['tcp-request connection', 'tcp-request session', 'tcp-request content', 'tcp-response content'])
      await marked('sluice', 'tcp', ` ${set} set-fc-tos int(256),add(72)`, ['/'], ({ port }) => {
        expect(shown(`:${port}`, ''), set).toContain('- 0x48');
      });
    await marked('sluice', 'http', ' http-response set-fc-tos 16', ['/'], ({ port }) => {
      expect(shown(`:${port}`, '')).toContain('- 0x10');
    });
  });

  test('a connection to a server keeps its marks, and serves only requests that want the same', async () => {
    const rules = ' http-request set-bc-tos 0x48 if { path /marked }';
    await marked('sluice', 'http', rules, ['/', '/marked', '/', '/marked'], ({ origin }) => {
      const seen = shown('', `:${origin.port}`);
      expect(seen.toSorted()).toEqual(['- 0', '- 0x48']);
    });
  });

  test('set-bc-tos in TCP mode', async () => {
    await marked('sluice', 'tcp', ' tcp-request content set-bc-tos 8', ['/'], ({ origin }) => {
      // Waiting for the proxy to listen has made a connection, too.
      expect(new Set(shown('', `:${origin.port}`))).toEqual(new Set(['- 0x8']));
    });
  });
});
