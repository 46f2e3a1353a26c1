import type { Extension, GlobalConfig, PluginContext, Timer } from 'sluice/plugin';
import type { LuaRef } from './engine/engine.ts';
import { newState } from './new-state.ts';
import { Reporter } from './reporter.ts';
import { Registry } from './registry.ts';
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
  readonly #queue: Task[] = [];
  #turn: NodeJS.Immediate | undefined;
  readonly #ready: ((context: PluginContext) => void)[] = [];
  readonly #closing: (() => void)[] = [];

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
    for (const run of this.#ready) run(context);
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

  close(): void {
    if (this.phase === 'closed') return;
    this.phase = 'closed';
    if (this.#turn !== undefined) clearImmediate(this.#turn);
    this.#queue.length = 0;
    for (const run of this.#closing) run();
    for (const world of this.worlds) world?.close();
  }
}

/** A function of a script that the configuration, or an event, calls. */
export interface Registered {
  readonly world: World;
  readonly run: LuaRef;
}

export const LUA: Extension<LuaHost> = { name: 'lua: host', create: () => new LuaHost() };
