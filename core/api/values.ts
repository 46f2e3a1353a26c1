/**
 * What a sample can be. Values describe themselves, so that no wrapper is allocated per evaluation:
 *
 * | HAProxy type | JavaScript value |
 * |---|---|
 * | `bool` | boolean |
 * | `sint` | number while it is a safe integer, bigint beyond (64-bit signed) |
 * | `str`, `meth` | byte string: a string whose char codes are bytes (latin1) |
 * | `bin` | Buffer |
 * | `ipv4`, `ipv6`, `addr` | {@link IpAddress} |
 *
 * configuration.txt 7.3.
 */
export type Value = boolean | number | bigint | string | Buffer | IpAddress;

/** The type names of configuration.txt 7.3; `addr` is either IP family, `any` is known at run time only. */
export type TypeName = 'bool' | 'sint' | 'str' | 'bin' | 'meth' | 'ipv4' | 'ipv6' | 'addr' | 'any';

/** An IP address in network byte order: 4 or 16 bytes. */
export interface IpAddress {
  readonly family: 4 | 6;
  readonly bytes: Uint8Array;
  /** Canonical text, RFC 5952 for IPv6. */
  readonly text: string;
}

/** One end of a connection. For `unix`, `address` is the path and `port` is 0. */
export interface Endpoint {
  readonly family: 4 | 6 | 'unix';
  readonly address: string;
  readonly port: number;
}

/** A value now or later. A function that need not wait returns no promise: waiting costs the caller a slower path. */
export type Eventually<T> = T | Promise<T>;
