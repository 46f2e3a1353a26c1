import { ACTION, CodecError, DATA_TYPES, FRAME, frameName, SCOPES, STATUS } from './protocol.ts';
import type { DataType, FrameName, Scope } from './protocol.ts';
import type { SpopReader } from './reader.ts';
import type { SpopValue } from './values.ts';

/** A value with the type that it had on the wire. */
export interface TypedValue {
  readonly type: DataType;
  readonly value: SpopValue;
}

export interface NamedValue extends TypedValue {
  readonly name: string;
}

export interface DecodedMessage {
  readonly name: string;
  readonly args: readonly NamedValue[];
}

export type DecodedAction =
  | {
      readonly kind: 'set-var';
      readonly scope: Scope;
      readonly name: string;
      readonly type: DataType;
      readonly value: SpopValue;
    }
  | { readonly kind: 'unset-var'; readonly scope: Scope; readonly name: string };

/** What a frame holds, by its type. */
export interface DecodedFrame {
  /** The number, for types that SPOP does not have. */
  readonly type: FrameName | number;
  readonly flags: number;
  readonly streamId: number;
  readonly frameId: number;
  /** Of HELLO and DISCONNECT frames. */
  readonly items?: readonly NamedValue[];
  /** Of NOTIFY frames. */
  readonly messages?: readonly DecodedMessage[];
  /** Of ACK frames. */
  readonly actions?: readonly DecodedAction[];
  /** The payload of others, and of fragments. */
  readonly payload?: Buffer;
}

/** Reads a whole frame, without its length, into objects of their own. For tests and tools; on the way of traffic the reader is cheaper. */
export function decodeFrame(reader: SpopReader, frame: Buffer, start = 0, end: number = frame.length): DecodedFrame {
  reader.frame(frame, start, end);
  const { frameType, flags, streamId, frameId } = reader;
  const head = { type: frameName(frameType) ?? frameType, flags, streamId, frameId };
  const whole = (flags & 3) === 1;
  switch (whole ? frameType : FRAME.UNSET) {
    case FRAME.HAPROXY_HELLO:
    case FRAME.HAPROXY_DISCONNECT:
    case FRAME.AGENT_HELLO:
    case FRAME.AGENT_DISCONNECT:
      return { ...head, items: namedValues(reader, Infinity) };
    case FRAME.NOTIFY:
      return { ...head, messages: messages(reader) };
    case FRAME.ACK:
      return { ...head, actions: readActions(reader) };
    default:
      return { ...head, payload: Buffer.from(reader.rest()) };
  }
}

/** What is left of an ACK. @throws CodecError */
export function readActions(reader: SpopReader): DecodedAction[] {
  const actions: DecodedAction[] = [];
  while (reader.more) {
    const type = reader.uint8();
    const count = reader.uint8();
    const wanted = type === ACTION.SET_VAR ? 3 : type === ACTION.UNSET_VAR ? 2 : -1;
    if (count !== wanted) throw new CodecError(STATUS.INVALID, `there is no action ${type} with ${count} arguments`);
    const number = reader.uint8();
    const scope = SCOPES[number];
    if (scope === undefined) throw new CodecError(STATUS.INVALID, `there is no scope ${number}`);
    const name = reader.string();
    if (type === ACTION.UNSET_VAR) actions.push({ kind: 'unset-var', scope, name });
    else actions.push({ kind: 'set-var', scope, name, ...typed(reader) });
  }
  return actions;
}

function messages(reader: SpopReader): DecodedMessage[] {
  const all: DecodedMessage[] = [];
  while (reader.more) {
    const name = reader.string();
    all.push({ name, args: namedValues(reader, reader.uint8()) });
  }
  return all;
}

function namedValues(reader: SpopReader, most: number): NamedValue[] {
  const all: NamedValue[] = [];
  while (all.length < most && (reader.more || most !== Infinity)) all.push({ name: reader.string(), ...typed(reader) });
  return all;
}

function typed(reader: SpopReader): TypedValue {
  const value = reader.value();
  return { type: DATA_TYPES[reader.type]!, value: Buffer.isBuffer(value) ? Buffer.from(value) : value };
}
