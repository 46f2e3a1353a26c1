import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ConfigurationError, createProxy, type Diagnostic, type ProxyHandle } from '../../core/index.ts';
import { definePlugin, type Plugin } from '../../core/api/index.ts';
import { RawClient } from '../support/raw-client.ts';

const plugin: Plugin = definePlugin({
  name: 'demo',
  api: 1,
  services: {
    hello: {
      usage: 'hello',
      summary: 'Greets.',
      mode: 'http',
      serve: (transaction) =>
        transaction.reply({ status: 200, headers: [['x-by', 'hello']], body: `hello ${transaction.request!.uri}` }),
    },
    slow: {
      usage: 'slow',
      summary: 'Greets later.',
      mode: 'http',
      async serve(transaction) {
        await transaction.sleep(20);
        return transaction.reply({ status: 200, body: 'slow' });
      },
    },
    broken: {
      usage: 'broken',
      summary: 'Fails.',
      mode: 'http',
      serve() {
        throw new Error('on purpose');
      },
    },
    banner: {
      usage: 'banner',
      summary: 'Sends a line.',
      mode: 'tcp',
      serve: (transaction) => transaction.replyRaw('220 ready\r\n'),
    },
  },
});

const DEFAULTS = `defaults
  mode http
  timeout client 5s
  timeout server 5s
  timeout connect 5s
`;

const load = (text: string, ...plugins: Plugin[]): [Promise<ProxyHandle>, Diagnostic[]] => {
  const diagnostics: Diagnostic[] = [];
  const on = { diagnostics: (list: readonly Diagnostic[]): void => void diagnostics.push(...list) };
  return [createProxy({ config: { name: 'test.cfg', text: DEFAULTS + text }, plugins, on }), diagnostics];
};

describe('use-service', () => {
  let handle: ProxyHandle;
  let ports: number[];
  beforeAll(async () => {
    [handle] = [
      await load(
        `frontend f
  bind 127.0.0.1:0
  http-request use-service hello if { path_beg /hello }
  http-request use-service slow if { path /slow }
  http-request use-service broken if { path /broken }
  http-request return status 404
frontend t
  mode tcp
  bind 127.0.0.2:0
  tcp-request inspect-delay 5s
  tcp-request content use-service banner if { req.len gt 2 }
`,
        plugin,
      )[0],
    ];
    await handle.start();
    ports = handle.addresses.map(({ port }) => port!);
  });
  afterAll(() => handle.stop());

  const ask = async (path: string): Promise<string> => {
    const client = await RawClient.connect(ports[0]!);
    client.send(`GET ${path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`);
    await client.sawClose();
    return client.received;
  };

  test('answers in the place of a server, and keeps the connection', async () => {
    const client = await RawClient.connect(ports[0]!);
    client.send('GET /hello/1 HTTP/1.1\r\nHost: h\r\n\r\nGET /hello/2 HTTP/1.1\r\nHost: h\r\n\r\n');
    expect(await client.sees('hello /hello/2')).toBe(true);
    expect(client.received).toMatch(
      /^HTTP\/1\.1 200 OK\r\ncontent-length: 14\r\nx-by: hello\r\n\r\nhello \/hello\/1HTTP/,
    );
    client.destroy();
  });

  test('answers later', async () => expect(await ask('/slow')).toMatch(/\r\n\r\nslow$/));

  test('costs only its own request when it fails', async () => {
    expect(await ask('/broken')).toMatch(/^HTTP\/1\.1 500 /);
    expect(await ask('/hello')).toContain('hello /hello');
    expect(handle.stats().pluginFailures).toEqual({ demo: 1 });
  });

  test('the rules go on where its condition does not hold', async () =>
    expect(await ask('/other')).toMatch(/^HTTP\/1\.1 404 /));

  test('TCP: sends its bytes and ends the connection', async () => {
    const client = await RawClient.connect(ports[1]!, { host: '127.0.0.2' });
    client.send('ab');
    client.send('cd');
    expect(await client.sawClose()).toBe(true);
    expect([client.received, client.closed]).toEqual(['220 ready\r\n', 'end']);
  });
});

describe('what a plugin brings and nothing runs', () => {
  const refused = async (text: string, ...plugins: Plugin[]): Promise<string[]> => {
    const refusal: unknown = await load(text, ...plugins)[0].catch((error: unknown) => error);
    if (!(refusal instanceof ConfigurationError)) throw new Error('it was accepted');
    return refusal.diagnostics.filter(({ severity }) => severity === 'alert').map(({ message }) => message);
  };

  test('an unknown service, or one of another mode, is refused', async () => {
    expect(await refused('frontend f\n  bind :0\n  http-request use-service helo\n', plugin)).toContainEqual(
      expect.stringContaining(`'helo' unknown service name.`),
    );
    expect(await refused('frontend f\n  bind :0\n  http-request use-service banner\n', plugin)).toContainEqual(
      expect.stringContaining(`the service 'banner' is for tcp rules`),
    );
  });
});
