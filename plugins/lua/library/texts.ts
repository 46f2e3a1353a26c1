import { type IpAddress, parseAddress, parseMask, maskOf } from 'sluice/plugin';
import { classKey, type ClassKey } from '../class-key.ts';
import type { LuaCall } from '../engine/engine.ts';
import type { World } from '../world.ts';

/** What `core.parse_addr` gives: an address, and how much of it counts. */
interface ParsedAddress {
  readonly address: IpAddress;
  readonly mask: Uint8Array;
}
const ADDRESS: ClassKey<ParsedAddress> = classKey('Address');

function parse(text: string): ParsedAddress | undefined {
  const slash = text.indexOf('/');
  const address = parseAddress(slash < 0 ? text : text.slice(0, slash));
  if (address === undefined) return undefined;
  const bits = address.family === 4 ? 32 : 128;
  if (slash < 0) return { address, mask: maskOf(bits, address.family) };
  const mask = parseMask(text.slice(slash + 1), address.family);
  return mask && { address, mask };
}

function matches(a: ParsedAddress, b: ParsedAddress): boolean {
  if (a.address.family !== b.address.family) return false;
  return a.address.bytes.every((byte, at) => {
    const mask = a.mask[at]! & b.mask[at]!;
    return (byte & mask) === (b.address.bytes[at]! & mask);
  });
}

/** `core.tokenize`, `parse_addr`, `match_addr`. */
export function texts(world: World): void {
  const type = world.define(ADDRESS, { methods: {} });
  const addressAt = (call: LuaCall, index: number): ParsedAddress | undefined =>
    call.isObject(index, type) ? call.object(index, type) : parse(call.string(index));

  world.functions('core', {
    tokenize(call) {
      const text = call.string(1);
      const separators = call.string(2);
      const noBlank = call.count > 2 && call.boolean(3);
      call.newTable();
      let count = 0;
      const add = (part: string): void => {
        if (noBlank && part === '') return;
        call.pushString(part);
        call.setIndex(-2, ++count);
      };
      let start = 0;
      for (let at = 0; at < text.length; at++) {
        if (!separators.includes(text[at]!)) continue;
        add(text.slice(start, at));
        start = at + 1;
      }
      add(text.slice(start));
      return 1;
    },
    parse_addr(call) {
      const parsed = parse(call.string(1));
      if (parsed === undefined) call.pushNil();
      else call.pushObject(type, parsed);
      return 1;
    },
    match_addr(call) {
      if (call.count !== 2) call.fail("'match_addr' needs 2 arguments");
      const [a, b] = [addressAt(call, 1), addressAt(call, 2)];
      call.pushBoolean(a !== undefined && b !== undefined && matches(a, b));
      return 1;
    },
  });
}
