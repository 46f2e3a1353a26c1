import {
  PATTERNS,
  type PatternChange,
  type PatternDraft,
  type PatternEntries,
  type PatternReference,
} from 'sluice/plugin';
import { classKey, type ClassKey } from '../class-key.ts';
import type { HostFunction, LuaCall } from '../engine/engine.ts';
import type { World } from '../world.ts';
import { subscribe } from './event-sub.ts';
import { self } from './self.ts';

/** A list of patterns as one script sees it: as it is, or the one it is writing. */
class Patref {
  readonly list: PatternReference;
  draft: PatternDraft | undefined;

  constructor(list: PatternReference) {
    this.list = list;
  }

  get target(): PatternEntries {
    return this.draft ?? this.list;
  }
}

export const PATREF: ClassKey<Patref> = classKey('Patref');

/** `core.get_patref` and the older functions for maps and ACLs; lua-api.rst, "Patref class". */
export function patrefs(world: World): void {
  const find = (name: string): PatternReference | undefined => {
    const all = world.host.global.findExtension(PATTERNS)?.all;
    return all?.get(name.replace(/^(?:file|opt)@/, ''));
  };
  const method = (run: (call: LuaCall, patref: Patref) => number): HostFunction => {
    return (call) => run(call, self(call, type));
  };
  const methods: Record<string, HostFunction> = {
    get_name: method((call, { list }) => {
      call.pushString(list.name);
      return 1;
    }),
    is_map: method((call, { list }) => {
      call.pushBoolean(list.isMap);
      return 1;
    }),
    purge: method((call, { list }) => {
      list.clear();
      call.pushBoolean(true);
      return 1;
    }),
    prepare: method((_call, patref) => {
      if (patref.draft !== undefined) patref.list.abandon(patref.draft);
      patref.draft = patref.list.prepare();
      return 0;
    }),
    commit: method((call, patref) => {
      const { draft } = patref;
      patref.draft = undefined;
      if (draft === undefined) return refuse(call, 'no prepared version to commit');
      if (!patref.list.commit(draft)) return refuse(call, 'a version that was prepared later has been committed');
      return done(call);
    }),
    giveup: method((_call, patref) => {
      if (patref.draft !== undefined) patref.list.abandon(patref.draft);
      patref.draft = undefined;
      return 0;
    }),
    add: method((call, { list, target }) => {
      const key = call.string(2);
      const value = readValue(call, list, 3);
      target.add(key, value);
      return done(call);
    }),
    add_bulk: method((call, { list, target }) => {
      if (call.kind(2) !== 'table') call.failArgument(2, `table expected, got ${call.kind(2)}`);
      call.each(2, () => {
        const [key, value] = [call.kind(-2), call.kind(-1)];
        if (value !== 'string' && value !== 'number') call.fail('add_bulk: the table must hold strings');
        if (!list.isMap) target.add(call.string(-1));
        else if (key === 'string') target.add(call.string(-2), call.string(-1));
        else call.fail('add_bulk: the keys of a map must be strings');
      });
      return done(call);
    }),
    del: method((call, { target }) => {
      call.pushBoolean(target.delete(call.string(2)));
      return 1;
    }),
    set: method((call, { list, target }) => {
      const key = call.string(2);
      const value = call.string(3);
      if (!list.isMap) return refuse(call, 'not a map');
      if (target.set(key, value)) return done(call);
      if (!call.boolean(4)) return refuse(call, 'entry not found');
      target.add(key, value);
      return done(call);
    }),
    event_sub: method((call, { list }) =>
      subscribe(call, world, 'PAT_REF', 2, (_told, subscription) =>
        list.watch((change) => subscription.tell(EVENTS[change], undefined)),
      ),
    ),
  };
  const valueAt = (call: LuaCall, { list, target }: Patref, key: string): void => {
    const entry = target.entries.find(({ pattern }) => pattern === key);
    if (entry === undefined) call.pushNil();
    else call.pushString(list.isMap ? entry.value : entry.pattern);
  };
  const type = world.define(PATREF, {
    methods,
    meta: {
      /** Walks over what there is now; entries that come or go meanwhile do not disturb it. */
      __pairs(call) {
        const { list, target } = self(call, type);
        const entries = [...target.entries];
        let at = 0;
        call.pushFunction((next) => {
          const entry = entries[at++];
          if (entry === undefined) {
            next.pushNil();
            return 1;
          }
          next.pushString(entry.pattern);
          if (list.isMap) next.pushString(entry.value);
          else next.pushBoolean(true);
          return 2;
        }, 'next');
        return 1;
      },
    },
    missing(call) {
      const kind = call.kind(2);
      if (kind === 'string' || kind === 'number') valueAt(call, call.object(1, type), call.string(2));
      else call.pushNil();
      return 1;
    },
  });

  const legacy = (
    name: string,
    count: number,
    isMap: boolean,
    run: (list: PatternReference, key: string, value: string) => void,
  ): HostFunction => {
    return (call) => {
      if (call.count !== count) call.fail(`'${name}' needs ${count} arguments`);
      const reference = call.string(1);
      const key = call.string(2);
      const value = count > 2 ? call.string(3) : '';
      const list = find(reference);
      if (list === undefined || list.isMap !== isMap)
        return call.fail(`'${name}': unknown ${name === 'set_map' ? 'map' : 'acl'} file '${reference}'`);
      run(list, key, value);
      return 0;
    };
  };
  world.functions('core', {
    get_patref(call) {
      const list = find(call.string(1));
      if (list === undefined) return call.fail(`'get_patref': unknown pattern reference '${call.string(1)}'`);
      call.pushObject(type, new Patref(list));
      return 1;
    },
    add_acl: legacy('add_acl', 2, false, (list, key) => {
      if (!list.has(key)) list.add(key);
    }),
    del_acl: legacy('del_acl', 2, false, (list, key) => void list.delete(key)),
    del_map: legacy('del_map', 2, true, (list, key) => void list.delete(key)),
    set_map: legacy('set_map', 3, true, (list, key, value) => {
      if (!list.set(key, value)) list.add(key, value);
    }),
  });
}

const EVENTS: Readonly<Record<PatternChange, string>> = {
  add: 'PAT_REF_ADD',
  del: 'PAT_REF_DEL',
  set: 'PAT_REF_SET',
  clear: 'PAT_REF_CLEAR',
  commit: 'PAT_REF_COMMIT',
};

function done(call: LuaCall): number {
  call.pushBoolean(true);
  return 1;
}

function refuse(call: LuaCall, reason: string): number {
  call.pushNil();
  call.pushString(reason);
  return 2;
}

/** A map's entry has a value; a plain pattern has none. */
function readValue(call: LuaCall, list: PatternReference, index: number): string {
  return list.isMap ? call.optionalString(index, '') : '';
}
