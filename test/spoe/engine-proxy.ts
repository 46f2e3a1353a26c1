import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Plugin } from '../../core/api/index.ts';
import { createProxy, type ProxyHandle } from '../../core/index.ts';
import { RawClient } from '../support/raw-client.ts';
import { shown } from './duel.ts';

export interface EngineProxyOptions {
  /** Lines of the `listen` section behind `filter`. */
  readonly proxy?: string;
  /** Lines of the `spoe-agent` section besides the usual ones. */
  readonly agent?: string;
  readonly file?: string;
  readonly processing?: string;
  /** Lines of the agents' backend. */
  readonly backend: string;
  readonly plugins?: readonly Plugin[];
  /** False: there is a server among the lines of the section. */
  readonly answers?: boolean;
  /** Whole sections. */
  readonly sections?: string;
}

const RETURN = 'http-request return status 200 hdr x-e "err=%[var(txn.e.err)] v=%[var(txn.e.v)]"';
const MESSAGE = `spoe-message m
    args p=path
    event on-frontend-http-request`;

/** A proxy in this process with one engine. */
export class EngineProxy {
  readonly proxy: ProxyHandle;
  readonly errors: string[];
  readonly #folder: string;
  readonly #clients: RawClient[] = [];

  private constructor(proxy: ProxyHandle, errors: string[], folder: string) {
    this.proxy = proxy;
    this.errors = errors;
    this.#folder = folder;
  }

  static async start(options: EngineProxyOptions): Promise<EngineProxy> {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-spoe-'));
    const errors: string[] = [];
    const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined };
    const proxy = await createProxy({
      config: { name: 'spoe.cfg', text: configurationOf(options, folder) },
      plugins: options.plugins ?? [],
      log: { ...quiet, error: (_fields: object, message?: string) => void errors.push(message ?? '') },
    });
    await proxy.start();
    return new EngineProxy(proxy, errors, folder);
  }

  /** Goes on with another configuration. */
  async reload(options: EngineProxyOptions): Promise<void> {
    await this.proxy.reload({ config: { name: 'spoe.cfg', text: configurationOf(options, this.#folder) } });
  }

  get port(): number {
    return this.proxy.addresses[0]!.port!;
  }

  async client(bytes = ''): Promise<RawClient> {
    const client = await RawClient.connect(this.port);
    this.#clients.push(client);
    client.send(bytes);
    return client;
  }

  async get(path = '/'): Promise<string> {
    const client = await this.client(`GET ${path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`);
    await client.sawClose(8000);
    return shown(client.received);
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) client.destroy();
    await this.proxy.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function configurationOf(options: EngineProxyOptions, folder: string): string {
  const { proxy = '', agent = '', file = MESSAGE, processing = '2s', backend, sections = '', answers = true } = options;
  const path = join(folder, 'engine.conf');
  writeFileSync(
    path,
    `[e]
spoe-agent agent
    use-backend agents
    messages m
    timeout processing ${processing}
    option var-prefix e
    option set-on-error err
${agent}
${file}
`,
  );
  return `defaults
  mode http
  timeout connect 1s
  timeout client 5s
  timeout server 5s
listen web
  bind 127.0.0.1:0
  filter spoe engine e config ${path}
  ${proxy}
  ${answers ? RETURN : ''}
backend agents
  mode spop
  ${backend}
${sections}
`;
}
