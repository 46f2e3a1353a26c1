import { type Arguments, pure } from 'sluice/plugin';
import { type Convert, type ConverterTable, converter, simple } from './define.ts';

/** A packet's fields by name, in lower case, and its properties by number. */
type Fields = Map<string, number | Buffer>;
type Reading = 'bit' | 'u16' | 'u32' | 'positive-u16' | 'positive-u32' | 'text' | 'pair';

/** Reads what MQTT 5.0 section 1.5 defines; what is cut short is no packet. */
class Reader {
  readonly #bytes: Buffer;
  #at = 0;
  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }
  get left(): number {
    return this.#bytes.length - this.#at;
  }
  number(size: 1 | 2 | 4): number {
    const value = this.#bytes.readUIntBE(this.#at, size);
    this.#at += size;
    return value;
  }
  take(length: number): Buffer {
    if (length > this.left) throw new RangeError('cut short');
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
  text(): Buffer {
    return this.take(this.number(2));
  }
  /** 1 to 4 bytes of 7 bits each, the lowest first. */
  varint(): number {
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.number(1);
      value += (byte & 127) << shift;
      if (byte < 128) return value;
    }
    throw new TypeError('a length of more than 4 bytes');
  }
  read(kind: Reading): number | Buffer | undefined {
    if (kind !== 'text' && kind !== 'pair') {
      const value = this.number(kind === 'bit' ? 1 : kind.endsWith('u16') ? 2 : 4);
      if (kind === 'bit' ? value > 1 : kind.startsWith('positive') && value === 0) throw new TypeError('out of range');
      return value;
    }
    const text = this.text();
    if (kind === 'text') return text;
    this.text();
    return undefined;
  }
}

type Properties = Readonly<Record<number, Reading>>;

/** MQTT 5.0 sections 3.1.2.11, 3.1.3.2 and 3.2.2.3. */
const CONNECT_PROPERTIES: Properties = {
  17: 'u32',
  33: 'positive-u16',
  39: 'positive-u32',
  34: 'u16',
  25: 'bit',
  23: 'bit',
  38: 'pair',
  21: 'text',
  22: 'text',
};
const WILL_PROPERTIES: Properties = { 24: 'u32', 1: 'bit', 2: 'u32', 3: 'text', 8: 'text', 9: 'text', 38: 'pair' };
const CONNACK_PROPERTIES: Properties = {
  17: 'u32',
  33: 'positive-u16',
  36: 'bit',
  37: 'bit',
  39: 'positive-u32',
  18: 'text',
  34: 'u16',
  31: 'text',
  38: 'pair',
  40: 'bit',
  41: 'bit',
  42: 'bit',
  19: 'u16',
  26: 'text',
  28: 'text',
  21: 'text',
  22: 'text',
};

/** Reads properties, each of which but the user's may stand once. */
function readProperties(from: Reader, known: Properties, fields: Fields): 'ok' | 'twice' | 'unknown' {
  const reader = new Reader(from.take(from.varint()));
  const seen = new Set<number>();
  while (reader.left > 0) {
    const id = reader.number(1);
    const kind = known[id];
    if (kind === undefined) return 'unknown';
    if (seen.has(id) && kind !== 'pair') return 'twice';
    seen.add(id);
    const value = reader.read(kind);
    if (value !== undefined) fields.set(String(id), value);
  }
  // Numbers that are not there are 0.
  for (const [id, kind] of Object.entries(known))
    if (kind !== 'text' && kind !== 'pair' && !fields.has(id)) fields.set(id, 0);
  return 'ok';
}

/** MQTT 5.0 section 3.1, and 3.1.1 section 3.1. */
function readConnect(reader: Reader): Fields | undefined {
  const fields: Fields = new Map();
  const name = reader.text();
  if (name.length === 0) return undefined;
  fields.set('protocol_name', name);
  const version = reader.number(1);
  if (version < 3 || version > 5) return undefined;
  fields.set('protocol_version', version);
  const flags = reader.number(1);
  fields.set('flags', flags);
  const hasWill = (flags & 4) !== 0;
  if (flags & 1 || (!hasWill && (flags & 0x18) === 0x18)) return undefined;
  fields.set('keepalive', reader.number(2));
  if (version === 5 && readProperties(reader, CONNECT_PROPERTIES, fields) !== 'ok') return undefined;
  fields.set('client_identifier', reader.text());
  if (hasWill) {
    if (version === 5 && readProperties(reader, WILL_PROPERTIES, fields) !== 'ok') return undefined;
    fields.set('will_topic', reader.text());
    fields.set('will_payload', reader.text());
  }
  if (flags & 0x80) fields.set('username', reader.text());
  if (flags & 0x40) fields.set('password', reader.text());
  return fields;
}

