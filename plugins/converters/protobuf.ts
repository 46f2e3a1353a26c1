import { type Arguments, type Integer, type Value, pure, wrap } from 'sluice/plugin';
import { type Convert, type ConverterTable, converter } from './define.ts';

/** How a field is turned into an integer; length-delimited fields need no type. */
type Reader = (field: Field) => Integer | undefined;

interface Field {
  readonly wireType: number;
  /** What the field holds, without tag and length. */
  readonly bytes: Buffer;
  readonly varint: bigint;
}

const varint =
  (read: (value: bigint) => bigint): Reader =>
  (field) =>
    field.wireType === 0 ? wrap(read(field.varint)) : undefined;
const plain = varint((value) => value);
const zigzag = varint((value) => (value >> 1n) ^ -(value & 1n));
const fixed =
  (wireType: number, read: (bytes: Buffer) => Integer): Reader =>
  (field) =>
    field.wireType === wireType ? read(field.bytes) : undefined;

const TYPES: Readonly<Record<string, Reader>> = {
  int32: plain,
  uint32: plain,
  int64: plain,
  uint64: plain,
  bool: plain,
  enum: plain,
  sint32: zigzag,
  sint64: zigzag,
  fixed32: fixed(5, (bytes) => bytes.readUInt32LE()),
  sfixed32: fixed(5, (bytes) => bytes.readInt32LE()),
  float: fixed(5, (bytes) => Math.trunc(bytes.readFloatLE())),
  fixed64: fixed(1, (bytes) => wrap(bytes.readBigInt64LE())),
  sfixed64: fixed(1, (bytes) => wrap(bytes.readBigInt64LE())),
  double: fixed(1, (bytes) => Math.trunc(bytes.readDoubleLE())),
};

/** Reads a varint; undefined when it does not end within the bytes or ten of them. */
function readVarint(bytes: Buffer, at: number): { readonly value: bigint; readonly end: number } | undefined {
  let value = 0n;
  for (let i = 0; i < 10 && at + i < bytes.length; i++) {
    const byte = bytes[at + i]!;
    value |= BigInt(byte & 127) << BigInt(7 * i);
    if (byte < 128) return { value: BigInt.asUintN(64, value), end: at + i + 1 };
  }
  return undefined;
}

/** The first field of that number in a message; undefined when there is none, or something broken comes before it. */
function findField(message: Buffer, wanted: number): Field | undefined {
  for (let at = 0; at < message.length;) {
    const tag = readVarint(message, at);
    if (!tag) return undefined;
    const wireType = Number(tag.value & 7n);
    let start = tag.end;
    let end: number;
    let value = 0n;
    if (wireType === 0) {
      const found = readVarint(message, start);
      if (!found) return undefined;
      ({ value, end } = found);
    } else if (wireType === 2) {
      const length = readVarint(message, start);
      if (!length) return undefined;
      start = length.end;
      end = start + Number(length.value);
    } else if (wireType === 1 || wireType === 5) end = start + (wireType === 1 ? 8 : 4);
    // Groups are no part of the language any more.
    else return undefined;
    if (end > message.length) return undefined;
    if (Number(tag.value >> 3n) === wanted) return { wireType, bytes: message.subarray(start, end), varint: value };
    at = end;
  }
  return undefined;
}

/** Follows a path of field numbers through nested messages. */
function findPath(message: Buffer, path: readonly number[]): Field | undefined {
  let inner = message;
  for (const [depth, number] of path.entries()) {
    const field = findField(inner, number);
    if (!field || depth === path.length - 1) return field;
    if (field.wireType !== 2) return undefined;
    inner = field.bytes;
  }
  return undefined;
}

function reader(args: Arguments): (message: Buffer) => Value | undefined {
  const path = args.text(0).split('.').map(Number);
  const name = args.optionalText(1);
  const type = name === undefined ? undefined : TYPES[name];
  if (name !== undefined && !type) args.fail(`Wrong protocol buffer type '${name}'`);
  return (message) => {
    const field = findPath(message, path);
    return type ? field && type(field) : field?.bytes;
  };
}

function protobuf(args: Arguments): Convert {
  const read = reader(args);
  return pure((value) => read(value as Buffer));
}

/** The first message of a gRPC body that has the field: a byte of flags and four of length stand before each. */
function ungrpc(args: Arguments): Convert {
  const read = reader(args);
  return pure((value) => {
    const body = value as Buffer;
    for (let at = 0; at + 5 <= body.length;) {
      const end = at + 5 + body.readUInt32BE(at + 1);
      if (end > body.length) return undefined;
      const found = read(body.subarray(at + 5, end));
      if (found !== undefined) return found;
      at = end;
    }
    return undefined;
  });
}

/** Fields of protocol buffers, without a schema. configuration.txt 7.3.1. */
export const protobufConverters: ConverterTable = {
  ...converter('protobuf', 'protobuf-field,[string]', 'bin => bin', 'A field of a protobuf message.', protobuf),
  ...converter('ungrpc', 'protobuf-field,[string]', 'bin => bin', 'A field of a message of a gRPC body.', ungrpc),
};
