import { ExpressionError, followReference, parseAddress, PATTERNS, type PatternEntry, type Value } from 'sluice/plugin';
import { builders } from '../../matching/index.ts';
import type { Lookup } from '../../matching/lookup.ts';
import { classKey, type ClassKey } from '../class-key.ts';
import type { LuaCall } from '../engine/engine.ts';
import type { World } from '../world.ts';
import { self } from './self.ts';

interface LuaMap {
  readonly input: string;
  /** The index as the list is now: rules and commands may change it. */
  readonly index: () => Lookup<string>;
}

export const MAP: ClassKey<LuaMap> = classKey('Map');

/** By HAProxy's numbers; the names stand in the global table with and without a `_` before them. */
const METHODS = [
  'found',
  'bool',
  'int',
  'ip',
  'bin',
  'len',
  'str',
  'beg',
  'sub',
  'dir',
  'dom',
  'end',
  'reg',
  'regm',
] as const;
const STR = METHODS.indexOf('str');

/** The class `Map`; lua-api.rst, "Map class". Maps are loaded while the configuration is read, and found at any time. */
export function map(world: World): void {
  const find = (call: LuaCall): string | undefined => {
    const { input, index } = self(call, type);
    const key = keyOf(call, input);
    return key === undefined ? undefined : index()(key);
  };
  const counted = (call: LuaCall): string | undefined => {
    if (call.count !== 2) call.fail("'lookup' needs 2 arguments");
    return find(call);
  };
  const type = world.define(MAP, {
    methods: {
      lookup(call) {
        call.push(counted(call));
        return 1;
      },
      slookup(call) {
        call.pushString(counted(call) ?? '');
        return 1;
      },
    },
  });
  world.functions('Map', {
    new(call) {
      if (call.count !== 1 && call.count !== 2) call.fail("'new' needs at least 1 argument.");
      const file = call.string(1);
      const number = call.count === 1 ? STR : call.int(2);
      const method = METHODS[number];
      if (method === undefined) return call.fail("'new' needs a valid match method.");
      const builder = Object.hasOwn(builders, method) ? builders[method] : undefined;
      if (builder === undefined) return call.fail("'new' doesn't support this match mode.");
      if (world.host.phase === 'running') return call.fail("'new': map: cannot load map at runtime.");
      call.pushObject(type, { input: builder.input, index: load(call, file, builder.build) });
      return 1;
    },
  });
  METHODS.forEach((name, number) => {
    world.field('Map', name, (call) => call.pushInteger(number));
    world.field('Map', `_${name}`, (call) => call.pushInteger(number));
  });

  function load(call: LuaCall, file: string, build: (typeof builders)[string]['build']): () => Lookup<string> {
    const flags = {
      ignoreCase: false,
      fail(message: string): never {
        throw new ExpressionError(message);
      },
    };
    try {
      const list = world.host.global.extension(PATTERNS).open(file, true);
      return followReference(list, (entries: readonly PatternEntry[]) =>
        build(
          entries.map(({ pattern, value }) => ({ pattern, data: value })),
          flags,
        ),
      );
    } catch (error) {
      if (error instanceof ExpressionError) return call.fail(`'new': ${error.message}.`);
      throw error;
    }
  }
}

/** The argument as the method wants it: an integer, an address (text that is none finds nothing), else text. */
function keyOf(call: LuaCall, input: string): Value | undefined {
  if (input === 'sint') return call.int(2);
  const text = call.string(2);
  return input === 'addr' ? parseAddress(text) : text;
}
