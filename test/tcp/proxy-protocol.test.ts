import { describe, expect, test } from 'vitest';
import { startProxy } from '../support/proxy.ts';
import { RawClient } from '../support/raw-client.ts';
import { RawOrigin } from '../support/raw-origin.ts';
import { missing, title } from '../support/which.ts';
import { onStage } from './scenario.ts';

const absent = missing('haproxy');
const HEADERS = [
  'send-proxy',
  'send-proxy-v2',
  'send-proxy-v2 proxy-v2-options crc32c',
  'send-proxy-v2 proxy-v2-options unique-id,crc32c',
];

describe.skipIf(absent.length > 0).each([
  ['sluice', 'haproxy'],
  ['haproxy', 'sluice'],
])(title('from %s to %s', absent), (sender, receiver) => {
  test.each(HEADERS)('%s', async (words) => {
    await onStage(
      {
        program: receiver,
        play: (conversation) => conversation.send('hello'),
        configuration: ([port], origin) =>
          `listen l\n  bind 127.0.0.1:${port} accept-proxy\n  server s 127.0.0.1:${origin}`,
        defaults: ['  log-format "%ci %cp %B"', '  option dontlognull'],
      },
      async ({ ports, log, origin }) => {
        const front = await startProxy(
          1,
          ([port]) => `
defaults
  mode tcp
  timeout connect 2s
  timeout client 5s
  timeout server 5s
listen l
  bind 127.0.0.1:${port}
  unique-id-format id-%cp
  server s 127.0.0.1:${ports[0]} ${words}
`,
          sender,
        );
        try {
          const client = await RawClient.connect(front.ports[0]!, { host: '127.0.0.1' });
          const mine = client.socket.localPort;
          client.send('after the header');
          expect(await client.sees('hello')).toBe(true);
          const served = (): boolean => origin.conversations.some(({ received }) => received === 'after the header');
          expect(await origin.when(served)).toBe(true);
          client.destroy();
          await origin.when(() => origin.conversations.every(({ closed }) => closed !== 'open'));
          origin.forget();
          // The starter's own connection may be among the lines.
          for (let count = 1; count < 4; count++) {
            if ((await log(count)).some((line) => line.startsWith(`127.0.0.1 ${mine} `))) break;
          }
          expect((await log()).filter((line) => line === `127.0.0.1 ${mine} 5`).length).toBe(1);
        } finally {
          await front.stop();
        }
      },
    );
  });
});

// The same header, byte for byte but for what differs between two connections.
test.skipIf(absent.length > 0).each(HEADERS)(title('bytes beside haproxy: %s', absent), async (words) => {
  const seen: string[] = [];
  for (const program of ['haproxy', 'sluice']) {
    const origin = await RawOrigin.start(() => undefined);
    const proxy = await startProxy(
      1,
      ([port]) => `
defaults
  mode tcp
  timeout connect 2s
  timeout client 5s
  timeout server 5s
listen l
  bind 127.0.0.1:${port}
  unique-id-format fixed
  server s 127.0.0.1:${origin.port} ${words}
`,
      program,
    );
    const client = await RawClient.connect(proxy.ports[0]!);
    client.send('!');
    expect(await origin.when(() => origin.conversations.some(({ received }) => received.endsWith('!')))).toBe(true);
    const { received } = origin.conversations.find((one) => one.received.endsWith('!'))!;
    const bytes = Buffer.from(received, 'latin1');
    if (words.startsWith('send-proxy-v2')) {
      // Ports at 24 to 27, and the checksum over them.
      bytes.fill(0, 24, 28);
      const crc = bytes.indexOf(Buffer.from([3, 0, 4]), 28);
      if (crc !== -1) bytes.fill(0, crc + 3, crc + 7);
      seen.push(bytes.toString('hex'));
    } else seen.push(received.replace(/ \d+ \d+\r\n/, ' SRC DST\r\n'));
    client.destroy();
    await proxy.stop();
    await origin.stop();
  }
  expect(seen[1]).toBe(seen[0]);
});
