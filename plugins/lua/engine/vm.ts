/**
 * The machine: runs the instructions that fengari's compiler makes (those of PUC Lua 5.3), in place of fengari's lvm.
 *
 * Instructions are read as 32-bit words. Jumps backwards and calls, which every endless script needs, take from the machine's budget
 * and call {@link interrupt} when it is used up; the instruction is then done when the thread goes on.
 */
import { arith, arithmetic, bitwise, prepareLoop } from './arithmetic.ts';
import { fengari } from './fengari.ts';
import * as integers from './integers.ts';
import { interrupt } from './limits.ts';
import { machine } from './machine.ts';
import {
  concat,
  equal,
  getTable,
  integerOrFalse,
  lengthOf,
  lessEqual,
  lessThan,
  numberOrFalse,
  setTable,
  toIntegerMode,
} from './operations.ts';
import { closeUpvalues, postcall, precall, pushClosure, RETURNED, STOPPED } from './stack.ts';
import { next as nextEntry, Table } from './tables.ts';
import { BOOLEAN, FLOAT, INTEGER, LIGHT_FUNCTION, LUA_FUNCTION, NIL, NUMBER, STRING, TABLE } from './values.ts';
import type { CallInfo, Int, LuaClosure, Proto, Thread, TValue } from './values.ts';

const FRESH = 1 << 3;
const TAIL = 1 << 5;
const LESS_FOR_EQUAL = 1 << 7;
const MASK_LINE_COUNT = 4 | 8;
const FIELDS_PER_FLUSH = 50;
const MAX = Number.MAX_SAFE_INTEGER;
/** What a jump backwards or a call counts for: about as many instructions lie between two of them. */
const WEIGHT = 4;
/** A jump's distance is kept with this added. */
const JUMP_BIAS = 131_071;

function wordsOf(proto: Proto): Int32Array {
  const words = Int32Array.from(proto.code, (instruction) => instruction.code);
  proto.words = words;
  return words;
}

/** Finishes an instruction that was interrupted by a metamethod's yield: its result is on the stack. */
export function finishOperation(L: Thread): void {
  const ci = L.ci;
  const base = ci.l_base;
  const instruction = ci.l_code[ci.l_savedpc - 1]!;
  const operation = instruction.opcode;
  if (operation === 6 || operation === 7 || operation === 12 || (operation >= 13 && operation <= 28)) {
    L.stack[base + instruction.A]!.setfrom(L.stack[--L.top]!);
  } else if (operation >= 31 && operation <= 33) {
    let result = !L.stack[--L.top]!.l_isfalse();
    if ((ci.callstatus & LESS_FOR_EQUAL) !== 0) {
      ci.callstatus ^= LESS_FOR_EQUAL;
      result = !result;
    }
    if (result !== (instruction.A !== 0)) ci.l_savedpc++;
  } else if (operation === 29) {
    const top = L.top - 1;
    const total = top - 1 - (base + instruction.B);
    L.stack[top - 2]!.setfrom(L.stack[top]!);
    if (total > 1) {
      L.top = top - 1;
      concat(L, total);
      L.stack[base + instruction.A]!.setfrom(L.stack[L.top - 1]!);
    } else L.stack[base + instruction.A]!.setfrom(L.stack[top - 2]!);
    L.top = ci.top;
  } else if (operation === 41 || (operation === 36 && instruction.C > 0)) L.top = ci.top;
}

