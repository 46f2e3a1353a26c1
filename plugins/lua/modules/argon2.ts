import { argon2d, argon2i, argon2id } from '@noble/hashes/argon2.js';
import { timingSafeEqual } from 'node:crypto';
import type { HostFunction, LuaCall } from '../engine/engine.ts';
import { library } from './library.ts';

const VARIANTS = { argon2d, argon2i, argon2id };
type Variant = keyof typeof VARIANTS;
interface Options {
  t_cost: number;
  m_cost: number;
  parallelism: number;
  hash_len: number;
  variant: Variant;
}
const NUMBERS = ['t_cost', 'm_cost', 'parallelism', 'hash_len'] as const;
/** The most of each: a hash is computed while nothing else runs. */
const MOST: Readonly<Record<(typeof NUMBERS)[number], number>> = {
  t_cost: 32,
  m_cost: 1 << 18,
  parallelism: 64,
  hash_len: 1024,
};

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64').replace(/=+$/, '');

function hash(password: Buffer, salt: Buffer, options: Options): Uint8Array {
  return VARIANTS[options.variant](password, salt, {
    t: options.t_cost,
    m: options.m_cost,
    p: options.parallelism,
    dkLen: options.hash_len,
  });
}

/** The string form of the reference implementation: `$argon2id$v=19$m=…,t=…,p=…$salt$hash`. */
function encoded(password: Buffer, salt: Buffer, options: Options): string {
  const { variant, m_cost: m, t_cost: t, parallelism: p } = options;
  return `$${variant}$v=19$m=${m},t=${t},p=${p}$${base64(salt)}$${base64(hash(password, salt, options))}`;
}

const ENCODED = /^\$(argon2(?:i|d|id))\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/;

function verifies(text: string, password: Buffer): boolean | string {
  const match = ENCODED.exec(text);
  if (match === null) return 'Decoding failed';
  const expected = Buffer.from(match[6]!, 'base64');
  const options: Options = {
    variant: match[1] as Variant,
    m_cost: Number(match[2]),
    t_cost: Number(match[3]),
    parallelism: Number(match[4]),
    hash_len: expected.length,
  };
  if (NUMBERS.some((name) => options[name] > MOST[name])) return 'Memory cost is too large';
  return timingSafeEqual(hash(password, Buffer.from(match[5]!, 'base64'), options), expected);
}

function chosen(call: LuaCall, defaults: Options): Options {
  const options = { ...defaults };
  if (call.kind(3) !== 'table') return options;
  for (const name of NUMBERS) {
    if (call.getField(3, name) !== 'nil') options[name] = call.int(-1);
    call.pop();
  }
  if (call.getField(3, 'variant') !== 'nil') options.variant = variantAt(call, -1);
  call.pop();
  return options;
}

/** A variant by the value that `argon2.variants` gives it, which is its name here. */
function variantAt(call: LuaCall, index: number): Variant {
  const name = call.string(index);
  return name in VARIANTS ? (name as Variant) : call.failArgument(Math.max(1, index), `invalid variant '${name}'`);
}

function refusal(options: Options, salt: Buffer): string | undefined {
  if (salt.length < 8) return 'Salt is too short';
  if (options.t_cost < 1) return 'Time cost is too small';
  if (options.m_cost < 8 * options.parallelism) return 'Memory cost is too small';
  if (options.hash_len < 4) return 'Output is too short';
  return NUMBERS.some((name) => options[name] > MOST[name]) ? 'Memory cost is too large' : undefined;
}

/** `argon2`: lua-argon2 3. */
export const argon2: HostFunction = (call) => {
  const defaults: Options = { t_cost: 3, m_cost: 4096, parallelism: 1, hash_len: 32, variant: 'argon2i' };
  const setters = NUMBERS.map((name): [string, HostFunction] => [
    name,
    (at) => {
      if (at.count > 0) defaults[name] = Math.min(at.int(1), MOST[name]);
      at.pushInteger(defaults[name]);
      return 1;
    },
  ]);
  library(call, {
    ...Object.fromEntries(setters),
    variant: (at) => {
      if (at.count > 0) defaults.variant = variantAt(at, 1);
      at.pushString(defaults.variant);
      return 1;
    },
    hash_encoded: (at) => {
      const [password, salt, options] = [at.bytes(1), at.bytes(2), chosen(at, defaults)];
      const why = refusal(options, salt);
      if (why !== undefined) {
        at.pushNil();
        at.pushString(why);
        return 2;
      }
      at.pushString(encoded(password, salt, options));
      return 1;
    },
    verify: (at) => {
      const outcome = verifies(at.string(1), at.bytes(2));
      if (typeof outcome === 'boolean') {
        at.pushBoolean(outcome);
        return 1;
      }
      at.pushNil();
      at.pushString(outcome);
      return 2;
    },
  });
  call.newTable();
  for (const [name, variant] of [
    ['argon2_d', 'argon2d'],
    ['argon2_i', 'argon2i'],
    ['argon2_id', 'argon2id'],
  ] as const) {
    call.pushString(variant);
    call.setField(-2, name);
  }
  call.setField(-2, 'variants');
  return 1;
};
