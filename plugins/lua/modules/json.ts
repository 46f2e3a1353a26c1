import type { HostFunction, LuaCall } from '../engine/engine.ts';
import { decodeJson, JsonError } from './json-decode.ts';
import { encodeJson, type EncodeOptions } from './json-encode.ts';
import { library } from './library.ts';

/** JSON's null in all modules: they pass it to each other. */
const NULL = {};
const isNull = (call: LuaCall): boolean => call.isLight(-1, NULL);
const pushNull = (call: LuaCall): void => call.pushLight(NULL);
const CJSON: EncodeOptions = { maxDepth: 1000, escapeSlash: true, empty: '{}', isNull, tables: 'cjson' };
const PLAIN: EncodeOptions = { maxDepth: 200, escapeSlash: false, empty: '[]', isNull, tables: 'strict' };

/** What `build` throws becomes a Lua error of the same text, without a place, as functions written in C have it. */
function guarded(call: LuaCall, build: () => void): number {
  try {
    build();
  } catch (error) {
    if (!(error instanceof Error) || error.constructor === Error || error instanceof JsonError) {
      call.pushString(error instanceof Error ? error.message : String(error));
      return call.raise();
    }
    throw error;
  }
  return 1;
}

function one(call: LuaCall): void {
  if (call.count !== 1) call.failArgument(1, 'expected 1 argument');
}

/** lua-cjson 2.1: what it is told to change of its settings is remembered by one module of it. */
function cjsonModule(call: LuaCall, safe: boolean): void {
  const options = { encode: { ...CJSON }, decode: { maxDepth: 1000 } };
  const encode: HostFunction = (at) => {
    one(at);
    at.pushCopy(1);
    return guarded(at, () => at.pushString(encodeJson(at, options.encode)));
  };
  const decode: HostFunction = (at) => {
    one(at);
    const text = at.string(1);
    return guarded(at, () => void decodeJson(at, text, { maxDepth: options.decode.maxDepth, null: pushNull }));
  };
  const depth =
    (which: 'encode' | 'decode'): HostFunction =>
    (at) => {
      if (at.kind(1) === 'number') {
        const limit = at.int(1);
        if (limit < 1) at.failArgument(1, 'expected integer between 1 and 2147483647');
        options[which].maxDepth = limit;
      }
      at.pushInteger(options[which].maxDepth);
      return 1;
    };
  const protect = (run: HostFunction): HostFunction => (safe ? safely(run) : run);
  library(call, {
    encode: protect(encode),
    decode: protect(decode),
    encode_max_depth: depth('encode'),
    decode_max_depth: depth('decode'),
    encode_empty_table_as_object: (at) => {
      (options.encode as { empty: string }).empty = at.boolean(1) ? '{}' : '[]';
      return 0;
    },
    new: (at) => {
      cjsonModule(at, safe);
      return 1;
    },
  });
  call.pushString('2.1.0');
  call.setField(-2, '_VERSION');
  call.pushString('cjson');
  call.setField(-2, '_NAME');
  pushNull(call);
  call.setField(-2, 'null');
}

/** `cjson.safe`: nil and the text in the place of an error. */
function safely(run: HostFunction): HostFunction {
  return (call) => {
    const arguments_ = call.count;
    call.pushFunction(run, 'json');
    const bottom = call.count;
    for (let index = 1; index <= arguments_; index++) call.pushCopy(index);
    try {
      call.invoke(arguments_);
      return call.count - bottom + 1;
    } catch (error) {
      call.pop(call.count);
      call.pushNil();
      call.pushString((error as { text?: string }).text ?? String(error));
      return 2;
    }
  };
}

/** `json`: json.lua's `encode` and `decode`, and `null`, which it has not. */
function plainModule(call: LuaCall): void {
  library(call, {
    encode: (at) => {
      at.pushCopy(1);
      return guarded(at, () => at.pushString(encodeJson(at, PLAIN)));
    },
    decode: (at) => {
      if (at.kind(1) !== 'string') at.fail(`expected argument of type string, got ${at.kind(1)}`);
      const text = at.string(1);
      try {
        decodeJson(at, text, { maxDepth: 1000, null: (where) => where.pushNil() });
      } catch (error) {
        if (error instanceof JsonError) at.fail(placed(text, error));
        if (error instanceof Error && error.constructor === Error) at.fail(error.message);
        throw error;
      }
      return 1;
    },
  });
  pushNull(call);
  call.setField(-2, 'null');
}

function placed(text: string, { message, position }: JsonError): string {
  const before = text.slice(0, position - 1).split('\n');
  return `${message.replace(/ at character \d+$/, '')} at line ${before.length} col ${before.at(-1)!.length + 1}`;
}

/** dkjson's two functions: errors are answered, not raised. */
function dkjsonModule(call: LuaCall): void {
  library(call, {
    encode: (at) => {
      at.pushCopy(1);
      return guarded(at, () => at.pushString(encodeJson(at, { ...PLAIN, tables: 'cjson' })));
    },
    decode: (at) => {
      const text = at.string(1);
      const from = at.optionalInt(2, 1) - 1;
      const nullGiven = at.count >= 3;
      const bottom = at.count;
      try {
        const end = decodeJson(
          at,
          text,
          { maxDepth: 1000, partial: true, null: (where) => (nullGiven ? where.pushCopy(3) : where.pushNil()) },
          from,
        );
        at.pushInteger(end + 1);
        return 2;
      } catch (error) {
        if (!(error instanceof JsonError)) throw error;
        at.pop(at.count - bottom);
        at.pushNil();
        at.pushInteger(error.position);
        at.pushString(placed(text, error));
        return 3;
      }
    },
  });
  pushNull(call);
  call.setField(-2, 'null');
  call.pushString('dkjson 2.5');
  call.setField(-2, 'version');
}

const loader =
  (build: (call: LuaCall) => void): HostFunction =>
  (call) => {
    build(call);
    return 1;
  };

export const cjson: HostFunction = loader((call) => cjsonModule(call, false));
export const cjsonSafe: HostFunction = loader((call) => cjsonModule(call, true));
export const json: HostFunction = loader(plainModule);
export const dkjson: HostFunction = loader(dkjsonModule);
