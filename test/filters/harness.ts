import { createProxy, type ProxyHandle } from '../../core/index.ts';
import type { Plugin } from '../../core/api/index.ts';
import { RawClient } from '../support/raw-client.ts';
import { type Conversation, RawOrigin } from '../support/raw-origin.ts';
import { counted, examples } from './examples.ts';

/** A proxy with the example filters between a client and an origin whose part a function plays. */
export class Harness {
  readonly proxy: ProxyHandle;
  readonly origin: RawOrigin;
  readonly errors: string[];
  readonly clients: RawClient[] = [];

  private constructor(proxy: ProxyHandle, origin: RawOrigin, errors: string[]) {
    this.proxy = proxy;
    this.origin = origin;
    this.errors = errors;
  }

  /** `lines` are those of a `listen` section, or whole sections with `{origin}` for the origin's address. */
  static async start(
    lines: string,
    play: (conversation: Conversation, index: number) => void | Promise<void>,
    { global = '', plugins = [], mode = 'http' }: { global?: string; plugins?: Plugin[]; mode?: string } = {},
  ): Promise<Harness> {
    const origin = await RawOrigin.start(play);
    const errors: string[] = [];
    const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined };
    const sections = /^\s*(?:frontend|listen) /m.test(lines)
      ? lines
      : `listen test\n  bind 127.0.0.1:0\n  ${lines.trim()}\n  server s {origin}`;
    const text = `global
  ${global}
defaults
  mode ${mode}
  timeout client 3s
  timeout server 3s
  timeout connect 1s
${sections.replaceAll('{origin}', `127.0.0.1:${origin.port}`)}
`;
    const proxy = await createProxy({
      config: { name: 'filters.cfg', text },
      plugins: [examples, ...plugins],
      log: { ...quiet, error: (_fields: object, message?: string) => void errors.push(message ?? '') },
    });
    await proxy.start();
    counted.length = 0;
    return new Harness(proxy, origin, errors);
  }

  async client(listener = 0): Promise<RawClient> {
    const { host, port } = this.proxy.addresses[listener]!;
    const client = await RawClient.connect(port!, { host: host! });
    this.clients.push(client);
    return client;
  }

  /** Sends a message and gives what has come when `until` has, or the connection has closed. */
  async exchange(message: string, until: string): Promise<string> {
    const client = await this.client();
    client.send(message);
    await client.when(() => client.received.includes(until) || client.closed !== 'open', 3000);
    return client.received;
  }

  async stop(): Promise<void> {
    for (const client of this.clients) client.destroy();
    await this.origin.stop();
    await this.proxy.stop();
  }
}

/** An origin that answers every request on a connection with the same bytes, once the request's end has come. */
export function answering(response: string, requestEnd = '\r\n\r\n'): (conversation: Conversation) => Promise<void> {
  return async (conversation) => {
    for (let from = 0; ;) {
      const seen = await conversation.when(() => conversation.received.indexOf(requestEnd, from) !== -1, 10_000);
      if (!seen) return;
      from = conversation.received.indexOf(requestEnd, from) + requestEnd.length;
      conversation.send(response);
    }
  };
}
