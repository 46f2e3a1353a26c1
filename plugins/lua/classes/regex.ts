import { compileRegex, ExpressionError, type Regex } from 'sluice/plugin';
import { classKey, type ClassKey } from '../class-key.ts';
import type { LuaCall } from '../engine/engine.ts';
import type { World } from '../world.ts';
import { self } from './self.ts';

interface CompiledRegex {
  readonly regex: Regex;
}

export const REGEX: ClassKey<CompiledRegex> = classKey('Regex');
/** The whole match and groups that `match` gives at the most; lua-api.rst, "Regex class". */
const MAX_MATCHES = 20;

/** The class of HAProxy's regular expressions, and its global table. */
export function regexes(world: World): void {
  const type = world.define(REGEX, {
    methods: {
      exec(call) {
        call.pushBoolean(self(call, type).regex.test(call.string(2)));
        return 1;
      },
      match(call) {
        const { regex } = self(call, type);
        const subject = call.string(2);
        const found = regex.find(subject, 0);
        call.pushBoolean(found !== undefined);
        call.newTable();
        if (found !== undefined) pushGroups(call, subject, found);
        return 2;
      },
    },
  });
  world.functions('Regex', {
    new(call) {
      const pattern = call.string(1);
      if (call.kind(2) !== 'boolean') call.failArgument(2, '(null)');
      const compiled = compile(pattern, !call.boolean(2));
      if (typeof compiled === 'string') {
        call.pushBoolean(false);
        call.pushString(compiled);
      } else {
        call.pushBoolean(true);
        call.pushObject(type, { regex: compiled });
      }
      return 2;
    },
  });
}

function compile(pattern: string, ignoreCase: boolean): Regex | string {
  try {
    return compileRegex(pattern, ignoreCase);
  } catch (error) {
    if (error instanceof ExpressionError) return error.message;
    throw error;
  }
}

/** Into the table on the top. As HAProxy does it, the list ends at the first group that took no part. */
function pushGroups(call: LuaCall, subject: string, offsets: readonly number[]): void {
  for (let at = 0; at < offsets.length && at < MAX_MATCHES * 2; at += 2) {
    if (offsets[at]! < 0) return;
    call.pushString(subject.slice(offsets[at], offsets[at + 1]));
    call.setIndex(-2, at / 2 + 1);
  }
}
