import type {
  Backend,
  Clock,
  Frontend,
  GlobalConfig,
  Hooks,
  Log,
  Names,
  LogTap,
  Plugin,
  PluginContext,
  PluginInstance,
  ProxyConfig,
  Severity,
  Timer,
} from '../api/index.ts';
import { PluginCommands } from './commands.ts';
import { within } from './deadline.ts';
import type { Kept, Shelf } from './kept.ts';
import { pluginLog } from './process-log.ts';
import type { Keywords } from './registry.ts';

export class PluginError extends Error {}

/** A plugin and what stands behind its name on its `plugin-load` line; stock plugins have none. */
export interface LoadedPlugin {
  readonly plugin: Plugin;
  readonly args: readonly string[];
  /** The same read as the plugin's `options` say. */
  readonly options?: Readonly<Record<string, unknown>>;
}

/** What plugins see of the configuration once it has been read. */
export interface Site {
  readonly global: GlobalConfig;
  readonly proxies: readonly ProxyConfig[];
  readonly frontends: readonly Frontend[];
  readonly backends: readonly Backend[];
  readonly version: string;
  readonly names: Names;
  listen: PluginContext['listen'];
  readonly logTap: LogTap;
  readonly clock: Clock;
  warn(message: string): void;
  say(severity: Severity, text: string): void;
}

/** A plugin's hooks, and whom to blame for what they throw. */
export interface OwnedHooks {
  readonly plugin: string;
  readonly hooks: Hooks;
}

/** Milliseconds a plugin may take. */
const DEADLINES = { setup: 30_000, start: 30_000, stop: 5_000 } as const;

interface Living {
  readonly name: string;
  readonly instance: PluginInstance;
}

/** One loaded configuration's plugins: set up, started, and at the end stopped in reverse order. */
export class Generation {
  readonly keywords: Keywords;
  readonly plugins: readonly LoadedPlugin[];
  readonly #log: Log;
  readonly #kept: Kept;
  readonly #shelf: Shelf;
  readonly #abort: AbortController = new AbortController();
  readonly #living: Living[] = [];

  constructor(plugins: readonly LoadedPlugin[], keywords: Keywords, log: Log, kept: Kept) {
    checkNames(plugins.map(({ plugin }) => plugin));
    this.plugins = plugins;
    this.keywords = keywords;
    this.#log = log;
    this.#kept = kept;
    this.#shelf = kept.shelf();
  }

  /** In the order the plugins were listed. */
  get hooks(): OwnedHooks[] {
    return this.#living.flatMap(({ name, instance }) =>
      instance.hooks ? [{ plugin: name, hooks: instance.hooks }] : [],
    );
  }

  /**
   * Calls every `setup`. When one fails, those before it are stopped again.
   * @throws {PluginError} naming the plugin.
   */
  async setup(site: Site): Promise<void> {
    const commands = new PluginCommands(this.keywords.commands, site.names, this.#log);
    for (const { plugin, args, options = {} } of this.plugins) {
      if (!plugin.setup) continue;
      const context = {
        ...site,
        commands,
        log: pluginLog(this.#log, plugin.name),
        args,
        // Read by the plugin's own schema.
        options: options as PluginContext['options'],
        signal: this.#abort.signal,
        timer: (run: () => void): Timer =>
          site.clock.timer(run, (error) => {
            this.#log.error({ plugin: plugin.name, err: error }, `plugin '${plugin.name}' failed in a timer`);
          }),
        keep: <T extends object>(key: string, create: () => T): T => this.#shelf.keep(plugin.name, key, create),
      };
      await this.#orStop(plugin.name, 'setup', async () => {
        const instance = await within(
          DEADLINES.setup,
          () => plugin.setup?.(context),
          (late) => void this.#end(plugin.name, late ?? {}),
        );
        if (!instance) return;
        this.#living.push({ name: plugin.name, instance });
        commands.add(plugin.name, instance.commands ?? {});
      });
    }
  }

  /**
   * Calls every `start`, once the listeners are bound; from then on this generation's kept state is the current one. When
   * one fails, all are stopped.
   * @throws {PluginError} naming the plugin.
   */
  async start(): Promise<void> {
    for (const { name, instance } of this.#living) {
      if (instance.start) await this.#orStop(name, 'start', () => within(DEADLINES.start, () => instance.start?.()));
    }
    this.#kept.commit(this.#shelf);
  }

  /** The generation takes no new connections any more. */
  drain(): void {
    for (const { name, instance } of this.#living) {
      try {
        instance.drain?.();
      } catch (error) {
        this.#log.error({ plugin: name, err: error }, `plugin '${name}' failed to drain`);
      }
    }
  }

  /** Ends the plugins, the last first. Each has its deadline; what fails is logged, and the next one's turn comes. */
  async stop(): Promise<void> {
    this.#abort.abort();
    for (let last = this.#living.pop(); last; last = this.#living.pop()) {
      await this.#end(last.name, last.instance);
    }
  }

  async #end(name: string, instance: PluginInstance): Promise<void> {
    try {
      await within(DEADLINES.stop, () => instance.stop?.());
    } catch (error) {
      this.#log.error({ plugin: name, err: error }, `plugin '${name}' failed to stop`);
    }
  }

  async #orStop(plugin: string, step: string, run: () => Promise<unknown>): Promise<void> {
    try {
      await run();
    } catch (error) {
      await this.stop();
      const reason = error instanceof Error ? error.message : String(error);
      throw new PluginError(`plugin '${plugin}' failed in ${step}: ${reason}`, { cause: error });
    }
  }
}

function checkNames(plugins: readonly Plugin[]): void {
  const names = new Set<string>();
  for (const { name } of plugins) {
    if (names.has(name)) throw new PluginError(`there are two plugins named '${name}'`);
    names.add(name);
  }
  for (const { name, requires = [] } of plugins) {
    const missing = requires.find((required) => !names.has(required));
    if (missing !== undefined) throw new PluginError(`plugin '${name}' requires '${missing}', which is not loaded`);
  }
}