/** Section 3.2. Only version 5 has properties, so their being there tells it. */
function readConnack(reader: Reader): Fields | 'unknown' | undefined {
  const fields: Fields = new Map();
  const flags = reader.number(1);
  if (flags & 0xfe) return undefined;
  fields.set('flags', flags);
  fields.set('reason_code', reader.number(1));
  fields.set('protocol_version', reader.left > 0 ? 5 : 4);
  const properties = reader.left > 0 ? readProperties(reader, CONNACK_PROPERTIES, fields) : 'ok';
  return properties === 'ok' ? fields : properties === 'unknown' ? properties : undefined;
}

const CONNECT = 1;
const CONNACK = 2;

interface Packet {
  readonly type: number;
  readonly fields: Fields;
}

/** The packet the bytes begin with; `unknown` while not all of it has come, or when nothing can be said of it. */
function parse(bytes: Buffer): Packet | 'unknown' | undefined {
  const reader = new Reader(bytes);
  if (bytes.length < 2) return 'unknown';
  const first = reader.number(1);
  const type = first >> 4;
  if (type !== CONNECT && type !== CONNACK) return undefined;
  if (first & 15) return undefined;
  let body: Buffer;
  try {
    const length = reader.varint();
    if (length > reader.left) return 'unknown';
    body = reader.take(length);
  } catch {
    return undefined;
  }
  try {
    const inner = new Reader(body);
    const fields = type === CONNECT ? readConnect(inner) : readConnack(inner);
    if (fields === 'unknown') return fields;
    return fields && inner.left === 0 ? { type, fields } : undefined;
  } catch (error) {
    if (error instanceof RangeError || error instanceof TypeError) return undefined;
    throw error;
  }
}

const TYPES: readonly string[] = [
  'connect',
  'connack',
  'publish',
  'puback',
  'pubrec',
  'pubrel',
  'pubcomp',
  'subscribe',
  'suback',
  'unsubscribe',
  'unsuback',
  'pingreq',
  'pingresp',
  'disconnect',
  'auth',
];

/** The names of a packet's fields, by type. */
const NAMES: Readonly<Record<number, readonly string[]>> = {
  [CONNECT]: [
    'flags',
    'protocol_name',
    'protocol_version',
    'client_identifier',
    'will_topic',
    'will_payload',
    'username',
    'password',
    'keepalive',
    ...Object.keys(CONNECT_PROPERTIES),
    ...Object.keys(WILL_PROPERTIES),
  ],
  [CONNACK]: ['flags', 'protocol_version', 'reason_code', ...Object.keys(CONNACK_PROPERTIES)],
};

function fieldValue(args: Arguments): Convert {
  const [typeText, fieldText] = [args.text(0), args.text(1)];
  const type = /^[0-9]+$/.test(typeText) ? Number(typeText) : TYPES.indexOf(typeText.toLowerCase()) + 1;
  if (type < 1 || type > TYPES.length) args.fail(`Unknown MQTT type '${typeText}'`);
  const field = fieldText.toLowerCase();
  if (!NAMES[type]?.includes(field)) args.fail(`Unknown MQTT field name '${fieldText}' for packet type '${typeText}'`);
  return pure((value) => {
    const packet = parse(value as Buffer);
    if (packet === undefined || packet === 'unknown' || packet.type !== type) return undefined;
    const found = packet.fields.get(field);
    return found instanceof Uint8Array ? found.toString('latin1') : found?.toString();
  });
}

/** MQTT 3.1, 3.1.1 and 5.0: the packets a connection begins with. configuration.txt 7.3.1. */
export const mqttConverters: ConverterTable = {
  ...simple('mqtt_is_valid', 'bin => bool', 'Whether the bytes are an MQTT CONNECT or CONNACK.', (bytes: Buffer) => {
    const packet = parse(bytes);
    return packet === 'unknown' ? undefined : packet !== undefined;
  }),
  ...converter(
    'mqtt_field_value',
    'string,string',
    'bin => str',
    'A field or property of an MQTT CONNECT or CONNACK.',
    fieldValue,
  ),
};
