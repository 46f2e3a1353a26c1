/** What of fengari is replaced: the modules, the functions and the few edits of its text. */
import { runProtected } from './protect.ts';
import {
  adjustTop,
  closeUpvalues,
  extendCallInfo,
  findUpvalue,
  initStack,
  postcall,
  precall,
  pushObject,
  reallocStack,
  shrinkStack,
} from './stack.ts';
import { fromBig, parseNumeral, toText } from './numbers.ts';
import type { Edit, Patch, SourcePlan } from './source.ts';
import { callFunction, resumeBody, unroll } from './suspend.ts';
import { lvm } from './vm.ts';
import { arith } from './arithmetic.ts';
import type { Int } from './values.ts';
import { intern, latin1, lstring } from './strings.ts';
import { ltable } from './tables.ts';
import { CallInfo, HostClosure, LuaClosure, Thread, TString, TValue, Userdata, identify } from './values.ts';

/** A scanner's strings are constants and names: one object each. */
function scannerString(_scanner: unknown, bytes: Uint8Array): unknown {
  return intern(latin1(bytes));
}

/** Numerals, for the scanner and `lua_stringtonumber`: the length with a terminating zero, or 0. */
function stringToNumber(bytes: Uint8Array, to: TValue): number {
  const numeral = parseNumeral(latin1(bytes));
  if (numeral === undefined) return 0;
  if (numeral.integer) to.setivalue(numeral.value);
  else to.setfltvalue(numeral.value as number);
  return bytes.length + 1;
}

function numberToString(_state: unknown, value: TValue): void {
  value.setsvalue(new TString(toText(value)));
}

function isInteger(value: unknown): void {
  if (!Number.isSafeInteger(value) && typeof value !== 'bigint') throw new TypeError('invalid argument');
}

interface Dump {
  readonly L: Thread;
  readonly data: unknown;
  status: number;
  readonly writer: (L: Thread, bytes: Uint8Array, size: number, data: unknown) => number;
}

/** Integers in `string.dump`, and the lengths of strings there: 8 bytes. */
function dumpInteger(value: Int, dump: Dump): void {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigInt64(0, BigInt(value), true);
  if (dump.status === 0) dump.status = dump.writer(dump.L, bytes, 8, dump.data);
}

function readInteger(view: DataView): Int {
  return fromBig(view.getBigInt64(0, true));
}

/** Slots above the top stay. */
const KEPT_SLOTS: readonly Edit[] = [['delete L.stack[--L.top]', '--L.top']];

const patches: Record<string, Patch> = {
  'lapi.js': {
    own: { fengari_argcheckinteger: isInteger },
    edits: [
      ['        delete from.stack[from.top + i];\n', ''],
      ['        delete L.stack[L.top];\n', ''],
    ],
    everywhere: KEPT_SLOTS,
  },
  'ldebug.js': {
    edits: [
      ['to_luastring("=[JS]", true)', 'to_luastring("=[C]", true)'],
      ['to_luastring("J", true)', 'to_luastring("C", true)'],
    ],
    everywhere: KEPT_SLOTS,
  },
  'ldo.js': {
    own: {
      adjust_top: adjustTop,
      luaD_precall: precall,
      luaD_poscall: postcall,
      luaD_reallocstack: reallocStack,
      luaD_shrinkstack: shrinkStack,
      luaD_rawrunprotected: runProtected,
      luaD_call: callFunction,
      resume: resumeBody,
      unroll,
    },
    edits: [['L.nny = 0;  /* allow yields */', 'L.nny = L.barrier;']],
    everywhere: [...KEPT_SLOTS, ['"JS stack overflow"', '"C stack overflow"']],
  },
  'ldump.js': {
    own: { DumpInteger: dumpInteger },
    edits: [['DumpByte(4, D); // integerSize', 'DumpByte(8, D); // integerSize']],
  },
  'lundump.js': {
    uses: { readInteger },
    edits: [
      ['this.integerSize = 4;', 'this.integerSize = 8;'],
      ['this.checksize(this.integerSize, 4, "integer")', 'this.checksize(this.integerSize, 8, "integer")'],
      [
        'this.integerSize) !== 0)\n            this.error("truncated");\n        return this.dv.getInt32(0, true);',
        'this.integerSize) !== 0)\n            this.error("truncated");\n        return own.readInteger(this.dv);',
      ],
    ],
  },
  'lfunc.js': { own: { luaF_findupval: findUpvalue, luaF_close: closeUpvalues } },
  'llex.js': { own: { luaX_newstring: scannerString } },
  'lobject.js': {
    own: {
      TValue,
      LClosure: LuaClosure,
      CClosure: HostClosure,
      Udata: Userdata,
      luaO_arith: arith,
      luaO_str2num: stringToNumber,
      luaO_tostring: numberToString,
      pushobj2s: pushObject,
    },
    uses: { identify },
    edits: [['let id = L.l_G.ids.get(v);', 'let id = own.identify(v);']],
  },
  'lparser.js': { everywhere: [...KEPT_SLOTS, ['"JS levels"', '"C levels"']] },
  // A frame costs more than in C: a runaway recursion is to end before it has filled the heap.
  'luaconf.js': { edits: [['conf.LUAI_MAXSTACK || 1000000', '250000']] },
  'lstate.js': {
    own: { CallInfo, lua_State: Thread, luaE_extendCI: extendCallInfo, stack_init: initStack },
  },
  'ltm.js': { everywhere: KEPT_SLOTS },
};

export const plan: SourcePlan = {
  version: '0.1.5',
  digest: '8fd187e0b6e44163fc81709a0b846077bbf4c1513b2025c67637798e867ff2d6',
  modules: { 'lstring.js': lstring, 'ltable.js': ltable, 'lvm.js': lvm },
  patches,
};
