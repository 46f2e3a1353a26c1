/**
 * Lua values as the machine keeps them: a slot (of the stack, an upvalue, a table) is a {@link TValue} with a type tag and a value.
 * fengari's modules are given these classes in place of their own (source.ts), so tags and field names are the ones they know.
 */
import { account, CLOSURE_COST, HOST_STATE_COST } from './memory.ts';
import type { Table } from './tables.ts';

/** Type tags: the low four bits are Lua's type, the next two its variant. */
export const NIL = 0;
export const BOOLEAN = 1;
export const LIGHT = 2;
export const NUMBER = 3;
export const FLOAT = 3;
export const INTEGER = 19;
export const STRING = 20;
export const TABLE = 5;
export const LUA_FUNCTION = 6;
export const FUNCTION = 6;
/** A JavaScript function without upvalues, and one with. */
export const LIGHT_FUNCTION = 22;
export const HOST_CLOSURE = 38;
export const USERDATA = 7;
export const THREAD = 8;

/** A Lua integer: a number while it is safe, a bigint beyond. */
export type Int = number | bigint;

// What a slot holds depends on its tag; only the tag tells, so the type here cannot.
// eslint-disable-next-line typescript/no-explicit-any
export type Payload = any;

const EMPTY = new Uint8Array(0);

/** A byte string: kept as a latin1 string, which concatenates, compares and hashes natively; bytes are made for those who ask. */
export class TString {
  readonly js: string;
  #bytes: Uint8Array | undefined;

  constructor(js: string, bytes?: Uint8Array) {
    this.js = js;
    this.#bytes = bytes;
  }

  getstr(): Uint8Array {
    return (this.#bytes ??= this.js.length === 0 ? EMPTY : Buffer.from(this.js, 'latin1'));
  }

  tsslen(): number {
    return this.js.length;
  }
}

export class TValue {
  type: number;
  value: Payload;

  constructor(type: number, value: Payload) {
    this.type = type;
    this.value = value;
  }

  ttype(): number {
    return this.type & 0x3f;
  }
  ttnov(): number {
    return this.type & 0x0f;
  }
  checktag(tag: number): boolean {
    return this.type === tag;
  }
  checktype(type: number): boolean {
    return (this.type & 0x0f) === type;
  }
  ttisnumber(): boolean {
    return (this.type & 0x0f) === NUMBER;
  }
  ttisfloat(): boolean {
    return this.type === FLOAT;
  }
  ttisinteger(): boolean {
    return this.type === INTEGER;
  }
  ttisnil(): boolean {
    return this.type === NIL;
  }
  ttisboolean(): boolean {
    return this.type === BOOLEAN;
  }
  ttislightuserdata(): boolean {
    return this.type === LIGHT;
  }
  ttisstring(): boolean {
    return (this.type & 0x0f) === 4;
  }
  ttistable(): boolean {
    return this.type === TABLE;
  }
  ttisfunction(): boolean {
    return (this.type & 0x0f) === FUNCTION;
  }
  ttisclosure(): boolean {
    return (this.type & 0x1f) === FUNCTION;
  }
  ttisCclosure(): boolean {
    return this.type === HOST_CLOSURE;
  }
  ttisLclosure(): boolean {
    return this.type === LUA_FUNCTION;
  }
  ttislcf(): boolean {
    return this.type === LIGHT_FUNCTION;
  }
  ttisfulluserdata(): boolean {
    return this.type === USERDATA;
  }
  ttisthread(): boolean {
    return this.type === THREAD;
  }
  l_isfalse(): boolean {
    return this.type === NIL || (this.type === BOOLEAN && this.value === false);
  }

  setfltvalue(value: number): void {
    this.type = FLOAT;
    this.value = value;
  }
  setivalue(value: Int): void {
    this.type = INTEGER;
    this.value = value;
  }
  chgfltvalue(value: number): void {
    this.value = value;
  }
  chgivalue(value: Int): void {
    this.value = value;
  }
  setnilvalue(): void {
    this.type = NIL;
    this.value = null;
  }
  setbvalue(value: boolean): void {
    this.type = BOOLEAN;
    this.value = value;
  }
  setsvalue(value: TString): void {
    this.type = STRING;
    this.value = value;
  }
  setclLvalue(value: LuaClosure): void {
    this.type = LUA_FUNCTION;
    this.value = value;
  }
  setclCvalue(value: HostClosure): void {
    this.type = HOST_CLOSURE;
    this.value = value;
  }
  sethvalue(value: Table): void {
    this.type = TABLE;
    this.value = value;
  }
  setfrom(other: TValue): void {
    this.type = other.type;
    this.value = other.value;
  }

