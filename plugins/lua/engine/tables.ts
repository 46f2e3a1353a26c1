/**
 * In place of fengari's ltable. A table has an array part for the keys 1 to n, and a map for the others whose nodes are chained in the
 * order of insertion, so that `next` needs no second index.
 *
 * A removed entry stays as a node with nil, as in PUC Lua, so that a traversal may clear what it meets; {@link Table.add} drops such
 * nodes when they are more than the live ones, which only happens for a new key, when no traversal has to be right.
 */
import { account, TABLE_COST, NODE_COST, SLOT_COST } from './memory.ts';
import { ABSENT, FLOAT, Identity, INTEGER, LIGHT, NIL, STRING, TValue } from './values.ts';
import type { Payload, Thread, TString } from './values.ts';
import { fengari } from './fengari.ts';

/** What an entry is found by: a latin1 string, an integer, a boolean, the object itself … */
type Key = string | number | bigint | boolean | object;

export class Node extends TValue {
  readonly key: Key;
  readonly keyType: number;
  /** The key as a Lua value has it: of a string the TString. */
  readonly keyValue: Payload;
  following: Node | undefined = undefined;

  constructor(key: Key, keyType: number, keyValue: Payload, value: TValue) {
    super(value.type, value.value);
    this.key = key;
    this.keyType = keyType;
    this.keyValue = keyValue;
  }
}

/** Light userdata that are no objects, apart from the strings and numbers they look like. */
const lightKeys = new Map<unknown, object>();
function lightKey(value: unknown): object {
  if ((typeof value === 'object' && value !== null) || typeof value === 'function') return value;
  let key = lightKeys.get(value);
  if (key === undefined) lightKeys.set(value, (key = {}));
  return key;
}

/** A float key is the integer it equals, if it equals one. */
function floatKey(value: number): number | bigint {
  if (Number.isSafeInteger(value) || !Number.isInteger(value)) return value === 0 ? 0 : value;
  return value >= -(2 ** 63) && value < 2 ** 63 ? BigInt(value) : value;
}

function keyOf(key: TValue): Key | undefined {
  switch (key.type) {
    case STRING:
      return (key.value as TString).js;
    case FLOAT:
      return floatKey(key.value);
    case LIGHT:
      return lightKey(key.value);
    case NIL:
      return undefined;
    default:
      return key.value;
  }
}

export class Table extends Identity {
  /** Keys 1 to n. The last is never nil, and the map never has n + 1. */
  readonly list: TValue[] = [];
  map: Map<Key, Node> | undefined = undefined;
  first: Node | undefined = undefined;
  last: Node | undefined = undefined;
  /** Integer keys in the map: whether the array part may grow over them. */
  integers = 0;
  /** How often the map was seen to hold nil, a bound on its dead nodes. */
  dead = 0;
  metatable: Table | null = null;
  /** The entry that `next` answered last, which it is mostly asked about next. */
  cursor: Node | undefined = undefined;
  /** How long the array part was before its end was cleared: `next` may still be asked what follows such a key. */
  cleared = 0;
  /** Metamethods known to be absent, a bit each. */
  flags = 0;
  /** The mark of the last count of what is alive (memory.ts). */
  mark = 0;
  /** The host's object that this table stands for, and its class. */
  host: object | undefined = undefined;
  hostClass: object | undefined = undefined;

  constructor(_state?: unknown) {
    super();
    account(TABLE_COST);
  }

  getString(key: string): TValue {
    return this.map?.get(key) ?? ABSENT;
  }

  getInteger(key: number): TValue {
    if (key > 0 && key <= this.list.length) return this.list[key - 1]!;
    return this.integers === 0 ? ABSENT : (this.map!.get(key) ?? ABSENT);
  }

  get(key: TValue): TValue {
    if (key.type === STRING) return this.map?.get((key.value as TString).js) ?? ABSENT;
    const found = keyOf(key);
    if (typeof found === 'number' && Number.isInteger(found)) return this.getInteger(found);
    return (found === undefined ? undefined : this.map?.get(found)) ?? ABSENT;
  }

  /** `key` is no nil and no NaN. */
  set(key: TValue, value: TValue): void {
    const found = keyOf(key)!;
    if (typeof found === 'number') {
      if (key.type === INTEGER || Number.isInteger(found)) this.setInteger(found, value);
      else this.setKey(found, FLOAT, found, value);
    } else if (typeof found === 'bigint') this.setKey(found, INTEGER, found, value);
    else this.setKey(found, key.type, key.value, value);
  }

  setString(key: TString, value: TValue): void {
    this.setKey(key.js, STRING, key, value);
  }

  setKey(key: Key, type: number, original: Payload, value: TValue): void {
    const node = this.map?.get(key);
    if (node !== undefined) {
      if (value.type === NIL && node.type !== NIL) this.dead++;
      node.type = value.type;
      node.value = value.value;
    } else if (value.type !== NIL) this.add(key, type, original, value);
  }

  setInteger(key: number, value: TValue): void {
    const list = this.list;
    const length = list.length;
    if (key > 0 && key <= length) {
      const slot = list[key - 1]!;
      slot.type = value.type;
      slot.value = value.value;
      if (value.type === NIL && key === length) this.trim();
    } else if (key === length + 1) {
      if (value.type === NIL) return;
      account(SLOT_COST);
      list.push(new TValue(value.type, value.value));
      if (this.integers !== 0) this.migrate();
    } else {
      if (value.type !== NIL && this.map?.has(key) !== true) this.integers++;
      this.setKey(key, INTEGER, key, value);
    }
  }

