import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startProxy, type RunningProxy } from '../support/proxy.ts';
import { RawClient } from '../support/raw-client.ts';
import { RawOrigin } from '../support/raw-origin.ts';
import { exchanges } from './exchanges.ts';

const folder = import.meta.dirname;
const file = join(folder, 'recorded.json');
/** What HAProxy 2.6 answered; made anew by PROXY_UNDER_TEST=haproxy RECORD=1. */
const recorded = JSON.parse(readFileSync(file, 'latin1')) as Record<string, string>;
const recording = process.env['RECORD'] === '1';

let origin: RawOrigin;
let proxy: RunningProxy;

beforeAll(async () => {
  origin = await RawOrigin.start(async (conversation) => {
    await conversation.sees('\r\n\r\n');
    const request = conversation.received;
    conversation.send(`HTTP/1.1 200 OK\r\nX-A: a, b ,c\r\nContent-Length: ${request.length}\r\n\r\n${request}`);
    conversation.end();
  });
  const template = readFileSync(join(folder, 'rules.cfg'), 'latin1');
  proxy = await startProxy(3, (ports) =>
    template
      .replaceAll(/PORT(\d)/g, (_whole, index: string) => String(ports[Number(index)]))
      .replaceAll('FOLDER', folder)
      .replaceAll('ORIGIN', String(origin.port)),
  );
});

afterAll(async () => {
  await proxy?.stop();
  await origin?.stop();
  if (recording) writeFileSync(file, `${JSON.stringify(recorded, null, 2)}\n`, 'latin1');
});

describe('rules, answers and forwarding as HAProxy has them', () => {
  it.each(exchanges.map(({ name, port, bytes }) => [name, port, bytes] as const))('%s', async (name, port, bytes) => {
    const client = await RawClient.connect(proxy.ports[port]!);
    client.send(bytes);
    expect(await client.sawClose(10_000)).toBe(true);
    if (recording) recorded[name] = client.received;
    expect(client.received).toBe(recorded[name]);
  });

  it('set-src holds for its own request', async () => {
    const client = await RawClient.connect(proxy.ports[0]!);
    client.send('GET /src HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(await client.sees('x-src: 9.8.7.6:77')).toBe(true);
    client.send('GET /return HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    expect(await client.sawClose(10_000)).toBe(true);
    expect(client.received).toContain('x-a: 127.0.0.1\r\n');
  });
});
