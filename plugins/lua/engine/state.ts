/** A Lua state (engine.ts). */
import { resetAllowance } from './alive.ts';
import { Call, errorOf, nativeOf, Ref } from './call.ts';
import { LuaError } from './engine.ts';
import type {
  ClassSpec,
  HostFunction,
  LuaCall,
  LuaClass,
  LuaFault,
  LuaRef,
  LuaState,
  LuaThread,
  LuaValue,
  StateOptions,
} from './engine.ts';
import { fengari } from './fengari.ts';
import { openLibraries } from './libraries.ts';
import { LONGEST_STRING, machine, SAFE_LIMIT } from './machine.ts';
import { OK, toBytes } from './protect.ts';
import { intern } from './strings.ts';
import { Table } from './tables.ts';
import { HostThread } from './thread.ts';
import { ABSENT, LIGHT_FUNCTION, STRING, TABLE, TString, TValue } from './values.ts';
import type { Thread } from './values.ts';

export interface HostClass extends LuaClass<object> {
  readonly metatable: Table;
}

const LEAST_BUDGET = 16;
const TEXT_MODE = Buffer.from('t');

export class State implements LuaState {
  readonly options: StateOptions;
  readonly L: Thread;
  readonly main: Call;
  readonly forcedYield: number;
  running: HostThread | undefined = undefined;
  /** A limit was passed: every further check fails too, whatever the script catches. */
  expired: LuaFault | undefined = undefined;
  readonly kept: Set<Ref> = new Set();
  /** Bytes held at the last count; roots of that count besides the registry. */
  alive = 0;
  readonly suspended: Set<Thread> = new Set();
  /** The innermost thread, while a count is made from within it. */
  current: Thread | undefined = undefined;
  /** What `collectgarbage` was told: kept, as there is nothing to tune. */
  collects = true;
  readonly tuning: { setpause: number; setstepmul: number } = { setpause: 200, setstepmul: 200 };
  readonly #runner: HostThread;

  constructor(options: StateOptions) {
    this.options = options;
    // A go must get beyond the instruction that the last one ended before.
    this.forcedYield = Math.max(options.forcedYield ?? 10_000, LEAST_BUDGET);
    this.L = fengari.lstate.lua_newstate();
    this.main = new Call(this.L, this);
    this.L.view = this.main;
    this.#runner = this.#makeThread();
    this.#runner.yieldable = false;
    openLibraries(this);
    machine.states.add(this);
    const limit = options.maxMemory ?? 0;
    if (limit > 0) {
      machine.limit = Math.min(limit, SAFE_LIMIT);
      machine.maxString = Math.min(machine.maxString, limit);
    }
    resetAllowance();
    if (options.maxString !== undefined) machine.maxString = Math.min(options.maxString, machine.maxString);
  }

  #makeThread(): HostThread {
    const L = fengari.lstate.lua_newthread(this.L);
    this.L.top--;
    return new HostThread(L, this);
  }

  get globals(): Table {
    return (this.L.l_G.l_registry.value as Table).getInteger(2).value;
  }

  keep(ref: Ref): Ref {
    this.kept.add(ref);
    return ref;
  }

  load(source: Uint8Array, name: string): LuaRef {
    const L = this.L;
    let text: Uint8Array | null = skipFirstLine(source);
    const reader = (): Uint8Array | null => {
      const part = text;
      text = null;
      return part;
    };
    const status = fengari.lapi.lua_load(L, reader, null, Buffer.from(toBytes(`@${name}`), 'latin1'), TEXT_MODE);
    if (status !== OK) {
      const error = errorOf(this.main, status);
      L.top--;
      throw error;
    }
    const ref = this.main.ref(-1);
    L.top--;
    return ref;
  }

  newThread(): LuaThread {
    return this.#makeThread();
  }

  run(function_: LuaRef, args: readonly LuaValue[], burstLimit = 0): LuaValue[] {
    const thread = this.running === undefined ? this.#runner : this.#makeThread();
    thread.yieldable = false;
    thread.burstLimit = burstLimit;
    thread.begin(function_);
    for (const value of args) thread.stack.push(value);
    const outcome = thread.resume();
    if (outcome === 'failed') {
      const error = thread.error!;
      thread.reset();
      throw error;
    }
    if (outcome !== 'finished') {
      thread.reset();
      throw new LuaError('runtime', 'attempt to yield from outside a coroutine');
    }
    const results: LuaValue[] = [];
    for (let index = 1; index <= thread.stack.count; index++) results.push(thread.stack.pull(index));
    thread.reset();
    return results;
  }

  defineClass<T extends object>(spec: ClassSpec): LuaClass<T> {
    const methods = new Table();
    for (const [name, run] of Object.entries(spec.methods)) setFunction(methods, name, run);
    const metatable = new Table();
    metatable.setString(intern('__name'), new TValue(STRING, intern(toBytes(spec.name))));
    if (spec.missing === undefined) metatable.setString(intern('__index'), new TValue(TABLE, methods));
    else {
      const missing = spec.missing;
      const find = (call: LuaCall): number => {
        const view = call as Call;
        const key = view.slot(2);
        const method = key.type === STRING ? methods.getString((key.value as TString).js) : ABSENT;
        if (method.type === 0) return missing(call);
        call.pushRef(new Ref(method.type, method.value));
        return 1;
      };
      metatable.setString(intern('__index'), new TValue(LIGHT_FUNCTION, nativeOf(find, '__index')));
    }
    for (const [name, run] of Object.entries(spec.meta ?? {})) setFunction(metatable, name, run);
    const type: HostClass = { name: spec.name, metatable };
    return type as unknown as LuaClass<T>;
  }

  setGlobal(name: string, build: (call: LuaCall) => void): void {
    const L = this.L;
    const top = L.top;
    build(this.main);
    this.globals.setString(intern(toBytes(name)), L.stack[L.top - 1]!);
    this.globals.flags = 0;
    L.top = top;
  }

  prependPath(pattern: string, which: 'path' | 'cpath'): void {
    const loaded = this.globals.getString('package');
    if (loaded.type !== TABLE) return;
    const before = (loaded.value as Table).getString(which);
    const text = before.type === STRING ? `${toBytes(pattern)};${(before.value as TString).js}` : toBytes(pattern);
    (loaded.value as Table).setString(intern(which), new TValue(STRING, new TString(text)));
  }

  release(ref: LuaRef): void {
    this.kept.delete(ref as Ref);
  }

  get memory(): number {
    return this.alive + machine.allocated;
  }

  close(): void {
    this.kept.clear();
    this.suspended.clear();
    machine.states.delete(this);
    if (machine.states.size === 0) {
      machine.limit = SAFE_LIMIT;
      machine.maxString = LONGEST_STRING;
      machine.alive = 0;
    }
  }
}

function setFunction(table: Table, name: string, run: HostFunction): void {
  table.setString(intern(name), new TValue(LIGHT_FUNCTION, nativeOf(run, name)));
}

/** A first line that starts with `#` is for the system, a byte order mark for nobody. The line's end stays, for the numbers of the others. */
export function skipFirstLine(source: Uint8Array): Uint8Array {
  let at = source[0] === 0xef && source[1] === 0xbb && source[2] === 0xbf ? 3 : 0;
  if (source[at] === 35) {
    const end = source.indexOf(10, at);
    at = end < 0 ? source.length : end;
  }
  return at === 0 ? source : source.subarray(at);
}