  tsvalue(): TString {
    return this.value;
  }
  svalue(): Uint8Array {
    return this.value.getstr();
  }
  vslen(): number {
    return this.value.js.length;
  }
  /** For fengari's own messages, which are ASCII. */
  jsstring(from?: number, to?: number): string {
    return this.value.js.slice(from, to);
  }
}

/** What a lookup answers that finds nothing; never written to. */
export const ABSENT: TValue = Object.freeze(new TValue(NIL, null));

/** An instruction, decoded once by fengari's compiler. */
export interface Instruction {
  /** All of it in one word, laid out as PUC Lua's. */
  readonly code: number;
  readonly opcode: number;
  readonly A: number;
  readonly B: number;
  readonly C: number;
  readonly Bx: number;
  readonly Ax: number;
  readonly sBx: number;
}

export interface Proto {
  readonly k: TValue[];
  readonly p: Proto[];
  readonly code: Instruction[];
  cache: LuaClosure | null;
  /** The instructions as 32-bit words; made when the function first runs. */
  words: Int32Array | undefined;
  readonly lineinfo: number[];
  readonly upvalues: { readonly instack: boolean; readonly idx: number; readonly name: TString | null }[];
  readonly numparams: number;
  readonly is_vararg: boolean;
  readonly maxstacksize: number;
  readonly source: TString | null;
  readonly linedefined: number;
}

const identities = new WeakMap<object, number>();
let lastIdentity = 0x55_00_00_00_10_00;

/** The number that `tostring` shows (`table: 0x…`); given to an object when it is first asked for, so that none has to carry one. */
export function identify(object: object): number {
  let identity = identities.get(object);
  if (identity === undefined) identities.set(object, (identity = lastIdentity += 32));
  return identity;
}

/** What fengari prints with `%p` has an `id`. */
export class Identity {
  get id(): number {
    return identify(this);
  }
}

export class LuaClosure extends Identity {
  p: Proto;
  readonly nupvalues: number;
  upvals: TValue[];

  constructor(_state: unknown, count: number) {
    super();
    this.p = null as never;
    this.nupvalues = count;
    this.upvals = Array.from({ length: count });
  }
}

export class HostClosure extends Identity {
  f: NativeFunction;
  readonly nupvalues: number;
  readonly upvalue: TValue[];

  constructor(_state: unknown, f: NativeFunction, count: number) {
    super();
    this.f = f;
    this.nupvalues = count;
    this.upvalue = Array.from({ length: count }, () => new TValue(NIL, null));
    account(CLOSURE_COST + count * HOST_STATE_COST);
  }
}

export class Userdata extends Identity {
  metatable: Table | null = null;
  readonly uservalue: TValue = new TValue(NIL, null);
  readonly len: number;
  // eslint-disable-next-line typescript/no-explicit-any
  data: any = {};

  constructor(_state: unknown, size: number) {
    super();
    this.len = size;
    account(CLOSURE_COST + HOST_STATE_COST);
  }
}

/** A function that fengari's machine can call: takes the thread, leaves its results on top of the stack, says how many. */
export type NativeFunction = (L: Thread) => number;

/** One active call. Kept in a chain and used again: `next` is the one that a deeper call will take. */
export class CallInfo {
  func: TValue = null as never;
  funcOff = 0;
  top = 0;
  previous: CallInfo | null = null;
  next: CallInfo | null = null;
  l_base = 0;
  l_code: Instruction[] = null as never;
  l_savedpc = 0;
  c_k: ((L: Thread, status: number, context: number) => number) | null = null;
  c_old_errfunc = 0;
  c_ctx = 0;
  nresults = 0;
  callstatus = 0;
  extra = 0;
}

export interface GlobalState {
  mainthread: Thread;
  readonly l_registry: TValue;
  readonly tmname: TString[];
  readonly mt: (Table | null | undefined)[];
}

/** A Lua thread (`lua_State`). */
export class Thread extends Identity {
  readonly base_ci: CallInfo = new CallInfo();
  top = 0;
  stack_last = 0;
  oldpc = 0;
  readonly l_G: GlobalState;
  stack: TValue[] = null as never;
  ci: CallInfo = null as never;
  errorJmp: object | null = null;
  nCcalls = 0;
  hook: unknown = null;
  hookmask = 0;
  basehookcount = 0;
  allowhook = 1;
  hookcount = 0;
  nny = 1;
  status = 0;
  errfunc = 0;
  /** What the host ties to it: its view of the stack. */
  view: unknown = undefined;
  /** The slots that closures share as their variables, ascending. */
  readonly open: number[] = [];
  /** Who resumed it, while it runs or waits on behalf of that one. */
  resumer: Thread | undefined = undefined;
  /** It is suspended because the host waits, not by the script: nobody else may resume it. */
  parked = false;
  /** 1: what runs in it cannot yield. */
  barrier = 0;
  mark = 0;

  constructor(global: GlobalState) {
    super();
    this.l_G = global;
  }
}
