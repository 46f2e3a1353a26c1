/** Which Lua functions were running when an error happened. */
import { fengari } from './fengari.ts';
import type { DebugRecord } from './fengari.ts';
import { chunkName } from './protect.ts';
import type { Table } from './tables.ts';
import { STRING, TABLE } from './values.ts';
import type { CallInfo, Thread, TString, TValue } from './values.ts';

const LONGEST = 22;
const NAMES = Buffer.from('n');

/** As the manual's `debug.traceback` names a function: by its global name, by what the caller called it, or by its place. */
export function nameOf(L: Thread, ci: CallInfo): string {
  const known = globalName(L, ci.func);
  if (known !== undefined) return `function '${known}'`;
  const record: DebugRecord = new fengari.defs.lua_Debug();
  record.i_ci = ci;
  fengari.ldebug.lua_getinfo(L, NAMES, record);
  const what = Buffer.from(record.namewhat).latin1Slice();
  if (what !== '') return `${what} '${record.name === null ? '?' : Buffer.from(record.name).latin1Slice()}'`;
  if ((ci.callstatus & 2) === 0) return '?';
  const proto = ci.func.value.p;
  return proto.linedefined === 0 ? 'main chunk' : `function <${chunkName(proto.source)}:${proto.linedefined}>`;
}

/** The name under which a loaded module has a function: `string.format`; of the base library without the module. */
export function globalName(L: Thread, wanted: TValue): string | undefined {
  const registry = L.l_G.l_registry.value as Table;
  const loaded = registry.getString('_LOADED');
  if (loaded.type !== TABLE) return undefined;
  let found: string | undefined;
  for (let module = (loaded.value as Table).first; module !== undefined; module = module.following) {
    if (module.type !== TABLE || module.keyType !== STRING) continue;
    const name = (module.keyValue as TString).js;
    for (let field = (module.value as Table).first; field !== undefined; field = field.following) {
      if (field.type !== wanted.type || field.value !== wanted.value || field.keyType !== STRING) continue;
      const text = (field.keyValue as TString).js;
      if (name === '_G') return text;
      found ??= `${name}.${text}`;
    }
  }
  return found;
}

/** One Lua function an entry, innermost first; of very deep recursions the two ends. */
export function traceOf(L: Thread): string[] {
  const frames: string[] = [];
  const all: CallInfo[] = [];
  for (let ci = L.ci; ci !== L.base_ci; ci = ci.previous!) if ((ci.callstatus & 2) !== 0) all.push(ci);
  for (const [level, ci] of all.entries()) {
    if (all.length > LONGEST && level >= LONGEST / 2 && level < all.length - LONGEST / 2) {
      if (level === LONGEST / 2) frames.push('...');
      continue;
    }
    const proto = ci.func.value.p;
    const line: number = proto.lineinfo[ci.l_savedpc - 1] ?? -1;
    frames.push(`${chunkName(proto.source)}:${line > 0 ? `${line}:` : ''} in ${nameOf(L, ci)}`);
  }
  return frames;
}