/** Runs the frame on top and those it calls; true if the thread was suspended. */
export function execute(L: Thread): boolean {
  let ci = L.ci;
  ci.callstatus |= FRESH;
  frame: for (;;) {
    const closure: LuaClosure = ci.func.value;
    const proto = closure.p;
    const k = proto.k;
    const words = proto.words ?? wordsOf(proto);
    const base = ci.l_base;
    const stack = L.stack;
    let pc = ci.l_savedpc;
    for (;;) {
      const word = words[pc]!;
      ci.l_savedpc = ++pc;
      if ((L.hookmask & MASK_LINE_COUNT) !== 0) {
        fengari.ldebug.luaG_traceexec(L);
        pc = ci.l_savedpc;
      }
      const ra = base + ((word >> 6) & 0xff);
      switch (word & 0x3f) {
        case 0: {
          // MOVE
          const from = stack[base + (word >>> 23)]!;
          const to = stack[ra]!;
          to.type = from.type;
          to.value = from.value;
          break;
        }
        case 1: {
          // LOADK
          const from = k[word >>> 14]!;
          const to = stack[ra]!;
          to.type = from.type;
          to.value = from.value;
          break;
        }
        case 2: {
          // LOADKX
          const from = k[words[pc]! >>> 6]!;
          ci.l_savedpc = ++pc;
          const to = stack[ra]!;
          to.type = from.type;
          to.value = from.value;
          break;
        }
        case 3: {
          // LOADBOOL
          const to = stack[ra]!;
          to.type = BOOLEAN;
          to.value = word >>> 23 !== 0;
          if (((word >> 14) & 0x1ff) !== 0) pc++;
          break;
        }
        case 4: {
          // LOADNIL
          for (let at = ra, last = ra + (word >>> 23); at <= last; at++) {
            const to = stack[at]!;
            to.type = NIL;
            to.value = null;
          }
          break;
        }
        case 5: {
          // GETUPVAL
          const from = closure.upvals[word >>> 23]!;
          const to = stack[ra]!;
          to.type = from.type;
          to.value = from.value;
          break;
        }
        case 6: {
          // GETTABUP
          const t = closure.upvals[word >>> 23]!;
          const c = (word >> 14) & 0x1ff;
          const key = c > 0xff ? k[c & 0xff]! : stack[base + c]!;
          if (t.type === TABLE && key.type === STRING) {
            const node = (t.value as Table).map?.get(key.value.js);
            if (node !== undefined && node.type !== NIL) {
              const to = stack[ra]!;
              to.type = node.type;
              to.value = node.value;
              break;
            }
          }
          getTable(L, t, key, ra);
          break;
        }
        case 7: {
          // GETTABLE
          const t = stack[base + (word >>> 23)]!;
          const c = (word >> 14) & 0x1ff;
          const key = c > 0xff ? k[c & 0xff]! : stack[base + c]!;
          if (t.type === TABLE) {
            if (key.type === STRING) {
              const node = (t.value as Table).map?.get(key.value.js);
              if (node !== undefined && node.type !== NIL) {
                const to = stack[ra]!;
                to.type = node.type;
                to.value = node.value;
                break;
              }
            } else if (key.type === INTEGER) {
              const list = (t.value as Table).list;
              const index: Int = key.value;
              if (index > 0 && index <= list.length) {
                const from = list[(index as number) - 1]!;
                if (from.type !== NIL) {
                  const to = stack[ra]!;
                  to.type = from.type;
                  to.value = from.value;
                  break;
                }
              }
            }
          }
          getTable(L, t, key, ra);
          break;
        }
        case 8: {
          // SETTABUP
          const b = word >>> 23;
          const c = (word >> 14) & 0x1ff;
          const t = closure.upvals[(word >> 6) & 0xff]!;
          const key = b > 0xff ? k[b & 0xff]! : stack[base + b]!;
          const value = c > 0xff ? k[c & 0xff]! : stack[base + c]!;
          if (t.type === TABLE && key.type === STRING) {
            const node = (t.value as Table).map?.get(key.value.js);
            if (node !== undefined && node.type !== NIL && value.type !== NIL) {
              node.type = value.type;
              node.value = value.value;
              (t.value as Table).flags = 0;
              break;
            }
          }
          setTable(L, t, key, value);
          break;
        }
        case 9: {
          // SETUPVAL
          const from = stack[ra]!;
          const to = closure.upvals[word >>> 23]!;
          to.type = from.type;
          to.value = from.value;
          break;
        }
        case 10: {
          // SETTABLE
          const b = word >>> 23;
          const c = (word >> 14) & 0x1ff;
          const t = stack[ra]!;
          const key = b > 0xff ? k[b & 0xff]! : stack[base + b]!;
          const value = c > 0xff ? k[c & 0xff]! : stack[base + c]!;
          if (t.type === TABLE) {
            const table = t.value as Table;
            if (key.type === STRING) {
              const node = table.map?.get(key.value.js);
              if (node !== undefined && node.type !== NIL && value.type !== NIL) {
                node.type = value.type;
                node.value = value.value;
                table.flags = 0;
                break;
              }
            } else if (key.type === INTEGER && value.type !== NIL) {
              const list = table.list;
              const index: Int = key.value;
              if (index > 0 && index <= list.length) {
                const to = list[(index as number) - 1]!;
                if (to.type !== NIL) {
                  to.type = value.type;
                  to.value = value.value;
                  break;
                }
              } else if (table.metatable === null && typeof index === 'number') {
                table.setInteger(index, value);
                break;
              }
            }
          }
          setTable(L, t, key, value);
          break;
        }
        case 11: {
          // NEWTABLE
          const to = stack[ra]!;
          to.value = new Table();
          to.type = TABLE;
          break;
        }
        case 12: {
          // SELF
          const t = stack[base + (word >>> 23)]!;
          const c = (word >> 14) & 0x1ff;
          const key = c > 0xff ? k[c & 0xff]! : stack[base + c]!;
          const self = stack[ra + 1]!;
          self.type = t.type;
          self.value = t.value;
          getTable(L, self, key, ra);
          break;
        }
        case 13: {
          // ADD
          const b = word >>> 23;
          const c = (word >> 14) & 0x1ff;
          const left = b > 0xff ? k[b & 0xff]! : stack[base + b]!;
          const right = c > 0xff ? k[c & 0xff]! : stack[base + c]!;
          const x: unknown = left.value;
          const y: unknown = right.value;
          if (typeof x === 'number' && typeof y === 'number') {
            const sum = x + y;
            if (left.type === INTEGER && right.type === INTEGER) {
              if (sum <= MAX && sum >= -MAX) {
                const to = stack[ra]!;
                to.type = INTEGER;
                to.value = sum;
                break;
              }
            } else {
              const to = stack[ra]!;
              to.type = FLOAT;
              to.value = sum;
              break;
            }
          }
          arithmetic(L, 6, left, right, stack[ra]!);
          break;
        }
        case 14: {
          // SUB
          const b = word >>> 23;
          const c = (word >> 14) & 0x1ff;
          const left = b > 0xff ? k[b & 0xff]! : stack[base + b]!;
          const right = c > 0xff ? k[c & 0xff]! : stack[base + c]!;
          const x: unknown = left.value;
          const y: unknown = right.value;
          if (typeof x === 'number' && typeof y === 'number') {
            const difference = x - y;
            if (left.type === INTEGER && right.type === INTEGER) {
              if (difference <= MAX && difference >= -MAX) {
                const to = stack[ra]!;
                to.type = INTEGER;
                to.value = difference;
                break;
              }
            } else {
              const to = stack[ra]!;
              to.type = FLOAT;
              to.value = difference;
              break;
            }
          }
          arithmetic(L, 7, left, right, stack[ra]!);
          break;
        }
        case 15: {
          // MUL
          const b = word >>> 23;
          const c = (word >> 14) & 0x1ff;
          const left = b > 0xff ? k[b & 0xff]! : stack[base + b]!;
          const right = c > 0xff ? k[c & 0xff]! : stack[base + c]!;
          const x: unknown = left.value;
          const y: unknown = right.value;
          if (typeof x === 'number' && typeof y === 'number') {
            const product = x * y;
            if (left.type === INTEGER && right.type === INTEGER) {
              if (product <= MAX && product >= -MAX) {
                const to = stack[ra]!;
                to.type = INTEGER;
                to.value = product + 0;
                break;
              }
            } else {
              const to = stack[ra]!;
              to.type = FLOAT;
              to.value = product;
              break;
            }
          }
          arithmetic(L, 8, left, right, stack[ra]!);
          break;
        }
        case 16: // MOD
        case 17: // POW
        case 18: // DIV
        case 19: {
          // IDIV
          const b = word >>> 23;
          const c = (word >> 14) & 0x1ff;
          arithmetic(
            L,
            (word & 0x3f) - 7,
            b > 0xff ? k[b & 0xff]! : stack[base + b]!,
            c > 0xff ? k[c & 0xff]! : stack[base + c]!,
            stack[ra]!,
          );
          break;
        }
        case 20: // BAND
        case 21: // BOR
        case 22: // BXOR
        case 23: // SHL
        case 24: {
          // SHR
          const b = word >>> 23;
          const c = (word >> 14) & 0x1ff;
          bitwise(
            L,
            (word & 0x3f) - 7,
            b > 0xff ? k[b & 0xff]! : stack[base + b]!,
            c > 0xff ? k[c & 0xff]! : stack[base + c]!,
            stack[ra]!,
          );
          break;
        }
        case 25: {
          // UNM
          const from = stack[base + (word >>> 23)]!;
          arith(L, 12, from, from, stack[ra]!);
          break;
        }
        case 26: {
          // BNOT
          const from = stack[base + (word >>> 23)]!;
          bitwise(L, 19, from, from, stack[ra]!);
          break;
        }
        case 27: {
          // NOT
          const from = stack[base + (word >>> 23)]!;
          const result = from.type === NIL || (from.type === BOOLEAN && from.value === false);
          const to = stack[ra]!;
          to.type = BOOLEAN;
          to.value = result;
          break;
        }
        case 28: // LEN
          lengthOf(L, stack[ra]!, stack[base + (word >>> 23)]!);
          break;
        case 29: {
          // CONCAT
          const b = word >>> 23;
          const c = (word >> 14) & 0x1ff;
          L.top = base + c + 1;
          concat(L, c - b + 1);
          const from = L.stack[base + b]!;
          const to = L.stack[ra]!;
          to.type = from.type;
          to.value = from.value;
          L.top = ci.top;
          break;
        }
        case 30: {
          // JMP
          const distance = (word >>> 14) - JUMP_BIAS;
          if (distance < 0 && (machine.budget -= WEIGHT) <= 0) interrupt(L);
          if (ra !== base) closeUpvalues(L, ra - 1);
          pc += distance;
          break;
        }
        case 31: // EQ
        case 32: // LT
        case 33: {
          // LE
          const b = word >>> 23;
          const c = (word >> 14) & 0x1ff;
          const left = b > 0xff ? k[b & 0xff]! : stack[base + b]!;
          const right = c > 0xff ? k[c & 0xff]! : stack[base + c]!;
          const operation = word & 0x3f;
          let result: number;
          if (operation === 31) result = equal(L, left, right);
          else if ((left.type & 0x0f) === NUMBER && (right.type & 0x0f) === NUMBER)
            result = (operation === 32 ? left.value < right.value : left.value <= right.value) ? 1 : 0;
          else result = operation === 32 ? lessThan(L, left, right) : lessEqual(L, left, right);
          if (result !== ((word >> 6) & 0xff)) pc++;
          else pc = jump(L, ci, words, base, pc);
          break;
        }
        case 34: {
          // TEST
          const value = stack[ra]!;
          const isFalse = value.type === NIL || (value.type === BOOLEAN && value.value === false);
          if ((((word >> 14) & 0x1ff) !== 0) === isFalse) pc++;
          else pc = jump(L, ci, words, base, pc);
          break;
        }
        case 35: {
          // TESTSET
          const value = stack[base + (word >>> 23)]!;
          const isFalse = value.type === NIL || (value.type === BOOLEAN && value.value === false);
          if ((((word >> 14) & 0x1ff) !== 0) === isFalse) pc++;
          else {
            const to = stack[ra]!;
            to.type = value.type;
            to.value = value.value;
            pc = jump(L, ci, words, base, pc);
          }
          break;
        }
        case 36: {
          // CALL
          if ((machine.budget -= WEIGHT) <= 0) interrupt(L);
          const b = word >>> 23;
          if (b !== 0) L.top = ra + b;
          const results = ((word >> 14) & 0x1ff) - 1;
          const outcome = precall(L, ra, results);
          if (outcome === RETURNED) {
            if (results >= 0) L.top = ci.top;
            break;
          }
          if (outcome === STOPPED) return true;
          ci = L.ci;
          continue frame;
        }
        case 37: {
          // TAILCALL
          if ((machine.budget -= WEIGHT) <= 0) interrupt(L);
          const b = word >>> 23;
          if (b !== 0) L.top = ra + b;
          const outcome = precall(L, ra, -1);
          if (outcome === RETURNED) break;
          if (outcome === STOPPED) return true;
          ci = replaceFrame(L);
          continue frame;
        }
        case 38: {
          // RETURN
          const b = word >>> 23;
          if (L.open.length > 0) closeUpvalues(L, base);
          const fixed = postcall(L, ci, ra, b !== 0 ? b - 1 : L.top - ra);
          if ((ci.callstatus & FRESH) !== 0) return false;
          ci = L.ci;
          if (fixed) L.top = ci.top;
          continue frame;
        }
        case 39: {
          // FORLOOP
          if ((machine.budget -= WEIGHT) <= 0) interrupt(L);
          const index = stack[ra]!;
          const step = stack[ra + 2]!.value;
          const limit = stack[ra + 1]!.value;
          let next: Int;
          if (index.type === FLOAT) next = index.value + step;
          else {
            const last: Int = index.value;
            if (typeof last !== 'number' || typeof step !== 'number' || (next = last + step) > MAX || next < -MAX) {
              next = integers.add(last, step);
              // Past the last integer the sum wraps around: Lua 5.3 would loop for ever, this ends as Lua 5.4 does.
              if (step > 0 ? next < last : next > last) break;
            }
          }
          if (step > 0 ? next <= limit : limit <= next) {
            pc += (word >>> 14) - JUMP_BIAS;
            index.value = next;
            const to = stack[ra + 3]!;
            to.type = index.type;
            to.value = next;
          }
          break;
        }
        case 40: // FORPREP
          prepareLoop(L, ra);
          pc += (word >>> 14) - JUMP_BIAS;
          break;
        case 41: {
          // TFORCALL
          if ((machine.budget -= WEIGHT) <= 0) interrupt(L);
          const iterator = stack[ra]!;
          if (iterator.type === LIGHT_FUNCTION && iterate(L, iterator.value, ra, (word >> 14) & 0x1ff)) break;
          for (let at = 2; at >= 0; at--) {
            const from = stack[ra + at]!;
            const to = stack[ra + 3 + at]!;
            to.type = from.type;
            to.value = from.value;
          }
          L.top = ra + 6;
          fengari.ldo.luaD_call(L, ra + 3, (word >> 14) & 0x1ff);
          L.top = ci.top;
          break;
        }
        case 42: {
          // TFORLOOP
          const from = stack[ra + 1]!;
          if (from.type !== NIL) {
            const to = stack[ra]!;
            to.type = from.type;
            to.value = from.value;
            pc += (word >>> 14) - JUMP_BIAS;
          }
          break;
        }
        case 43: {
          // SETLIST
          let count = word >>> 23;
          if (count === 0) count = L.top - ra - 1;
          let batch = (word >> 14) & 0x1ff;
          if (batch === 0) {
            batch = words[pc]! >>> 6;
            ci.l_savedpc = ++pc;
          }
          fillList(stack[ra]!.value, (batch - 1) * FIELDS_PER_FLUSH, stack, ra, count);
          L.top = ci.top;
          break;
        }
        case 44: {
          // CLOSURE
          const made = proto.p[word >>> 14]!;
          const cached = cachedClosure(made, closure.upvals, stack, base);
          const to = stack[ra]!;
          if (cached === null) pushClosure(L, made, closure.upvals, base, to);
          else {
            to.type = LUA_FUNCTION;
            to.value = cached;
          }
          break;
        }
        case 45: {
          // VARARG
          let wanted = (word >>> 23) - 1;
          const given = Math.max(base - ci.funcOff - 1 - proto.numparams, 0);
          if (wanted < 0) {
            wanted = given;
            machine.budget -= given >> 2;
            if (L.stack_last - L.top <= given) fengari.ldo.luaD_growstack(L, given);
            L.top = ra + given;
          }
          for (let at = 0; at < wanted; at++) {
            const to = stack[ra + at]!;
            if (at < given) {
              const from = stack[base - given + at]!;
              to.type = from.type;
              to.value = from.value;
            } else {
              to.type = NIL;
              to.value = null;
            }
          }
          break;
        }
        default:
          throw new Error('invalid opcode');
      }
    }
  }
}

