import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Log, Plugin } from '../../api/index.ts';
import type { Source } from '../../config/sources.ts';
import type { RequestInput } from '../client.ts';
import { startProxy, type TestProxy } from '../start-proxy.ts';
import type { Tell } from './index.ts';

const NAMES = ['example.cfg', 'haproxy.cfg', 'example/example.cfg', 'example/haproxy.cfg', 'examples/haproxy.cfg'];

/** For a plugin without an example: what hooks need to be called. */
const PLAIN = `
defaults
    mode http
    timeout client  5s
    timeout server  5s
    timeout connect 5s
frontend web
    bind :80
    default_backend app
backend app
    server s1 192.0.2.1:80
`;

/** Where the example is, and what it is run with. */
export interface ExampleOptions {
  readonly folder: string | undefined;
  readonly packageName: string | undefined;
  readonly example: string | { readonly file: string | readonly string[] } | undefined;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>> | undefined;
}

/** A configuration that uses a plugin, with an origin for each of its servers and without sockets. */
export class Example {
  readonly title: string;
  readonly #options: ExampleOptions;
  readonly #sources: readonly Source[];
  readonly #tell: Tell;

  constructor(options: ExampleOptions, tell: Tell) {
    this.#options = options;
    this.#tell = tell;
    const { example, folder = process.cwd() } = options;
    const found = NAMES.map((name) => join(folder, name)).find((path) => existsSync(path));
    const file = typeof example === 'object' ? example.file : options.folder === undefined ? undefined : found;
    const files = file === undefined || typeof example === 'string' ? [] : typeof file === 'string' ? [file] : file;
    this.title = files.length === 0 ? 'the example configuration' : `the example ${files.join(', ')}`;
    const text = typeof example === 'string' ? example : PLAIN;
    this.#sources =
      files.length === 0
        ? [{ name: join(folder, 'example.cfg'), text }]
        : files.map((path) => ({ name: path, text: readFileSync(path, 'utf8') }));
  }

  /** The `plugin-load` line is for the plugin in hand, which need not be installed under its name, nor built. */
  #isOwn(specifier: string, from: string): boolean {
    const { folder, packageName } = this.#options;
    if (specifier === packageName) return true;
    return folder !== undefined && /^\.{0,2}\//.test(specifier) && resolve(from, specifier).startsWith(folder);
  }

  start(plugin: Plugin): Promise<TestProxy> {
    const { args, env } = this.#options;
    const loads = this.#sources.some(({ name, text }) =>
      [...text.matchAll(/^[ \t]*plugin-load[ \t]+(\S+)/gm)].some(([, what]) => this.#isOwn(what!, dirname(name))),
    );
    return startProxy({
      config: this.#sources,
      plugins: loads ? [] : [{ plugin, args }],
      loadPlugin: (specifier, from) => (this.#isOwn(specifier, from) ? plugin : undefined),
      addresses: 'none',
      standIns: true,
      log: this.#log(),
      ...(env === undefined ? {} : { env }),
    });
  }

  /** Errors are the plugin's failures; the rest is not for a test's output. */
  #log(): Log {
    const silent = (): void => undefined;
    const error = (_fields: object, message = ''): void =>
      this.#tell('example', `${this.title} makes it fail: ${message}`, 'see to it that no request makes it throw');
    return { debug: silent, info: silent, warn: silent, error };
  }

  /** Sends something through every frontend that speaks HTTP. What is answered is the example's business. */
  async drive(proxy: TestProxy, requests: readonly (RequestInput | string)[]): Promise<void> {
    const frontends = proxy.config.proxies.filter(
      ({ settings, binds }) => settings.mode === 'http' && !settings.disabled && binds.length > 0,
    );
    for (const { name } of frontends) {
      for (const input of ['/', { method: 'POST', url: '/example', body: 'content' }, ...requests]) {
        const client = await proxy.connect({ frontend: name });
        client.write(input);
        // A rule may close the connection without a word, which is an answer, too.
        await Promise.race([client.response().catch(() => client.whenClosed()), client.whenClosed()]).catch(() => {
          const asked = typeof input === 'string' ? input : `${input.method ?? 'GET'} ${input.url ?? '/'}`;
          const what = `frontend '${name}' of ${this.title} does not answer ${asked}`;
          this.#tell('example', what, 'let each hook and action come to an end');
        });
        client.close();
      }
    }
  }
}
