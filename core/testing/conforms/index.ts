import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from '../../api/index.ts';
import { ConfigurationError } from '../../proxy/refusal.ts';
import type { RequestInput } from '../client.ts';
import { Example } from './example.ts';
import { leftOpen, placeOf } from './left-open.ts';
import { checkManifest, checkReadme, readManifest } from './manifest.ts';
import { watchPromises } from './promises.ts';
import { checkWords, declared } from './words.ts';

export interface ConformsOptions {
  /** The folder of the plugin's package, as a path or a `file:` URL. Without it, package.json and README are not looked at. */
  readonly folder?: string | URL;
  /**
   * A configuration that uses the plugin: its text, or files. If left out, `example.cfg` or `haproxy.cfg` of the folder, or of
   * its `example` or `examples`; else a frontend and a backend without any word of the plugin.
   */
  readonly example?: string | { readonly file: string | readonly string[] };
  /** What stands behind its name on a `plugin-load` line, where the example has none. */
  readonly args?: readonly string[];
  /** What is sent through the example, besides a GET and a POST to every frontend in HTTP mode. */
  readonly requests?: readonly (RequestInput | string)[];
  /** The environment of the example. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** What is wrong, and what to do about it. */
export interface Shortcoming {
  readonly of:
    | 'shape'
    | 'name'
    | 'api'
    | 'usage'
    | 'summary'
    | 'registration'
    | 'example'
    | 'handles'
    | 'promises'
    | 'package'
    | 'readme';
  readonly problem: string;
  readonly remedy: string;
}

export type Tell = (of: Shortcoming['of'], problem: string, remedy: string) => void;

/** A plugin is not as others may expect it to be; the message has every shortcoming. */
export class ConformityError extends Error {
  override readonly name = 'ConformityError';
  readonly shortcomings: readonly Shortcoming[];

  constructor(plugin: string, shortcomings: readonly Shortcoming[]) {
    const lines = shortcomings.map(({ problem, remedy }) => `- ${problem}\n    ${remedy}`);
    super(`the plugin '${plugin}' does not conform:\n${lines.join('\n')}`);
    this.shortcomings = shortcomings;
  }
}

/**
 * Looks at a plugin as its users will: its words are documented, it can be used more than once in a process, it leaves nothing behind
 * when it is stopped, what does not wait gives no promise, its example runs; and with a folder, its package.json and its README are
 * right. Rejects with {@link ConformityError}, which says what to do.
 */
export async function conforms(plugin: Plugin, options: ConformsOptions = {}): Promise<void> {
  const shortcomings: Shortcoming[] = [];
  const tell: Tell = (of, problem, remedy) => void shortcomings.push({ of, problem, remedy });
  const folder = options.folder === undefined ? undefined : folderOf(options.folder);
  if (checkWords(plugin, tell)) {
    const manifest = folder === undefined ? undefined : readManifest(folder, tell);
    const { example: wanted, args = [], env, requests = [] } = options;
    const example = new Example({ folder, packageName: nameOf(manifest), example: wanted, args, env }, tell);
    await checkLife(plugin, example, requests, tell);
    if (folder !== undefined && manifest !== undefined) {
      checkManifest(folder, manifest, tell);
      checkReadme(folder, plugin, tell);
    }
  }
  if (shortcomings.length > 0) throw new ConformityError(plugin.name, shortcomings);
}

function nameOf(manifest: Readonly<Record<string, unknown>> | undefined): string | undefined {
  const name = manifest?.['name'];
  return typeof name === 'string' ? name : undefined;
}

function folderOf(folder: string | URL): string {
  const path = folder instanceof URL || folder.startsWith('file:') ? fileURLToPath(folder) : folder;
  return resolve(path);
}

/** Runs the example twice at once and once more over a reload, and looks at what that leaves behind. */
async function checkLife(
  plugin: Plugin,
  example: Example,
  requests: readonly (RequestInput | string)[],
  tell: Tell,
): Promise<void> {
  const before = declared(plugin);
  const needless = new Set<string>();
  const watched = watchPromises(plugin, (where) => needless.add(where));
  // What is loaded lazily for the first proxy of a process stays for all: that is no leak of the plugin's.
  const runs = await attempt(example, tell, async () => {
    const proxy = await example.start(watched);
    await example.drive(proxy, requests);
    await proxy.stop();
  });
  if (!runs) return;
  const left = await leftOpen(async () => {
    await attempt(example, tell, async () => {
      const [one, other] = [await example.start(watched), await example.start(watched)];
      await example.drive(one, requests);
      await other.reload();
      await example.drive(other, requests);
      await one.stop();
      await other.stop();
    });
  });
  for (const { what, stack } of left) {
    tell(
      'handles',
      `when it has been stopped, ${what} is left${placeOf(stack)}`,
      "end it in the 'stop' of what setup gives; for timers use context.timer",
    );
  }
  for (const where of needless) {
    tell(
      'promises',
      `its ${where} gives a promise though it waits for nothing`,
      "let it return the value itself: an 'async' function always gives a promise, and that costs every request",
    );
  }
  if (declared(plugin) !== before) {
    tell(
      'registration',
      'its tables of words are not what they were before it ran',
      'keep state out of the plugin object: it is shared by all proxies of a process',
    );
  }
}

async function attempt(example: Example, tell: Tell, run: () => Promise<void>): Promise<boolean> {
  try {
    await run();
    return true;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const refused = error instanceof ConfigurationError;
    tell(
      'example',
      `${example.title} does not run: ${why}`,
      refused ? 'correct the example, or the word that refuses it' : 'see why with: npx sluice -f <file> -db',
    );
    return false;
  }
}
