import { classKey, type ClassKey } from '../class-key.ts';
import type { World } from '../world.ts';
import { self } from './self.ts';

/** A string that grows at its end; JavaScript's own strings are ropes, which is what lua-api.rst has this class for. */
export class Concat {
  text = '';
}

export const CONCAT: ClassKey<Concat> = classKey('Concat');
/** The longest text: what the state allows a string to be. */
const MAX_LENGTH = 256 * 1024 * 1024;

/** `core.concat`; lua-api.rst, "Concat class". */
export function concat(world: World): void {
  let made = 0;
  const type = world.define(CONCAT, {
    methods: {
      add(call) {
        const target = self(call, type);
        const more = call.string(2);
        if (target.text.length + more.length > MAX_LENGTH) call.fail('resulting string too large');
        target.text += more;
        return 0;
      },
      dump(call) {
        call.pushString(self(call, type).text);
        return 1;
      },
    },
    meta: {
      __tostring(call) {
        const target = call.object(1, type);
        call.pushString(`Concat object: 0x${address(target)}`);
        return 1;
      },
    },
  });
  const addresses = new WeakMap<Concat, string>();
  /** A number that is the object's own, as an address is. */
  const address = (target: Concat): string => {
    let known = addresses.get(target);
    if (known === undefined) addresses.set(target, (known = (++made).toString(16).padStart(12, '0')));
    return known;
  };
  world.functions('core', {
    concat(call) {
      call.pushObject(type, new Concat());
      return 1;
    },
  });
}
