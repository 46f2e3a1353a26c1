/**
 * Counts what scripts hold: walks all that can be reached from the registry, the kept values and what runs. JavaScript's collector says
 * of nothing whether it is alive, so the same walk serves weak tables: what only they hold is taken out of them.
 */
import { fengari } from './fengari.ts';
import { machine } from './machine.ts';
import {
  CLOSURE_COST,
  HOST_STATE_COST,
  INSTRUCTION_COST,
  NODE_COST,
  PROTO_COST,
  SLOT_COST,
  STRING_COST,
  TABLE_COST,
  THREAD_COST,
} from './memory.ts';
import { ERROR_MEMORY } from './protect.ts';
import type { State } from './state.ts';
import { Table } from './tables.ts';
import { HostClosure, LuaClosure, NIL, STRING, Thread, TString, Userdata } from './values.ts';
import type { Proto, TValue } from './values.ts';

const WEAK_KEYS = 1;
const WEAK_VALUES = 2;

/** A walk has a number of its own, which what it met carries. */
let walks = 0;

class Walk {
  readonly mark: number = ++walks;
  bytes = 0;
  readonly #seen = new Set<object>();
  readonly #open: object[] = [];
  readonly weak: Table[] = [];
  readonly #ephemerons: Table[] = [];

  add(value: unknown): void {
    if (typeof value !== 'object' || value === null) return;
    if (value instanceof Table || value instanceof Thread) {
      if (value.mark === this.mark) return;
      value.mark = this.mark;
    } else {
      if (this.#seen.has(value)) return;
      this.#seen.add(value);
    }
    if (value instanceof TString) this.bytes += STRING_COST + value.js.length;
    else this.#open.push(value);
  }

  #slot(slot: TValue): void {
    if (slot.type !== NIL) this.add(slot.value);
  }

  isMarked(value: unknown): boolean {
    if (typeof value !== 'object' || value === null || value instanceof TString) return true;
    return value instanceof Table || value instanceof Thread ? value.mark === this.mark : this.#seen.has(value);
  }

  /** Until nothing new is met. */
  run(): void {
    do {
      for (let next; (next = this.#open.pop()) !== undefined;) this.#visit(next);
    } while (this.#growEphemerons());
  }

  /** Values of weak keys are alive if their keys are. */
  #growEphemerons(): boolean {
    for (const table of this.#ephemerons)
      for (let node = table.first; node !== undefined; node = node.following)
        if (node.type !== NIL && this.isMarked(node.keyValue)) this.#slot(node);
    return this.#open.length > 0;
  }

  #visit(value: object): void {
    if (value instanceof Table) this.#table(value);
    else if (value instanceof LuaClosure) {
      this.bytes += CLOSURE_COST + 8 * value.upvals.length;
      for (const upvalue of value.upvals) this.#slot(upvalue);
      this.#proto(value.p);
    } else if (value instanceof HostClosure) {
      this.bytes += CLOSURE_COST + value.upvalue.length * HOST_STATE_COST;
      for (const upvalue of value.upvalue) this.#slot(upvalue);
    } else if (value instanceof Thread) this.#thread(value);
    else if (value instanceof Userdata) {
      this.bytes += CLOSURE_COST + HOST_STATE_COST;
      this.add(value.metatable);
      this.#slot(value.uservalue);
    }
  }

  #proto(proto: Proto): void {
    if (this.#seen.has(proto)) return;
    this.#seen.add(proto);
    this.bytes += PROTO_COST + proto.code.length * INSTRUCTION_COST;
    for (const constant of proto.k) this.#slot(constant);
    for (const inner of proto.p) this.#proto(inner);
  }

  #thread(thread: Thread): void {
    this.bytes += THREAD_COST + thread.stack.length * 40;
    // A frame's registers may reach beyond the top while it calls another function.
    const end = Math.min(Math.max(thread.top, thread.ci.top), thread.stack.length);
    for (let at = 0; at < end; at++) this.#slot(thread.stack[at]!);
    for (let at = end; at < thread.stack.length; at++) {
      const slot = thread.stack[at]!;
      slot.type = NIL;
      slot.value = null;
    }
  }

  #table(table: Table): void {
    this.bytes += TABLE_COST + table.list.length * SLOT_COST + (table.map?.size ?? 0) * NODE_COST;
    let weakness = 0;
    if (table.metatable !== null) {
      this.add(table.metatable);
      const mode = table.metatable.getString('__mode');
      if (mode.type === STRING) {
        const text: string = mode.value.js;
        weakness = (text.includes('k') ? WEAK_KEYS : 0) | (text.includes('v') ? WEAK_VALUES : 0);
      }
    }
    if (weakness !== 0) this.weak.push(table);
    if (weakness === WEAK_KEYS) this.#ephemerons.push(table);
    if ((weakness & WEAK_VALUES) === 0) for (const slot of table.list) this.#slot(slot);
    for (let node = table.first; node !== undefined; node = node.following) {
      if (node.type === NIL) continue;
      if ((weakness & WEAK_KEYS) === 0) this.add(node.keyValue);
      else if (node.keyValue instanceof TString) this.add(node.keyValue);
      if (weakness === 0) this.#slot(node);
    }
  }
}

