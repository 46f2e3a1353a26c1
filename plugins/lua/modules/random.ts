import { randomBytes, randomInt } from 'node:crypto';
import type { HostFunction } from '../engine/engine.ts';
import { classOf, module } from './library.ts';

/** More than any script needs at once, and little enough not to stall the process. */
const MOST = 1 << 20;

const bytes =
  (argument: number): HostFunction =>
  (call) => {
    const count = call.int(argument);
    if (count < 0 || count > MOST) call.failArgument(argument, `between 0 and ${MOST} bytes can be had`);
    call.pushBytes(randomBytes(count));
    return 1;
  };

/** `openssl.rand`, of luaossl. There is nothing to be seeded. */
export const rand: HostFunction = module({
  bytes: bytes(1),
  ready: (call) => {
    call.pushBoolean(true);
    return 1;
  },
  uniform: (call) => {
    const bound = call.optionalInt(1, 2 ** 32);
    if (bound < 1) call.failArgument(1, 'must be positive');
    call.pushInteger(bound < 2 ** 48 ? randomInt(bound) : Number(randomBytes(8).readBigUInt64LE() % BigInt(bound)));
    return 1;
  },
  add: () => 0,
  stir: (call) => {
    call.pushBoolean(true);
    return 1;
  },
});

const callable = classOf<object>({
  name: 'randbytes',
  methods: { bytes: bytes(2), uread: bytes(2), read: bytes(2), urandom: bytes(2), random: bytes(2) },
  meta: { __call: bytes(2) },
});

/** `randbytes`: a table that can be called. */
export const randbytes: HostFunction = (call) => {
  call.pushObject(callable(call.state), {});
  return 1;
};
