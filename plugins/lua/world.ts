import type { ClassSpec, HostFunction, LuaCall, LuaClass, LuaRef, LuaState } from './engine/engine.ts';
import type { ClassKey } from './class-key.ts';
import type { TxnAttribute } from './classes/txn.ts';
import type { LuaHost } from './host.ts';
import { Task } from './task.ts';

/** Adds globals and classes to a state before its first script runs. */
export type Library = (world: World) => void;

/** Tasks kept for reuse; each is a coroutine. */
const KEPT = 1000;

/**
 * One Lua state and what belongs to it: state 0 is that of `lua-load`, state 1 that of `lua-load-per-thread`. Classes and references
 * of one state mean nothing in another.
 */
export class World {
  readonly host: LuaHost;
  /** As messages have it: `[state-id 0]`. */
  readonly id: number;
  readonly state: LuaState;
  /** Fields of `txn` by name: see classes/txn.ts. */
  readonly txnAttributes: Map<string, TxnAttribute> = new Map();
  /** The objects of proxies, once there are any; see classes/proxy.ts. */
  proxies: ReadonlyMap<string, LuaRef> = new Map();
  readonly #classes = new Map<object, LuaClass<never>>();
  readonly #globals = new Map<string, LuaRef>();
  readonly #idle: Task[] = [];

  constructor(host: LuaHost, id: number, state: LuaState) {
    this.host = host;
    this.id = id;
    this.state = state;
  }

  /** Makes the class; once for each key. `tostring` of its objects is as HAProxy has it. */
  define<T extends object>(key: ClassKey<T>, spec: Omit<ClassSpec, 'name'>): LuaClass<T> {
    const text = `HAProxy class ${key.name}`;
    const meta: Record<string, HostFunction> = {
      __tostring: (call) => {
        call.pushString(text);
        return 1;
      },
      ...spec.meta,
    };
    const made = this.state.defineClass<T>({ ...spec, name: key.name, meta });
    this.#classes.set(key, made as LuaClass<object> as LuaClass<never>);
    return made;
  }

  /** What {@link define} made. To be asked when a library is set up, and not for each call. */
  class<T extends object>(key: ClassKey<T>): LuaClass<T> {
    const found = this.#classes.get(key);
    if (found === undefined) throw new Error(`the class ${key.name} has not been defined`);
    return found as LuaClass<object> as LuaClass<T>;
  }

  /** Whether the class has been defined; libraries may refer to each other in any order at run time only. */
  has(key: object): boolean {
    return this.#classes.has(key);
  }

  /** Functions in a global table (`core`), made if there is none. */
  functions(table: string, functions: Readonly<Record<string, HostFunction>>): void {
    for (const [name, run] of Object.entries(functions)) {
      this.field(table, name, (call) => call.pushFunction(run, name));
    }
  }

  /** One field of a global table; `push` puts one value on the stack. May be called again at any time. */
  field(table: string, name: string, push: (call: LuaCall) => void): void {
    const { main } = this.state;
    main.pushRef(this.#table(table));
    push(main);
    main.setField(-2, name);
    main.pop();
  }

  #table(name: string): LuaRef {
    let ref = this.#globals.get(name);
    if (ref === undefined) {
      this.state.setGlobal(name, (call) => {
        call.newTable();
        ref = call.ref(-1);
      });
      this.#globals.set(name, ref!);
    }
    return ref!;
  }

  /** A task to be started; {@link Task.release} gives it back. */
  take(): Task {
    return this.#idle.pop() ?? new Task(this);
  }

  give(task: Task): void {
    if (this.#idle.length < KEPT) this.#idle.push(task);
  }

  close(): void {
    this.#idle.length = 0;
    this.state.close();
  }
}