/** Takes out of weak tables what was not met. */
function sweep(walk: Walk): void {
  for (const table of walk.weak) {
    const mode: string = table.metatable!.getString('__mode').value.js;
    const values = mode.includes('v');
    const keys = mode.includes('k');
    if (values) {
      for (const slot of table.list) {
        if (walk.isMarked(slot.value)) continue;
        slot.type = NIL;
        slot.value = null;
      }
      table.trim();
    }
    for (let node = table.first; node !== undefined; node = node.following) {
      if (node.type === NIL) continue;
      if ((keys && !walk.isMarked(node.keyValue)) || (values && !walk.isMarked(node.value))) {
        node.type = NIL;
        node.value = null;
        table.dead++;
      }
    }
    if (table.dead > 0) table.compact();
  }
}

/** Counts what is alive, and empties weak tables; a full cycle of Lua's collector as far as a script sees it. */
export function collect(state: State): void {
  const walk = new Walk();
  const L = state.L;
  walk.add(L);
  walk.add(L.l_G.l_registry.value);
  for (const metatable of L.l_G.mt) walk.add(metatable);
  for (const ref of state.kept) walk.add(ref.payload);
  for (const thread of state.suspended) walk.add(thread);
  for (let running = state.running; running !== undefined; running = running.outer) walk.add(running.L);
  for (let running = state.current; running !== undefined; running = running.resumer) walk.add(running);
  walk.run();
  sweep(walk);
  state.alive = walk.bytes;
  machine.alive = 0;
  for (const other of machine.states) machine.alive += (other as State).alive;
  machine.allocated = 0;
  machine.allowance = nextAllowance();
}

/** As much again as is alive, but little more than may be: a sixteenth above the limit passes, so that counting does not eat the time. */
function nextAllowance(): number {
  const room = Math.max(machine.limit - machine.alive, 0);
  return Math.min(Math.max(machine.alive, 16 << 20), Math.max(room, machine.limit / 16));
}

/** Failures one after another; when the last count ended, and how long it took, ms. */
let failures = 0;
let counted = 0;
let duration = 0;
/** After so many failures in a row counts are spaced: a script that catches them all must not keep us counting. */
const PATIENCE = 4;

/** Called when as much was allocated as the allowance is. Raises "not enough memory" when more is alive than may be. */
export function measure(L: Thread, state: State): void {
  const now = performance.now();
  if (failures < PATIENCE || now - counted > duration * PATIENCE) {
    collect(state);
    counted = performance.now();
    duration = counted - now;
    if (machine.alive <= machine.limit) {
      failures = 0;
      return;
    }
  }
  failures++;
  // Every further allocation fails too, until something was let go.
  machine.allowance = 0;
  L.stack[L.top++]!.setsvalue(new TString('not enough memory'));
  fengari.ldo.luaD_throw(L, ERROR_MEMORY);
}

/** For a new state: what others left over does not concern it. */
export function resetAllowance(): void {
  failures = 0;
  machine.allowance = nextAllowance();
}
