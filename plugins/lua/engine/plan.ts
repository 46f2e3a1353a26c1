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
} from './stack.ts';
import { parseNumeral, toText } from './numbers.ts';
import type { Edit, Patch, SourcePlan } from './source.ts';
import { arith, lvm } from './vm.ts';
import { intern, latin1, lstring } from './strings.ts';
import { ltable } from './tables.ts';
import { CallInfo, HostClosure, LuaClosure, Thread, TString, TValue, Userdata } from './values.ts';

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
  'lauxlib.js': {},
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
      luaD_rawrunprotected: runProtected,
    },
    edits: [['attempt to yield across a JS-call boundary', 'attempt to yield across a C-call boundary']],
    everywhere: [...KEPT_SLOTS, ['"JS stack overflow"', '"C stack overflow"']],
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
  },
  'lparser.js': { everywhere: [['"JS levels"', '"C levels"']] },
  'lstate.js': {
    own: { CallInfo, lua_State: Thread, luaE_extendCI: extendCallInfo, stack_init: initStack },
  },
  'ltm.js': { everywhere: KEPT_SLOTS },
};

export const plan: SourcePlan = {
  version: '0.1.5',
  digest: '',
  modules: { 'lstring.js': lstring, 'ltable.js': ltable, 'lvm.js': lvm },
  patches,
};
