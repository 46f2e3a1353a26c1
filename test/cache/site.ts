import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { Plugin } from '../../core/api/index.ts';
import { CACHES } from '../../plugins/cache/section.ts';
import type { CacheSection } from '../../plugins/cache/settings.ts';
import type { Store } from '../../plugins/cache/store.ts';
import { startProxy, type TestProxy } from '../../core/testing/index.ts';
import { listenAnywhere } from '../support/free-port.ts';

/** A response as a client got it, or as an origin is to send it. */
export interface Answer {
  readonly status: number;
  /** Lower case; values of one name joined by `, `. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The time of all sites, which stands still unless it is moved: milliseconds since 1970. */
let present = Math.floor(Date.now() / 1000) * 1000;

type Fields = Readonly<Record<string, string | readonly string[]>>;

/** What the origin does with a request: fields of a 200, or all of it. */
export interface Script {
  readonly status?: number;
  readonly headers?: Fields;
  readonly body?: string;
  /** Closes the connection instead of an answer. */
  readonly dead?: boolean;
  /** Closes the connection behind the body, whatever length was said. */
  readonly cut?: boolean;
  /** Waits for this before it answers. */
  readonly after?: Promise<unknown>;
  /** Sends no Date. */
  readonly dateless?: boolean;
  /** Sends the body without its length. */
  readonly chunked?: boolean;
}

export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
}

/** A proxy with a cache in front of a scripted origin, in this process; its clock can be moved. */
export class Site {
  readonly proxy: TestProxy;
  readonly #server: Server;
  /** The sections of the configuration that was loaded last. */
  sections: readonly CacheSection[] = [];
  /** The origin's port. */
  readonly origin: number;
  /** All that reached the origin. */
  readonly seen: Seen[] = [];
  /** Answers a request; the body, if not given, is the number of the request, counted from 1. */
  script: (seen: Seen, number: number) => Script = () => ({});

  private constructor(proxy: TestProxy, server: Server, origin: number) {
    this.origin = origin;
    this.proxy = proxy;
    this.#server = server;
  }

  /** `cache` are lines of the section, `rules` those of the proxy (the usual two if left out). */
  static async start(cache: string, rules: string = USUAL, more: string = ''): Promise<Site> {
    const holder: { site?: Site } = {};
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (bytes: Buffer) => (body += bytes.toString('latin1')));
      request.on('end', () => void holder.site!.#answer(request, response));
    });
    server.keepAliveTimeout = 60_000;
    const port = await listenAnywhere(server);
    const text = `defaults
  mode http
  timeout client 5s
  timeout server 5s
  timeout connect 5s
  retries 0
cache c
  total-max-size 4
${indented(cache)}
listen l
  bind 127.0.0.1:0
${indented(rules)}
  server s 127.0.0.1:${port}
${more.replaceAll('{origin}', `127.0.0.1:${port}`)}
`;
    let sections: readonly CacheSection[] = [];
    const spy: Plugin = {
      name: 'spy',
      api: 1,
      setup({ global }) {
        ({ sections } = global.extension(CACHES));
        if (holder.site !== undefined) holder.site.sections = sections;
      },
    };
    const proxy = await startProxy({ config: { name: 'cache.cfg', text }, plugins: [spy] });
    proxy.clock.freeze();
    proxy.clock.set(present);
    holder.site = new Site(proxy, server, port);
    holder.site.sections = sections;
    return holder.site;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const seen = { method: request.method!, url: request.url!, headers: request.headers };
    const number = this.seen.push(seen);
    const {
      status = 200,
      headers = {},
      body = String(number),
      dead,
      after,
      dateless,
      chunked,
      cut,
    } = this.script(seen, number);
    if (after !== undefined) await after;
    if (dead === true) {
      request.socket.destroy();
      return;
    }
    // Node keeps its own Date for up to a second.
    response.sendDate = false;
    if (dateless !== true) response.setHeader('date', dateIn(0));
    response.statusCode = status;
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    if (status === 304 || status === 204) {
      response.end();
      return;
    }
    if (chunked !== true && headers['content-length'] === undefined) response.setHeader('content-length', body.length);
    if (cut === true) {
      response.write(Buffer.from(body, 'latin1'), () => request.socket.destroy());
      return;
    }
    response.end(request.method === 'HEAD' ? undefined : Buffer.from(body, 'latin1'));
  }

  port(index = 0): number {
    return this.proxy.addresses[index]!.port!;
  }

  /** Sends a request on a connection of its own. */
  ask(path: string, headers: Fields = {}, method = 'GET', content = '', listener = 0): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const fields: Record<string, string | readonly string[]> = { host: 'h', ...headers };
      if (content !== '') fields['content-length'] = String(content.length);
      const request = httpRequest(
        {
          host: '127.0.0.1',
          port: this.port(listener),
          path,
          method,
          headers: fields as never,
          agent: false,
          setHost: false,
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (bytes: Buffer) => chunks.push(bytes));
          response.on('error', reject);
          response.on('end', () => {
            const got: Record<string, string> = {};
            for (const [name, value] of Object.entries(response.headersDistinct)) got[name] = value!.join(', ');
            resolve({ status: response.statusCode!, headers: got, body: Buffer.concat(chunks).toString('latin1') });
          });
        },
      );
      request.on('error', reject);
      request.end(content);
    });
  }

  /** Whether the answer came out of the cache: nothing new reached the origin. */
  async hits(path: string, headers?: Fields, method?: string): Promise<boolean> {
    const before = this.seen.length;
    await this.ask(path, headers, method);
    return this.seen.length === before;
  }

  /** The memory of a cache of this process, by the name of its section. */
  store(name: string): Store {
    return this.sections.find((section) => section.name === name)!.store;
  }

  /** Moves the clock. */
  pass(seconds: number): void {
    present += seconds * 1000;
    this.proxy.clock.set(present);
  }

  async stop(): Promise<void> {
    await this.proxy.stop();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

const USUAL = `http-request cache-use c
http-response cache-store c`;

const indented = (lines: string): string =>
  lines
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => `  ${line.trim()}`)
    .join('\n');

/** An HTTP-date so many seconds from now. */
export const dateIn = (seconds: number): string => new Date(present + seconds * 1000).toUTCString();
