/**
 * A Lua stack as the host sees it (engine.ts), directly on the machine's slots: a host call is to cost as little as a call in Lua.
 * Slots above the top are left in place and used again; whatever is pushed overwrites them.
 */
import { LuaError } from './engine.ts';
import type { HostFunction, LuaCall, LuaClass, LuaFloat, LuaKind, LuaRef, LuaValue } from './engine.ts';
import { fengari } from './fengari.ts';
import { toInteger, toNumber, toText } from './numbers.ts';
import { getTable, lengthOf, setTable } from './operations.ts';
import { OK, placeOf, toBytes } from './protect.ts';
import { canSuspend } from './limits.ts';
import { suspend } from './suspend.ts';
import { intern, latin1 } from './strings.ts';
import { next, Table } from './tables.ts';
import {
  ABSENT,
  BOOLEAN,
  FLOAT,
  INTEGER,
  LIGHT,
  LIGHT_FUNCTION,
  NIL,
  STRING,
  TABLE,
  TString,
  TValue,
  USERDATA,
} from './values.ts';
import type { NativeFunction, Payload, Thread } from './values.ts';
import type { HostClass, State } from './state.ts';
import type { HostThread } from './thread.ts';
import { account, STRING_COST } from './memory.ts';

const KINDS: readonly LuaKind[] = [
  'nil',
  'boolean',
  'userdata',
  'number',
  'string',
  'table',
  'function',
  'userdata',
  'thread',
];

/** A value that the host keeps: JavaScript's collector does the rest. */
export class Ref implements LuaRef {
  type: number;
  payload: Payload;

  constructor(type: number, payload: Payload) {
    this.type = type;
    this.payload = payload;
  }

  get kind(): LuaKind {
    return KINDS[this.type & 0x0f]!;
  }
}

const natives = new WeakMap<HostFunction, NativeFunction>();

/** The function that the machine calls for one of the host's; its name serves messages where the script has none. */
export function nativeOf(run: HostFunction, name: string): NativeFunction {
  let native = natives.get(run);
  if (native === undefined) {
    native = (L) => run((L.view as Call | undefined) ?? viewOf(L));
    Object.defineProperty(native, 'name', { value: name });
    natives.set(run, native);
  }
  return native;
}

/** The host's view of a thread; of a coroutine that a script made, one is made when it first calls the host. */
export function viewOf(L: Thread): Call {
  const known = L.view as Call | undefined;
  if (known !== undefined) return known;
  const view = new Call(L, (L.l_G.mainthread.view as Call).state);
  L.view = view;
  return view;
}

export class Call implements LuaCall {
  readonly L: Thread;
  readonly state: State;
  /** The thread that the host runs; of a script's coroutine, the one that runs it. */
  owner: HostThread | undefined = undefined;
  /** What a wait is to go on with. */
  finish: HostFunction | undefined = undefined;

  constructor(L: Thread, state: State) {
    this.L = L;
    this.state = state;
  }

  get thread(): HostThread | undefined {
    return this.owner ?? this.state.running;
  }

  get count(): number {
    return this.L.top - this.L.ci.funcOff - 1;
  }

  set count(count: number) {
    const L = this.L;
    const top = L.ci.funcOff + 1 + count;
    if (top >= L.stack_last) fengari.ldo.luaD_growstack(L, top - L.top);
    for (let at = L.top; at < top; at++) {
      const slot = L.stack[at]!;
      slot.type = NIL;
      slot.value = null;
    }
    L.top = top;
  }

  slot(index: number): TValue {
    const L = this.L;
    if (index > 0) {
      const at = L.ci.funcOff + index;
      return at < L.top ? L.stack[at]! : ABSENT;
    }
    return L.stack[L.top + index]!;
  }

