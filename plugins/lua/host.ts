import type { Extension, GlobalConfig, PluginContext, Samples, Timer } from 'sluice/plugin';
import type { LuaRef } from './engine/engine.ts';
import { Messages } from './messages.ts';
import { newState } from './new-state.ts';
import { Reporter } from './reporter.ts';
import { makeRole, type Role } from './role.ts';
import { Registry } from './registry.ts';
import { ServerEvents } from './server-events.ts';
import { defaultSettings, type LuaSettings } from './settings.ts';
import type { Task } from './task.ts';
import type { World } from './world.ts';

/** Where in its life a configuration is; `core.register_*` belongs to `body`. */
export type Phase = 'body' | 'init' | 'running' | 'closed';

/**
 * All of Lua in one configuration: two proxies in a process do not meet, and a reload begins anew. Hangs on the configuration's
 * `global`, see {@link LUA}.
 */
export class LuaHost {
  readonly settings: LuaSettings = defaultSettings();
  readonly registry: Registry = new Registry();
  readonly reporter: Reporter = new Reporter(this);
  readonly messages: Messages = new Messages(this);
  /** What runs at this moment. */
  current: Task | undefined;
  phase: Phase = 'body';
  /** State 0, made when first needed, and state 1; `worlds[id]`. */
  readonly worlds: (World | undefined)[] = [];
  /** `lua-prepend-path`, in order: for states that are made later. */
  readonly paths: { readonly pattern: string; readonly which: 'path' | 'cpath' }[] = [];
  /** What it hangs on; set by who loads a script. */
  global!: GlobalConfig;
  /** Set when all sections have been read. */
  context: PluginContext | undefined;
  /** Fetches and converters by name. */
  samples: Samples | undefined;
  readonly serverEvents: ServerEvents = new ServerEvents();
  /** Says something about the line that loads the script being run. */
  warn: ((message: string) => void) | undefined;
  readonly #queue: Task[] = [];
  #turn: NodeJS.Immediate | undefined;
  readonly #ready: ((context: PluginContext) => void)[] = [];
  readonly #closing: (() => void)[] = [];
  readonly #waiting: Background[] = [];
  readonly #background = new Set<Task>();
  #taskRole!: Role;
  #initRole!: Role;

  /** The state of that number; made, with all libraries, when first asked for. */
  world(id: number): World {
    return (this.worlds[id] ??= newState(this, id));
  }

  /** Runs when proxies and servers are there, before `core.register_init` functions. */
  onReady(run: (context: PluginContext) => void): void {
    this.#ready.push(run);
  }

  /** Runs when the configuration is over: what a library keeps open is to be closed. */
  onClose(run: () => void): void {
    this.#closing.push(run);
  }

  /** All sections have been read. */
  ready(context: PluginContext): void {
    this.context = context;
    this.phase = 'init';
    this.#taskRole = makeRole('task', '', this.settings);
    this.#initRole = makeRole('init', '', this.settings);
    this.serverEvents.begin(context);
    for (const run of this.#ready) run(context);
  }

  /** Milliseconds of the proxy's clock. */
  now(): number {
    return this.context?.clock.now() ?? 0;
  }

  /** One of the process's many deadlines; there are none while the configuration is read. */
  timer(run: () => void): Timer {
    if (this.context === undefined) throw new Error('no timers before the configuration has been read');
    return this.context.timer(run);
  }

  /** Lets a task go on in another turn of the event loop. */
  later(task: Task): void {
    this.#queue.push(task);
    this.#turn ??= setImmediate(() => this.#takeTurns());
  }

  #takeTurns(): void {
    this.#turn = undefined;
    // Those that come in meanwhile wait for the next turn: what never ends must not keep the loop.
    for (const task of this.#queue.splice(0)) if (task.isQueued) task.resume();
  }

  /** Begins a task of the script's own, as soon as traffic may come; `args` are released. */
  begin(background: Background): void {
    if (this.phase !== 'running') {
      this.#waiting.push(background);
      return;
    }
    const { world, run, args } = background;
    const task = world.take();
    const stack = task.start(run, this.#taskRole);
    for (const arg of args) {
      stack.pushRef(arg);
      world.state.release(arg);
    }
    world.state.release(run);
    this.#background.add(task);
    task.settled = (ended) => {
      this.#background.delete(ended);
      ended.release();
    };
    // In a turn of its own: whoever registers it goes on first.
    this.later(task);
    task.queue();
  }

  /** Listeners are bound: tasks begin. */
  start(): void {
    this.phase = 'running';
    for (const background of this.#waiting.splice(0)) this.begin(background);
  }

  /** Functions of `core.register_init`, in their order. */
  init(): void {
    for (const { world, run } of this.registry.init) {
      const task = world.take();
      task.start(run, this.#initRole);
      task.run();
      task.release();
    }
  }

  close(): void {
    if (this.phase === 'closed') return;
    this.phase = 'closed';
    if (this.#turn !== undefined) clearImmediate(this.#turn);
    this.#queue.length = 0;
    for (const task of this.#background) task.end();
    for (const run of this.#closing) run();
    for (const world of this.worlds) world?.close();
  }
}

/** A function of a script that the configuration, or an event, calls. */
export interface Registered {
  readonly world: World;
  readonly run: LuaRef;
}

/** A task of a script's own, and its arguments. */
export interface Background extends Registered {
  readonly args: readonly LuaRef[];
}

export const LUA: Extension<LuaHost> = { name: 'lua: host', create: () => new LuaHost() };