/** The jump that follows a comparison. */
function jump(L: Thread, ci: CallInfo, words: Int32Array, base: number, pc: number): number {
  const word = words[pc]!;
  const distance = (word >>> 14) - JUMP_BIAS;
  if (distance < 0 && (machine.budget -= WEIGHT) <= 0) {
    // If the thread yields here, it goes on with the jump itself, which this word is.
    ci.l_savedpc = pc + 1;
    interrupt(L);
  }
  const a = (word >> 6) & 0xff;
  if (a !== 0) closeUpvalues(L, base + a - 1);
  return pc + 1 + distance;
}

/** A tail call: the new frame takes the place of the one that called it. */
function replaceFrame(L: Thread): CallInfo {
  const made = L.ci;
  const old = made.previous!;
  const stack = L.stack;
  const from = made.funcOff;
  const to = old.funcOff;
  const proto: Proto = made.func.value.p;
  const limit = made.l_base + proto.numparams;
  if (L.open.length > 0) closeUpvalues(L, old.l_base);
  for (let at = 0; from + at < limit; at++) stack[to + at]!.setfrom(stack[from + at]!);
  old.func = stack[to]!;
  old.l_base = to + (made.l_base - from);
  old.top = to + (L.top - from);
  L.top = old.top;
  old.l_code = made.l_code;
  old.l_savedpc = made.l_savedpc;
  old.callstatus |= TAIL;
  L.ci = old;
  return old;
}

