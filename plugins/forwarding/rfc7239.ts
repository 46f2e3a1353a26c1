import { isIPv4, isIPv6 } from 'node:net';
import type { Endpoint, Transaction, Value } from 'sluice/plugin';
import type { Forwarded, Parameter } from './settings.ts';

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** RFC 7239 section 6.3. */
const OBFUSCATED = /^[A-Za-z0-9._-]+$/;

/** The value of a Forwarded field for this request. */
export function forwardedHeader(transaction: Transaction, wanted: Forwarded, host: string | undefined): string {
  const { source, destination } = transaction.connection;
  const parts: string[] = [];
  if (wanted.proto) parts.push('proto=http');
  if (wanted.host) {
    const value = wanted.host === 'own' ? host : text(wanted.host.evaluate(transaction));
    if (value !== undefined && isHost(value)) parts.push(`host="${value}"`);
  }
  if (wanted.by) parts.push(`by=${node(transaction, wanted.by, wanted.byPort, destination)}`);
  if (wanted.for) parts.push(`for=${node(transaction, wanted.for, wanted.forPort, source)}`);
  return parts.join(';');
}

function text(value: Value | undefined): string | undefined {
  if (value === undefined || typeof value === 'boolean') return undefined;
  if (typeof value === 'string') return value;
  if (Buffer.isBuffer(value)) return value.toString('latin1');
  if (typeof value === 'object') return value.text;
  return String(value);
}

function isHost(value: string): boolean {
  return /^[A-Za-z0-9._~!$&'()*+,;=%:[\]-]+$/.test(value);
}

/** RFC 7239 section 6: an address, `unknown` or an obfuscated name, with a port if there is one. */
function node(transaction: Transaction, name: Parameter, port: Parameter | undefined, own: Endpoint): string {
  const shown = name === 'own' ? ownName(own) : nodeName(text(name.evaluate(transaction)));
  const number =
    port === undefined
      ? undefined
      : port === 'own'
        ? own.family === 'unix'
          ? undefined
          : String(own.port)
        : nodePort(text(port.evaluate(transaction)));
  const whole = number === undefined ? shown : `${shown}:${number}`;
  return TOKEN.test(whole) ? whole : `"${whole}"`;
}

function ownName(end: Endpoint): string {
  return end.family === 'unix' ? 'unknown' : nodeName(end.address);
}

function nodeName(value: string | undefined): string {
  if (value === undefined) return 'unknown';
  if (isIPv4(value)) return value;
  if (isIPv6(value)) return `[${value}]`;
  if (!OBFUSCATED.test(value)) return 'unknown';
  return value.startsWith('_') || value === 'unknown' ? value : `_${value}`;
}

function nodePort(value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,5}$/.test(value) && Number(value) <= 65535) return value;
  if (!OBFUSCATED.test(value)) return undefined;
  return value.startsWith('_') ? value : `_${value}`;
}
