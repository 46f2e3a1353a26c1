import { asString, type Value } from 'sluice/plugin';
import type { LuaCall } from './engine/engine.ts';

/**
 * A sample as Lua has it: integers, byte strings (addresses and methods as text, too), booleans as integers unless
 * `tune.lua.bool-sample-conversion normal` stands; nothing is nil. lua-api.rst, "Fetches".
 */
export function pushSample(call: LuaCall, value: Value | undefined, booleans: boolean): void {
  switch (typeof value) {
    case 'undefined':
      call.pushNil();
      break;
    case 'string':
      call.pushString(value);
      break;
    case 'number':
    case 'bigint':
      call.pushInteger(value);
      break;
    case 'boolean':
      if (booleans) call.pushBoolean(value);
      else call.pushInteger(value ? 1 : 0);
      break;
    default:
      if (value instanceof Uint8Array) call.pushBytes(value);
      else call.pushString(value.text);
  }
}

/** The same as a string always, nothing being the empty one: what `txn.sf` and `txn.sc` give. */
export function pushSampleText(call: LuaCall, value: Value | undefined): void {
  if (value instanceof Uint8Array) call.pushBytes(value);
  else call.pushString(value === undefined ? '' : asString(value));
}

/** A Lua value as a sample: numbers that are not integral become 0, what is no sample is false. */
export function pullSample(call: LuaCall, index: number): Value {
  switch (call.kind(index)) {
    case 'number':
      return call.isInteger(index) ? call.integer(index) : whole(call.number(index));
    case 'string':
      return call.string(index);
    case 'boolean':
      return call.boolean(index);
    default:
      return false;
  }
}

const LIMIT = 2 ** 63;

function whole(value: number): number | bigint {
  if (Number.isSafeInteger(value)) return value + 0;
  return Number.isInteger(value) && value >= -LIMIT && value < LIMIT ? BigInt(value) : 0;
}