/** A step of `pairs` or `ipairs` over a table, without a call; false if it is something else. */
function iterate(L: Thread, iterator: unknown, ra: number, results: number): boolean {
  const stack = L.stack;
  const state = stack[ra + 1]!;
  if (state.type !== TABLE) return false;
  const table = state.value as Table;
  const control = stack[ra + 2]!;
  const key = stack[ra + 3]!;
  const value = stack[ra + 4]!;
  if (iterator === machine.next) {
    key.type = control.type;
    key.value = control.value;
    if (!nextEntry(L, table, ra + 3)) {
      key.type = NIL;
      key.value = null;
    }
  } else if (iterator === machine.nextIndex && control.type === INTEGER && typeof control.value === 'number') {
    const index = control.value + 1;
    const found = table.getInteger(index);
    if (found.type !== NIL) {
      key.type = INTEGER;
      key.value = index;
      value.type = found.type;
      value.value = found.value;
    } else if (table.metatable === null) {
      key.type = NIL;
      key.value = null;
    } else return false;
  } else return false;
  for (let at = 2; at < results; at++) {
    const slot = stack[ra + 3 + at]!;
    slot.type = NIL;
    slot.value = null;
  }
  return true;
}

function fillList(table: Table, first: number, stack: TValue[], ra: number, count: number): void {
  if (table.list.length === first && table.integers === 0) {
    for (let at = 1; at <= count; at++) table.append(stack[ra + at]!);
    table.trim();
  } else for (let at = 1; at <= count; at++) table.setInteger(first + at, stack[ra + at]!);
}

