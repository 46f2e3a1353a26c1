/**
 * What the Lua plugin asks of a Lua implementation; nothing outside this folder knows which one runs. The one there is stands on
 * fengari (see README.md); another could stand beside it.
 *
 * Strings that cross are byte strings (latin1: char code = byte). Lua integers are numbers while they are safe, bigints beyond;
 * a JavaScript number with a fraction, an infinity and NaN are Lua floats, and so is a {@link LuaFloat}.
 */

/** A Lua float whose value is integral (`1.0`): as a plain number it would come out as the integer. */
export interface LuaFloat {
  readonly float: number;
}
export type LuaKind = 'none' | 'nil' | 'boolean' | 'number' | 'string' | 'table' | 'function' | 'userdata' | 'thread';
/** A value kept by the host (function, table, coroutine, or any other); stays alive until {@link LuaState.release}. */
export interface LuaRef {
  readonly kind: LuaKind;
}
/** What `pull` gives and `push` takes. `undefined` is nil. */
export type LuaValue = undefined | boolean | number | bigint | string | LuaFloat | LuaRef;

/** Pushes its results and says how many they are. What it throws becomes a Lua error; a JavaScript fault keeps its text. */
export type HostFunction = (call: LuaCall) => number;

/**
 * A kind of Lua object that stands for one of the host's: a table with a metatable, as HAProxy's are, so that scripts can read and add
 * fields. `methods` are found through `__index`; a field of its own comes before them.
 */
export interface LuaClass<T extends object> {
  readonly name: string;
  readonly host?: T;
}
export interface ClassSpec {
  /** As error texts have it: `TXN expected, got nil`. */
  readonly name: string;
  readonly methods: Readonly<Record<string, HostFunction>>;
  /** Metamethods besides `__index`: `__gc` is never run, `__tostring`, `__eq`, `__len`, `__call`, `__pairs` are. */
  readonly meta?: Readonly<Record<string, HostFunction>>;
  /** Asked for a name that is neither a field nor a method; pushes one value. Called with the object and the name. */
  readonly missing?: HostFunction;
}

/**
 * One stack of values: that of a host function being called, whose arguments are 1 to `count`, or that of a thread that is not
 * running, for its arguments and results. There is one object for each Lua thread: keep none beyond the call.
 */
export interface LuaCall {
  readonly thread: LuaThread | undefined;
  readonly state: LuaState;
  /** How many values there are. */
  count: number;
  kind(index: number): LuaKind;
  /** `integer` or `float`, of a number. */
  isInteger(index: number): boolean;
  /** The following four raise Lua's own error (`bad argument #1 to 'f' (string expected, got nil)`); numbers and strings convert as Lua converts. */
  string(index: number): string;
  bytes(index: number): Buffer;
  integer(index: number): number | bigint;
  number(index: number): number;
  /** An integer that is to be a JavaScript number; clamped to ±2^53. */
  int(index: number): number;
  /** Those with a fallback for nil and none. */
  optionalString<F>(index: number, fallback: F): string | F;
  optionalInt<F>(index: number, fallback: F): number | F;
  optionalNumber<F>(index: number, fallback: F): number | F;
  /** Lua's truth. */
  boolean(index: number): boolean;
  /** The host's object behind a Lua object of this class; raises otherwise. */
  object<T extends object>(index: number, type: LuaClass<T>): T;
  isObject<T extends object>(index: number, type: LuaClass<T>): boolean;
  pull(index: number): LuaValue;
  /** Keeps the value: see {@link LuaRef}. */
  ref(index: number): LuaRef;

  push(value: LuaValue): void;
  pushNil(): void;
  pushBoolean(value: boolean): void;
  /** An integer, whatever its value; a number must be integral. */
  pushInteger(value: number | bigint): void;
  pushFloat(value: number): void;
  pushString(value: string): void;
  pushBytes(value: Uint8Array): void;
  pushFunction(run: HostFunction, name: string): void;
  pushRef(ref: LuaRef): void;
  /** A new Lua object of that class for `host`. */
  pushObject<T extends object>(type: LuaClass<T>, host: T): void;
  /** A light userdata: equal to itself in whichever state it is pushed, and to nothing else (`cjson.null`). */
  pushLight(token: object): void;
  isLight(index: number, token: object): boolean;
  pushCopy(index: number): void;
  /** Removes that many from the top. */
  pop(count?: number): void;
  /** Indices may be negative: -1 is the top. */
  newTable(): void;
  /** `t[name]` and `t[n]` of the table at `index`, without metamethods; the getter pushes, the setters take the value from the top. */
  getField(index: number, name: string): LuaKind;
  setField(index: number, name: string): void;
  getIndex(index: number, position: number): LuaKind;
  setIndex(index: number, position: number): void;
  /** Key below value on the top; takes both. */
  setPair(index: number): void;
  /** `#t` without metamethods. */
  length(index: number): number;
  /** Calls `visit` for each pair, which lie at -2 (key) and -1 (value) and are removed afterwards, until it answers true. */
  each(index: number, visit: (call: LuaCall) => boolean | void): void;
  setMetatable(index: number, type: LuaClass<never>): void;
  /** As `tostring` has it. */
  text(index: number): string;