  #push(type: number, value: Payload): void {
    const L = this.L;
    if (L.top >= L.stack_last) fengari.ldo.luaD_growstack(L, 1);
    const slot = L.stack[L.top++]!;
    slot.type = type;
    slot.value = value;
    if (L.top > L.ci.top) L.ci.top = L.top;
  }

  /** A value as the machine has it, for the libraries. */
  pushSlot(type: number, value: Payload): void {
    this.#push(type, value);
  }

  pushCopyOf(slot: TValue): void {
    this.#push(slot.type, slot.value);
  }

  /** The top value goes below the `count - 1` under it. */
  rotate(count: number): void {
    const { stack, top } = this.L;
    const { type, value } = stack[top - 1]!;
    for (let at = top - 1; at > top - count; at--) stack[at]!.setfrom(stack[at - 1]!);
    const slot = stack[top - count]!;
    slot.type = type;
    slot.value = value;
  }

  kind(index: number): LuaKind {
    const slot = this.slot(index);
    return slot === ABSENT ? 'none' : KINDS[slot.type & 0x0f]!;
  }

  isInteger(index: number): boolean {
    return this.slot(index).type === INTEGER;
  }

  string(index: number): string {
    const slot = this.slot(index);
    if (slot.type === STRING) return (slot.value as TString).js;
    if (slot.type === INTEGER || slot.type === FLOAT) return toText(slot);
    return this.expected(index, 'string');
  }

  bytes(index: number): Buffer {
    return Buffer.from(this.string(index), 'latin1');
  }

  integer(index: number): number | bigint {
    const slot = this.slot(index);
    if (slot.type === INTEGER) return slot.value;
    const converted = toInteger(slot);
    if (converted !== undefined) return converted;
    if (toNumber(slot) === undefined) return this.expected(index, 'number');
    return this.failArgument(index, 'number has no integer representation');
  }

  int(index: number): number {
    const value = this.integer(index);
    if (typeof value === 'number') return value;
    return value > 0 ? 2 ** 53 : -(2 ** 53);
  }

  number(index: number): number {
    const slot = this.slot(index);
    if (slot.type === FLOAT) return slot.value;
    const value = toNumber(slot);
    return value === undefined ? this.expected(index, 'number') : Number(value);
  }

  optionalString<F>(index: number, fallback: F): string | F {
    return this.slot(index).type === NIL ? fallback : this.string(index);
  }

  optionalInt<F>(index: number, fallback: F): number | F {
    return this.slot(index).type === NIL ? fallback : this.int(index);
  }

  optionalNumber<F>(index: number, fallback: F): number | F {
    return this.slot(index).type === NIL ? fallback : this.number(index);
  }

  boolean(index: number): boolean {
    const slot = this.slot(index);
    return slot.type !== NIL && (slot.type !== BOOLEAN || slot.value !== false);
  }

  object<T extends object>(index: number, type: LuaClass<T>): T {
    const slot = this.slot(index);
    if (slot.type === TABLE) {
      const table = slot.value as Table;
      if (table.hostClass === type) return table.host as T;
    }
    return this.expected(index, type.name);
  }

  isObject<T extends object>(index: number, type: LuaClass<T>): boolean {
    const slot = this.slot(index);
    return slot.type === TABLE && (slot.value as Table).hostClass === type;
  }

  pull(index: number): LuaValue {
    const slot = this.slot(index);
    switch (slot.type) {
      case NIL:
        return undefined;
      case BOOLEAN:
      case INTEGER:
        return slot.value;
      case FLOAT:
        return Number.isInteger(slot.value) ? { float: slot.value } : slot.value;
      case STRING:
        return (slot.value as TString).js;
      default:
        return this.ref(index);
    }
  }

  ref(index: number): Ref {
    const slot = this.slot(index);
    return this.state.keep(new Ref(slot.type, slot.value));
  }

  push(value: LuaValue): void {
    switch (typeof value) {
      case 'undefined':
        this.#push(NIL, null);
        break;
      case 'boolean':
        this.#push(BOOLEAN, value);
        break;
      case 'number':
        if (Number.isSafeInteger(value)) this.#push(INTEGER, value + 0);
        else this.#push(FLOAT, value);
        break;
      case 'bigint':
        this.pushInteger(value);
        break;
      case 'string':
        this.pushString(value);
        break;
      default:
        if (value instanceof Ref) this.#push(value.type, value.payload);
        else this.#push(FLOAT, (value as LuaFloat).float);
    }
  }

  pushNil(): void {
    this.#push(NIL, null);
  }

  pushBoolean(value: boolean): void {
    this.#push(BOOLEAN, value);
  }

  pushInteger(value: number | bigint): void {
    if (typeof value === 'number' && Number.isSafeInteger(value)) this.#push(INTEGER, value + 0);
    else {
      const wrapped = BigInt.asIntN(64, BigInt(value));
      const number = Number(wrapped);
      this.#push(INTEGER, Number.isSafeInteger(number) ? number : wrapped);
    }
  }

  pushFloat(value: number): void {
    this.#push(FLOAT, value);
  }

  pushString(value: string): void {
    account(STRING_COST + value.length);
    this.#push(STRING, new TString(value));
  }

  pushBytes(value: Uint8Array): void {
    this.pushString(latin1(value));
  }

  pushFunction(run: HostFunction, name: string): void {
    this.#push(LIGHT_FUNCTION, nativeOf(run, name));
  }

  pushRef(ref: LuaRef): void {
    this.#push((ref as Ref).type, (ref as Ref).payload);
  }

  pushObject<T extends object>(type: LuaClass<T>, host: T): void {
    const table = new Table();
    table.metatable = (type as unknown as HostClass).metatable;
    table.host = host;
    table.hostClass = type;
    this.#push(TABLE, table);
  }

  pushLight(token: object): void {
    this.#push(LIGHT, token);
  }

  isLight(index: number, token: object): boolean {
    const slot = this.slot(index);
    return slot.type === LIGHT && slot.value === token;
  }

  pushCopy(index: number): void {
    const slot = this.slot(index);
    this.#push(slot.type, slot.value);
  }

  pop(count = 1): void {
    this.L.top -= count;
  }

  newTable(): void {
    this.#push(TABLE, new Table());
  }

  /** The key on top becomes what is found under it, with metamethods. */
  index(index: number): void {
    const L = this.L;
    getTable(L, this.slot(index), L.stack[L.top - 1]!, L.top - 1);
  }

  /** Key below value on the top, with metamethods; takes both. */
  setIndexed(index: number): void {
    const L = this.L;
    setTable(L, this.slot(index), L.stack[L.top - 2]!, L.stack[L.top - 1]!);
    L.top -= 2;
  }

  /** `#value`, with metamethods; must be an integer. */
  len(index: number): number {
    const slot = this.slot(index);
    if (slot.type === TABLE && (slot.value as Table).metatable === null) return (slot.value as Table).length();
    const result = new TValue(NIL, null);
    lengthOf(this.L, result, slot);
    const length = toInteger(result);
    if (length === undefined) this.fail('object length is not an integer');
    return typeof length === 'number' ? length : length > 0 ? 2 ** 53 : -(2 ** 53);
  }

  #table(index: number): Table {
    const slot = this.slot(index);
    if (slot.type !== TABLE) this.expected(index, 'table');
    return slot.value;
  }

  getField(index: number, name: string): LuaKind {
    const value = this.#table(index).getString(name);
    this.#push(value.type, value.value);
    return KINDS[value.type & 0x0f]!;
  }

  setField(index: number, name: string): void {
    const table = this.#table(index);
    table.flags = 0;
    table.setString(intern(name), this.L.stack[this.L.top - 1]!);
    this.L.top--;
  }

  getIndex(index: number, position: number): LuaKind {
    const value = this.#table(index).getInteger(position);
    this.#push(value.type, value.value);
    return KINDS[value.type & 0x0f]!;
  }

  setIndex(index: number, position: number): void {
    this.#table(index).setInteger(position, this.L.stack[this.L.top - 1]!);
    this.L.top--;
  }

  setPair(index: number): void {
    const table = this.#table(index);
    const key = this.slot(-2);
    if (key.type === NIL) this.fail('table index is nil');
    if (key.type === FLOAT && Number.isNaN(key.value)) this.fail('table index is NaN');
    table.flags = 0;
    table.set(key, this.slot(-1));
    this.L.top -= 2;
  }

  length(index: number): number {
    const slot = this.slot(index);
    return slot.type === STRING ? (slot.value as TString).js.length : this.#table(index).length();
  }

  each(index: number, visit: (call: LuaCall) => boolean | void): void {
    const table = this.#table(index);
    const L = this.L;
    const base = L.top;
    let key = new TValue(NIL, null);
    for (;;) {
      L.top = base;
      this.#push(key.type, key.value);
      this.#push(NIL, null);
      if (!next(L, table, base)) break;
      const at = L.stack[base]!;
      key = new TValue(at.type, at.value);
      if (visit(this) === true) break;
    }
    L.top = base;
  }

  setMetatable(index: number, type: LuaClass<never>): void {
    this.#table(index).metatable = (type as unknown as HostClass).metatable;
  }

  text(index: number): string {
    const slot = this.slot(index);
    if (slot.type === STRING) return (slot.value as TString).js;
    const L = this.L;
    fengari.lauxlib.luaL_tolstring(L, index);
    const text = (L.stack[--L.top]!.value as TString).js;
    return text;
  }

  fail(message: string): never {
    this.pushString(placeOf(this.L, 1) + toBytes(message));
    return this.raise();
  }

  failArgument(index: number, message: string): never {
    return fengari.lauxlib.luaL_argerror(this.L, index, Buffer.from(toBytes(message), 'latin1'));
  }

  /** A value's type in an error text: what its metatable calls it, if it does. */
  typeName(index: number): string {
    const slot = this.slot(index);
    if (slot === ABSENT) return 'no value';
    if (slot.type === TABLE || slot.type === USERDATA) {
      const name = (slot.value.metatable as Table | null)?.getString('__name');
      if (name?.type === STRING) return (name.value as TString).js;
    }
    return slot.type === LIGHT ? 'light userdata' : KINDS[slot.type & 0x0f]!;
  }

  expected(index: number, what: string): never {
    return this.failArgument(index, `${what} expected, got ${this.typeName(index)}`);
  }

  raise(): never {
    return fengari.ldebug.luaG_errormsg(this.L);
  }

  get canWait(): boolean {
    const running = this.thread;
    return running !== undefined && canSuspend(this.L, running);
  }

  wait(finish: HostFunction): number {
    const running = this.thread;
    if (running === undefined || !canSuspend(this.L, running)) this.fail('yield not allowed');
    this.finish = finish;
    running.waits = true;
    return suspend(this.L, 0, 0, goOn);
  }

  invoke(args: number): void {
    const L = this.L;
    const at = L.top - args - 1;
    const status = fengari.ldo.luaD_pcall(L, callNoYield, at, at, 0);
    if (L.top > L.ci.top) L.ci.top = L.top;
    if (status !== OK) {
      const error = errorOf(this, status);
      L.top--;
      throw error;
    }
  }
}

/** The continuation of every wait. */
function goOn(L: Thread): number {
  const call = L.view as Call;
  const finish = call.finish!;
  call.finish = undefined;
  return finish(call);
}

function callNoYield(L: Thread, at: unknown): void {
  fengari.ldo.luaD_callnoyield(L, at as number, -1);
}

/** The error on top of the stack, for the host. */
export function errorOf(call: Call, status: number, traceback: readonly string[] = []): LuaError {
  const slot = call.slot(-1);
  const expired = call.state.expired;
  const fault = expired ?? (status === 4 ? 'memory' : status === 3 ? 'syntax' : 'runtime');
  if (slot.type === STRING || slot.type === INTEGER || slot.type === FLOAT)
    return new LuaError(fault, call.string(-1), traceback);
  let text: string;
  try {
    text = call.text(-1);
  } catch {
    text = `(error object is a ${call.kind(-1)} value)`;
  }
  return new LuaError(fault, text, traceback, call.ref(-1));
}
