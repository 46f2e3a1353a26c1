import type { IpAddress, TypeName, Value } from '../api/values.ts';
import { embeddedIpv4, integerFromIpv4, ipAddress, ipv4FromInteger, mapToIpv6, parseAddress } from './addresses.ts';
import { type Integer, integerBytes, parseLeadingInteger } from './integers.ts';

/** Turns a value into another type; undefined when this value has no counterpart there. */
export type Cast = (value: Value) => Value | undefined;

/** The type of a value as it is, for samples whose type is known at run time only. */
export function typeOf(value: Value): TypeName {
  switch (typeof value) {
    case 'boolean':
      return 'bool';
    case 'number':
    case 'bigint':
      return 'sint';
    case 'string':
      return 'str';
    default:
      if (value instanceof Uint8Array) return 'bin';
      return value.family === 4 ? 'ipv4' : 'ipv6';
  }
}

/** A byte string up to the first NUL: strings of HAProxy end there. */
function upToNul(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString('latin1', 0, end < 0 ? bytes.length : end);
}

/** Any value as a byte string: what log formats and string converters see. */
export function asString(value: Value): string {
  switch (typeof value) {
    case 'string':
      return value;
    case 'boolean':
      return value ? '1' : '0';
    case 'number':
    case 'bigint':
      return String(value);
    default:
      return value instanceof Uint8Array ? upToNul(value) : value.text;
  }
}

/** Any value as bytes. */
export function asBinary(value: Value): Buffer {
  switch (typeof value) {
    case 'string':
      return Buffer.from(value, 'latin1');
    case 'boolean':
      return integerBytes(value ? 1 : 0);
    case 'number':
    case 'bigint':
      return integerBytes(value);
    default:
      return value instanceof Uint8Array ? value : Buffer.from(value.bytes);
  }
}

/** As a 64-bit integer; undefined for binary, IPv6 and the empty string. */
export function asInteger(value: Value): Integer | undefined {
  switch (typeof value) {
    case 'string':
      return parseLeadingInteger(value);
    case 'boolean':
      return value ? 1 : 0;
    case 'number':
    case 'bigint':
      return value;
    default:
      if (value instanceof Uint8Array || value.family === 6) return undefined;
      return integerFromIpv4(value.bytes);
  }
}

/** As a truth value: integers but 0 are true; strings are read as integers. */
export function asBoolean(value: Value): boolean | undefined {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'object') return undefined;
  const integer = asInteger(value);
  return integer === undefined ? undefined : integer !== 0;
}

/** As an address of either family. */
export function asAddress(value: Value): IpAddress | undefined {
  switch (typeof value) {
    case 'string':
      return parseAddress(value);
    case 'boolean':
      return undefined;
    case 'number':
    case 'bigint':
      return ipv4FromInteger(Number(BigInt.asUintN(32, BigInt(value))));
    default:
      if (!(value instanceof Uint8Array)) return value;
      return value.length === 4 || value.length === 16 ? ipAddress(value) : undefined;
  }
}

function asIpv4(value: Value): IpAddress | undefined {
  const address = asAddress(value);
  if (!address || address.family === 4) return address;
  const bytes = embeddedIpv4(address.bytes);
  return bytes && ipAddress(bytes);
}

function asIpv6(value: Value): IpAddress | undefined {
  const address = asAddress(value);
  return !address || address.family === 6 ? address : ipAddress(mapToIpv6(address.bytes));
}

const CASTS: Readonly<Record<Exclude<TypeName, 'any'>, Cast>> = {
  bool: asBoolean,
  sint: asInteger,
  str: asString,
  meth: asString,
  bin: asBinary,
  addr: asAddress,
  ipv4: asIpv4,
  ipv6: asIpv6,
};

/** What each type can become; the implicit casts of configuration.txt 7.3, as HAProxy applies them. */
const TARGETS: Readonly<Record<TypeName, readonly TypeName[]>> = {
  any: ['any', 'bool', 'sint', 'str', 'meth', 'bin', 'addr', 'ipv4', 'ipv6'],
  bool: ['any', 'bool', 'sint', 'str', 'bin'],
  sint: ['any', 'bool', 'sint', 'str', 'bin', 'addr', 'ipv4', 'ipv6'],
  addr: ['any', 'sint', 'str', 'bin', 'addr', 'ipv4', 'ipv6'],
  ipv4: ['any', 'sint', 'str', 'bin', 'addr', 'ipv4', 'ipv6'],
  ipv6: ['any', 'str', 'bin', 'addr', 'ipv4', 'ipv6'],
  str: ['any', 'bool', 'sint', 'str', 'meth', 'bin', 'addr', 'ipv4', 'ipv6'],
  bin: ['any', 'str', 'meth', 'bin', 'addr', 'ipv4', 'ipv6'],
  meth: ['any', 'str', 'meth', 'bin'],
};

/** Whether a sample of type `from` may stand where `to` is wanted. Of `any` only the run time can tell. */
export function canCast(from: TypeName, to: TypeName): boolean {
  return TARGETS[from].includes(to);
}

/** The cast between two types, or undefined when the value can go as it is. */
export function castBetween(from: TypeName, to: TypeName): Cast | undefined {
  if (to === 'any' || from === to) return undefined;
  if (to === 'str' || to === 'meth') return from === 'str' || from === 'meth' ? undefined : asString;
  if (to === 'addr')
    return from === 'ipv4' || from === 'ipv6' ? undefined : from === 'any' ? dynamic('addr') : asAddress;
  return from === 'any' ? dynamic(to) : CASTS[to];
}

/** For samples of unknown type: what the static table forbids gives nothing at run time. */
function dynamic(to: Exclude<TypeName, 'any'>): Cast {
  const cast = CASTS[to];
  return (value) => (canCast(typeOf(value), to) ? cast(value) : undefined);
}