  /** Raises `message` as a Lua error, after the place (`file:line: `) as `error` does it. */
  fail(message: string): never;
  failArgument(index: number, message: string): never;
  /** Raises the value on the top. */
  raise(): never;
  /** Whether {@link wait} may be used here: the thread may, and no JavaScript function stands between. */
  readonly canWait: boolean;
  /**
   * To be returned by a host function that cannot answer yet: the thread is suspended ({@link LuaThread.resume} gives `waits`) until
   * the host resumes it; then `finish` pushes the results, or waits again. It may be used in a coroutine that the script made, too:
   * who resumed that one is suspended with it. Nothing may be done on the stack between this call and the return.
   */
  wait(finish: HostFunction): number;
  /** Calls the function below its `args` arguments from the host, with any number of results in their place; it cannot wait. Errors are thrown as {@link LuaError}. */
  invoke(args: number): void;
}

/** Why a thread stopped: see {@link LuaThread.resume}. */
export type Outcome = 'finished' | 'waits' | 'forced' | 'yielded' | 'failed';

/** A Lua coroutine that the host runs; used again and again. */
export interface LuaThread {
  /** Function and arguments before the first resume; results after `finished`. */
  readonly stack: LuaCall;
  /** False: nothing in it may wait, and `forced` does not occur: limits are checked all the same. */
  yieldable: boolean;
  /** Milliseconds of CPU: altogether since {@link begin}, and in one go. 0: no limit. configuration.txt, tune.lua.*-timeout. */
  totalLimit: number;
  burstLimit: number;
  /** Whatever the plugin ties to it: its task. */
  owner: object | undefined;
  /** Puts the function on the emptied stack; arguments are to be pushed, then `resume`. */
  begin(run: LuaRef): void;
  /**
   * - `finished`: the results are on the stack.
   * - `waits`: a host function waits; resume when it may go on.
   * - `forced`: it has used up its instructions (tune.lua.forced-yield); resume in another turn of the event loop.
   * - `yielded`: the script called `coroutine.yield` outside of any coroutine of its own; the values are on the stack.
   * - `failed`: see {@link error}; the thread cannot go on, {@link begin} makes it usable again.
   */
  resume(): Outcome;
  readonly error: LuaError | undefined;
  /** Ends what it does, if anything, and frees what it holds. */
  reset(): void;
}

export type LuaFault = 'runtime' | 'memory' | 'execution timeout' | 'burst timeout' | 'syntax';
export class LuaError extends Error {
  readonly fault: LuaFault;
  /** The error value as text, a byte string. */
  readonly text: string;
  /** What was raised, if it is no string; released by who reads it. */
  readonly value: LuaRef | undefined;
  /** Where it happened, one frame of Lua an entry, innermost first: `my.lua:14: in function 'f'`. */
  readonly traceback: readonly string[];

  constructor(fault: LuaFault, text: string, traceback: readonly string[] = [], value?: LuaRef) {
    super(text);
    this.fault = fault;
    this.text = text;
    this.traceback = traceback;
    this.value = value;
  }
}

export type Library = 'table' | 'io' | 'os' | 'string' | 'math' | 'utf8' | 'package' | 'debug';

export interface StateOptions {
  /** Besides the base library and `coroutine`. Left out: all. tune.lua.openlibs. */
  readonly libraries?: readonly Library[];
  /** Bytes that all scripts of the process may hold, by our estimate; 0: half of V8's heap limit, which nothing may pass. tune.lua.maxmem. */
  readonly maxMemory?: number;
  /** The longest string in bytes, so that no script can exhaust the process with one; 256 MiB or `maxMemory` if that is less. */
  readonly maxString?: number;
  /** Instructions between two looks at the limits, about (jumps backwards and calls count as four); at least 16. tune.lua.forced-yield. */
  readonly forcedYield?: number;
  /** Modules by the name they are required by; run when that happens; pushes the module. */
  readonly preload?: Readonly<Record<string, HostFunction>>;
  /** Where `print` and `io.write` go. */
  readonly print?: (text: string) => void;
}

/** One world of Lua: globals, and what refers to each other. */
export interface LuaState {
  /** Compiles a script (source or, if allowed, nothing else); `name` is what messages call it. Throws LuaError 'syntax': `my.lua:3: … near 'x'`. */
  load(source: Uint8Array, name: string): LuaRef;
  /** A coroutine of its own; to be reused by who makes it, 1.6 kB each. */
  newThread(): LuaThread;
  /** The stack of the main thread, for what is set up outside of any call. Leave it as it was. */
  readonly main: LuaCall;
  /** Runs a function to its end on the main thread: bodies of scripts. Throws LuaError. Limits: 0 is none. */
  run(function_: LuaRef, args: readonly LuaValue[], burstLimit?: number): LuaValue[];
  defineClass<T extends object>(spec: ClassSpec): LuaClass<T>;
  setGlobal(name: string, build: (call: LuaCall) => void): void;
  /** Adds to `package.path` or `package.cpath`, in front. tune: lua-prepend-path. */
  prependPath(pattern: string, which: 'path' | 'cpath'): void;
  release(ref: LuaRef): void;
  /** Bytes the scripts hold by our own count, an estimate. */
  readonly memory: number;
  close(): void;
}

export interface LuaEngine {
  /** For `-vv`: `fengari 0.1.5, Lua 5.3`. */
  readonly version: string;
  newState(options: StateOptions): LuaState;
}
