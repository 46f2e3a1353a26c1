import { isIP, isIPv4 } from 'node:net';
import type { Endpoint, Value } from 'sluice/plugin';

/** A sample as an address with a family, as HAProxy casts it; undefined when it is none. */
export function toAddress(value: Value | undefined): Pick<Endpoint, 'family' | 'address'> | undefined {
  if (typeof value === 'object' && !Buffer.isBuffer(value)) return { family: value.family, address: value.text };
  const text = typeof value === 'string' ? value.trim() : '';
  if (!isIP(text)) return undefined;
  return { family: isIPv4(text) ? 4 : 6, address: text };
}

/** A sample as an integer; undefined when it is none. */
export function toInteger(value: Value | undefined): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'string' && /^[ \t]*[+-]?\d+/.test(value)) return Number.parseInt(value, 10);
  return undefined;
}

/** A sample as a byte string. */
export function toText(value: Value | undefined): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return value ? '1' : '0';
  if (Buffer.isBuffer(value)) return value.toString('latin1');
  if (typeof value === 'object') return value.text;
  return String(value);
}