/** The closure that was made of this function last, if it has the same variables: Lua 5.3 uses it again, so they compare equal. */
function cachedClosure(proto: Proto, outer: TValue[], stack: TValue[], base: number): LuaClosure | null {
  const cached = proto.cache;
  if (cached === null) return null;
  const upvalues = proto.upvalues;
  for (let at = 0; at < upvalues.length; at++) {
    const upvalue = upvalues[at]!;
    if (cached.upvals[at] !== (upvalue.instack ? stack[base + upvalue.idx] : outer[upvalue.idx])) return null;
  }
  return cached;
}

export const lvm: Readonly<Record<string, unknown>> = {
  cvt2str: (value: TValue): boolean => value.ttisnumber(),
  cvt2num: (value: TValue): boolean => value.ttisstring(),
  luaV_concat: concat,
  luaV_equalobj: equal,
  luaV_execute: execute,
  luaV_finishOp: finishOperation,
  luaV_gettable: getTable,
  luaV_lessequal: lessEqual,
  luaV_lessthan: lessThan,
  luaV_objlen: lengthOf,
  luaV_rawequalobj: (left: TValue, right: TValue): number => equal(null, left, right),
  luaV_tointeger: toIntegerMode,
  settable: setTable,
  tointeger: integerOrFalse,
  tonumber: numberOrFalse,
};
