import { type IpAddress, type Value, asString, parseIpv4, parseIpv6 } from 'sluice/plugin';
import { type ConverterTable, converter, simple } from './define.ts';

/** RFC 7239 section 6: a node's name and, behind a colon, its port; `_…` stands for what is not to be told. */
const NODE_NAME = /^(?:unknown|_[A-Za-z0-9._-]+|[0-9.]+|\[[0-9A-Fa-f:.]+\])$/;
const NODE_PORT = /^(?:[0-9]{1,5}|_[A-Za-z0-9._-]+)$/;

interface Node {
  readonly name: string;
  readonly port: string | undefined;
}

function parseNode(text: string): Node | undefined {
  const [, name, port] = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/s.exec(text) ?? [];
  if (name === undefined || !NODE_NAME.test(name) || (port !== undefined && !NODE_PORT.test(port))) return undefined;
  if (port !== undefined && /^[0-9]/.test(port) && Number(port) > 65535) return undefined;
  return /^[[0-9]/.test(name) && !addressOf(name) ? undefined : { name, port };
}

const addressOf = (name: string): IpAddress | undefined =>
  name.startsWith('[') ? parseIpv6(name.slice(1, -1)) : parseIpv4(name);

const HOST = /^(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~%!$&'()*+,;=-]*)(?::[0-9]*)?$/;

const VALUES: Readonly<Record<string, (value: string) => boolean>> = {
  for: (value) => parseNode(value) !== undefined,
  by: (value) => parseNode(value) !== undefined,
  host: (value) => value !== '' && HOST.test(value),
  proto: (value) => value === 'http' || value === 'https',
};

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** The parameters of one forwarded element; undefined when it does not follow the grammar. */
function parseForwarded(text: string): Map<string, string> | undefined {
  const fields = new Map<string, string>();
  const pairs = text.match(/(?:"(?:\\[^]|[^"\\])*"|[^;"])+/g) ?? [];
  if (pairs.length === 0 || text.split(';').length < pairs.length || /^\s*;|;\s*$|;\s*;/.test(text)) return undefined;
  for (const pair of pairs) {
    const equals = pair.indexOf('=');
    const name = pair.slice(0, Math.max(0, equals)).trim().toLowerCase();
    const raw = pair.slice(equals + 1).trim();
    const quoted = /^"(?:\\[^]|[^"\\])*"$/.test(raw);
    const value = quoted ? raw.slice(1, -1).replace(/\\([^])/g, '$1') : raw;
    if (!Object.hasOwn(VALUES, name) || fields.has(name)) return undefined;
    if ((!quoted && !TOKEN.test(raw)) || !VALUES[name]!(value)) return undefined;
    fields.set(name, value);
  }
  return fields;
}

/** A port is an integer, unless it is obfuscated. */
function portOf(text: string): Value | undefined {
  const port = parseNode(text)?.port;
  return port === undefined || port.startsWith('_') ? port : Number(port);
}

const OBFUSCATED = /^[A-Za-z0-9._-]+$/;

function nodeName(value: Value): string | undefined {
  if (typeof value === 'object' && !(value instanceof Uint8Array))
    return value.family === 6 ? `[${value.text}]` : value.text;
  const text = asString(value);
  return text === '' ? 'unknown' : OBFUSCATED.test(text) ? `_${text}` : undefined;
}

function nodePort(value: Value): string | undefined {
  if (typeof value === 'number') return value >= 0 && value <= 65535 ? String(value) : undefined;
  const text = asString(value);
  return OBFUSCATED.test(text) ? `_${text}` : undefined;
}

/** Converters over Forwarded fields. configuration.txt 7.3.1, RFC 7239. */
export const forwardedConverters: ConverterTable = {
  ...simple(
    'rfc7239_is_valid',
    'str => bool',
    'Whether the text is a Forwarded element.',
    (text: string) => parseForwarded(text) !== undefined,
  ),
  ...converter('rfc7239_field', 'string', 'str => str', 'A parameter of a Forwarded element.', (args) => {
    const name = args.text(0);
    if (!Object.hasOwn(VALUES, name)) args.fail("expects 'proto', 'host', 'for' or 'by'");
    return (value) => parseForwarded(value as string)?.get(name);
  }),
  ...simple(
    'rfc7239_n2nn',
    'str => any',
    "A node's name: an address, `unknown`, or an obfuscated one.",
    (text: string) => {
      const name = parseNode(text)?.name;
      return name === undefined ? undefined : (addressOf(name) ?? name);
    },
  ),
  ...simple('rfc7239_n2np', 'str => any', "A node's port: an integer or an obfuscated one.", portOf),
  ...simple('rfc7239_nn', 'any => str', "A node's name of an address or of a text to obfuscate.", nodeName),
  ...simple('rfc7239_np', 'any => str', "A node's port of an integer or of a text to obfuscate.", nodePort),
};
