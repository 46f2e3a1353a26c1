import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ProxyHandle } from '../../core/index.ts';
import { RawClient } from '../support/raw-client.ts';
import { RawOrigin } from '../support/raw-origin.ts';
import { portOf, proxyHere, settled } from './in-process.ts';

const BODY = 'the body of the exchange, of forty-two bytes';
const REQUESTS = {
  get: 'GET /x HTTP/1.1\r\nHost: h\r\n\r\n',
  post: `POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`,
  chunked: `POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n${chunked(BODY)}`,
} as const;
const RESPONSES = {
  length: `HTTP/1.1 200 OK\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`,
  chunked: `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunked(BODY)}`,
  continued: `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`,
} as const;

function chunked(body: string): string {
  return `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
}

/** Whether `text` holds a final response that its own framing calls complete. */
function isComplete(text: string): boolean {
  const head = /^(?:HTTP\/1\.1 1\d\d[^]*?\r\n\r\n)*HTTP\/1\.[01] (\d{3})[^]*?\r\n\r\n/.exec(text);
  if (head === null) return false;
  const body = text.slice(head[0].length);
  const length = /content-length: (\d+)/i.exec(head[0])?.[1];
  if (length !== undefined) return body.length === Number(length);
  return body.endsWith('0\r\n\r\n');
}

describe('an exchange that is cut', () => {
  let origin: RawOrigin;
  let proxy: ProxyHandle;
  let port: number;
  /** What the origin does with each connection. */
  let answer: string = RESPONSES.length;
  let cut = Infinity;
  let how: 'end' | 'reset' = 'end';

  beforeAll(async () => {
    origin = await RawOrigin.start(async (conversation) => {
      const whole = (): boolean =>
        /\r\n\r\n/.test(conversation.received) &&
        (conversation.received.startsWith('GET') || /\r\n\r\n.*(?:bytes|\r\n0\r\n\r\n)$/s.test(conversation.received));
      await conversation.when(() => whole() || conversation.closed !== 'open', 20_000);
      if (conversation.closed !== 'open') {
        conversation.socket.destroy();
        return;
      }
      conversation.send(answer.slice(0, cut));
      if (cut === Infinity) return;
      // What was written has to be on its way before a reset overtakes it.
      await new Promise((resolve) => setImmediate(resolve));
      if (how === 'reset') conversation.reset();
      else conversation.end();
    });
    proxy = await proxyHere(`
      defaults
        mode http
        retries 0
        timeout connect 2s
        timeout client 2s
        timeout server 2s
      listen l
        bind 127.0.0.1:0
        server s 127.0.0.1:${origin.port} maxconn 8`);
    port = portOf(proxy, 'l');
  });
  afterAll(async () => {
    await proxy.stop();
    await origin.stop();
  });
  beforeEach(() => {
    origin.forget();
    cut = Infinity;
  });

  describe.each(['end', 'reset'] as const)('by an origin that sends %s', (sends) => {
    test.each(Object.entries(RESPONSES))('in a response with %s, at every byte', async (_name, response) => {
      how = sends;
      answer = response;
      for (cut = 0; cut < response.length; cut++) {
        const client = await RawClient.connect(port);
        client.send(REQUESTS.get);
        expect(
          await client.when(() => client.closed !== 'open' || isComplete(client.received), 4000),
          `at ${cut}`,
        ).toBe(true);
        if (isComplete(client.received))
          expect(client.received, `at ${cut}`).toMatch(/^(HTTP\/1.1 100 [^]*\r\n\r\n)?HTTP\/1.1 502/);
        client.destroy();
      }
      await settled(proxy);
    });
  });

  describe.each(['end', 'reset'] as const)('by a client that sends %s', (sends) => {
    test.each(Object.entries(REQUESTS))('in a request: %s, at every byte', async (_name, request) => {
      answer = RESPONSES.length;
      for (let at = 0; at < request.length; at++) {
        const client = await RawClient.connect(port, { halfOpen: true });
        client.send(request.slice(0, at));
        // In a while, so that some are cut in the middle of the dispatch.
        if (at % 3 > 0) await new Promise((resolve) => setTimeout(resolve, at % 3));
        if (sends === 'reset') client.reset();
        else {
          client.end();
          expect(await client.sawClose(4000), `at ${at}`).toBe(true);
          expect(client.received, `at ${at}`).not.toContain(' 200 ');
        }
        client.destroy();
      }
      await settled(proxy);
    });

    test('while the response is on its way, at every byte', async () => {
      answer = RESPONSES.length;
      for (let at = 0; at < 60; at++) {
        const client = await RawClient.connect(port, { halfOpen: true });
        client.send(REQUESTS.post);
        await client.when(() => client.received.length >= at);
        if (sends === 'reset') client.reset();
        else client.end();
        client.destroy();
      }
      await settled(proxy);
    });
  });

  test('leaves a proxy that serves the next one', async () => {
    answer = RESPONSES.chunked;
    const client = await RawClient.connect(port);
    client.send(REQUESTS.chunked);
    expect(await client.sees(`\r\n${BODY}\r\n0\r\n\r\n`)).toBe(true);
    client.destroy();
    await settled(proxy);
  });
});