  /** For constructors (`{ f() }`): places may be nil, the next ones follow all the same. */
  append(value: TValue): void {
    account(SLOT_COST);
    this.list.push(new TValue(value.type, value.value));
  }

  /** Inserts into the array part in one go, if the place lies there. */
  insertAt(position: number, value: TValue): boolean {
    const list = this.list;
    if (position > list.length || value.type === NIL || this.integers !== 0) return false;
    account(SLOT_COST);
    list.splice(position - 1, 0, new TValue(value.type, value.value));
    return true;
  }

  /** Removes from the array part in one go. */
  removeAt(position: number): boolean {
    const list = this.list;
    if (position < 1 || position > list.length || this.integers !== 0) return false;
    list.splice(position - 1, 1);
    this.trim();
    return true;
  }

  trim(): void {
    const list = this.list;
    let length = list.length;
    if (length > this.cleared) this.cleared = length;
    while (length > 0 && list[length - 1]!.type === NIL) length--;
    list.length = length;
  }

  /** Takes what follows the array part out of the map. */
  migrate(): void {
    const map = this.map!;
    for (let node; this.integers > 0 && (node = map.get(this.list.length + 1)) !== undefined;) {
      if (node.type === NIL) break;
      this.list.push(new TValue(node.type, node.value));
      // The node stays in the chain as a dead one: a traversal that stands on it goes on from its place in the list.
      node.type = NIL;
      node.value = null;
      this.dead++;
      map.delete(node.key);
      this.integers--;
    }
  }

  private add(key: Key, type: number, original: Payload, value: TValue): void {
    account(NODE_COST);
    if (this.dead > 8 && this.map !== undefined && this.dead * 2 > this.map.size) this.compact();
    const node = new Node(key, type, original, value);
    (this.map ??= new Map()).set(key, node);
    if (this.last === undefined) this.first = node;
    else this.last.following = node;
    this.last = node;
  }

  compact(): void {
    const map = this.map!;
    let last: Node | undefined;
    let node = this.first;
    this.first = undefined;
    for (; node !== undefined; node = node.following) {
      if (node.type === NIL) {
        if (map.get(node.key) === node) {
          map.delete(node.key);
          if (node.keyType === INTEGER && typeof node.key === 'number') this.integers--;
        }
      } else {
        if (last === undefined) this.first = node;
        else last.following = node;
        last = node;
      }
    }
    this.cursor = undefined;
    this.last = last;
    if (last !== undefined) last.following = undefined;
    this.dead = 0;
  }

  /** A border: n such that t[n] is not nil and t[n + 1] is. */
  length(): number {
    const length = this.list.length;
    if (this.integers === 0 || length > 0) return length;
    // Keys that were set from above: PUC Lua may have them in its array part, and so finds other borders; any is right.
    let border = 0;
    while (this.getInteger(border + 1).type !== NIL) border++;
    return border;
  }
}

function setChecked(L: Thread, table: Table, key: TValue, value: TValue): void {
  if (key.type === NIL) fengari.runtimeError(L, 'table index is nil');
  if (key.type === FLOAT && Number.isNaN(key.value)) fengari.runtimeError(L, 'table index is NaN');
  table.set(key, value);
}

/** Replaces key and value at `index` and above by those that follow; false at the end. */
export function next(L: Thread, table: Table, index: number): boolean {
  const key = L.stack[index]!;
  const value = L.stack[index + 1]!;
  const list = table.list;
  let position = 0;
  let node: Node | undefined;
  if (key.type === NIL) node = table.first;
  else {
    const found = keyOf(key)!;
    const at = typeof found === 'number' ? found : 0;
    if (at >= 1 && at <= list.length && Number.isInteger(at)) {
      position = at;
      node = table.first;
    } else {
      const cursor = table.cursor;
      const from = cursor !== undefined && cursor.key === found ? cursor : table.map?.get(found);
      if (from !== undefined) {
        node = from.following;
        position = list.length;
      } else if (Number.isInteger(at) && at > list.length && at <= table.cleared) {
        position = list.length;
        node = table.first;
      } else fengari.runtimeError(L, "invalid key to 'next'");
    }
  }
  for (; position < list.length; position++) {
    const slot = list[position]!;
    if (slot.type !== NIL) {
      key.type = INTEGER;
      key.value = position + 1;
      value.type = slot.type;
      value.value = slot.value;
      return true;
    }
  }
  while (node !== undefined && node.type === NIL) node = node.following;
  table.cursor = node;
  if (node === undefined) return false;
  key.type = node.keyType;
  key.value = node.keyValue;
  value.type = node.type;
  value.value = node.value;
  return true;
}

export const ltable: Readonly<Record<string, unknown>> = {
  Table,
  invalidateTMcache: (table: Table): void => {
    table.flags = 0;
  },
  luaH_new: (): Table => new Table(),
  luaH_get: (_state: Thread, table: Table, key: TValue): TValue => table.get(key),
  luaH_getint: (table: Table, key: number): TValue => table.getInteger(key),
  luaH_getstr: (table: Table, key: TString): TValue => table.getString(key.js),
  luaH_setint: (table: Table, key: number, value: TValue): void => table.setInteger(key, value),
  luaH_setfrom: setChecked,
  luaH_getn: (table: Table): number => table.length(),
  luaH_next: next,
};
