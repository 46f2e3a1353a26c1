import type { CheckKeyword, CheckResult } from 'sluice/plugin';
import { expectAnswer, noMore, scripted, send } from './builtin.ts';
import { result } from './outcome.ts';

/** Frame types and data types of SPOE.txt 3.2.2 and 3.1. */
const HAPROXY_HELLO = 1;
const AGENT_HELLO = 101;
const AGENT_DISCONNECT = 102;
const TRUE = 0x11;
const UINT32 = 3;
const STRING = 8;
const FINAL = 0x01;
const ABORT = 0x02;

/** What SPOE.txt 3.2.10 calls a disconnection's status. */
const STATUSES: Readonly<Record<number, string>> = {
  0: 'normal',
  1: 'I/O error',
  2: 'a timeout occurred',
  3: 'frame is too big',
  4: 'invalid frame received',
  5: 'version value not found',
  6: 'max-frame-size value not found',
  7: 'capabilities value not found',
  8: 'unsupported version',
  9: 'max-frame-size too big or too small',
  10: 'fragmentation not supported',
  11: 'invalid interlaced frames',
  12: 'frame-id not found',
  13: 'resource allocation error',
};
const UNKNOWN = 'an unknown error occurred';

const failure = (status: number): CheckResult => result('L7RSP', STATUSES[status] ?? UNKNOWN);
const INVALID = failure(4);
/** A frame has at least its type, its flags, and two identifiers of a byte. */
const SHORTEST = 7;
/** The longest frame that fits a buffer, behind its own length; the least that an agent may ask for. */
const LONGEST = 16_380;
const LEAST = 256;

/** A variable-length integer; SPOE.txt 3.1. */
function varint(value: number): number[] {
  if (value < 240) return [value];
  const bytes = [(value & 15) | 240];
  let rest = Math.floor((value - 240) / 16);
  for (; rest >= 128; rest = Math.floor((rest - 128) / 128)) bytes.push((rest & 127) | 128);
  return [...bytes, rest];
}

const text = (value: string): number[] => [...varint(value.length), ...Buffer.from(value, 'latin1')];

/** HAPROXY-HELLO that says that it is a check only. */
function hello(): string {
  // Type, flags, and two identifiers; then names with typed values.
  const head = [HAPROXY_HELLO, 0, 0, 0, FINAL, 0, 0];
  const versions = [...text('supported-versions'), STRING, ...text('2.0')];
  const size = [...text('max-frame-size'), UINT32, ...varint(LONGEST)];
  const capabilities = [...text('capabilities'), STRING, ...text('')];
  const body = [...head, ...versions, ...size, ...capabilities, ...text('healthcheck'), TRUE];
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  return Buffer.concat([length, Buffer.from(body)]).toString('latin1');
}

class Malformed extends Error {}

/** Reads the values of a frame; throws {@link Malformed} where they are none. */
class Values {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw new Malformed();
    return byte;
  }

  integer(): number {
    let value = this.byte();
    if (value < 240) return value;
    for (let scale = 16; ; scale *= 128) {
      const byte = this.byte();
      value += byte * scale;
      if (byte < 128) return value;
      if (scale > Number.MAX_SAFE_INTEGER / 128) throw new Malformed();
    }
  }

  text(): string {
    const length = this.integer();
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new Malformed();
    const value = this.#bytes.toString('latin1', this.#at, end);
    this.#at = end;
    return value;
  }

  /** A typed value: the numbers and texts of it, undefined for the rest. */
  typed(): number | string | undefined {
    const type = this.byte() & 15;
    if (type === 0 || type === 1) return undefined;
    if (type <= 5) return this.integer();
    if (type === 6 || type === 7) {
      for (let left = type === 6 ? 4 : 16; left > 0; left--) this.byte();
      return undefined;
    }
    if (type === 8 || type === 9) return this.text();
    throw new Malformed();
  }
}

function readItems(values: Values): Map<string, number | string | undefined> {
  const items = new Map<string, number | string | undefined>();
  while (!values.done) {
    const name = values.text();
    items.set(name, values.typed());
  }
  return items;
}

/** What the agent's HELLO or DISCONNECT says; the frame is whole. */
function judge(frame: Buffer): CheckResult {
  const values = new Values(frame, 5);
  const type = frame[0];
  const flags = frame.readUInt32BE(1);
  const [stream, id] = [values.integer(), values.integer()];
  if (type !== AGENT_HELLO && type !== AGENT_DISCONNECT) return INVALID;
  if ((flags & FINAL) === 0) return failure(10);
  if (stream !== 0 || id !== 0 || (flags & ABORT) !== 0) return INVALID;
  const items = readItems(values);
  if (type === AGENT_DISCONNECT) {
    const status = items.get('status-code');
    return failure(typeof status === 'number' ? status : 0);
  }
  const version = items.get('version');
  if (items.has('version') && typeof version !== 'string') return INVALID;
  if (version === undefined) return failure(5);
  if ((version as string).trim() !== '2.0') return failure(8);
  const size = items.get('max-frame-size');
  if (items.has('max-frame-size') && typeof size !== 'number') return INVALID;
  if (size === undefined) return failure(6);
  if ((size as number) < LEAST || (size as number) > LONGEST) return failure(9);
  return result('L7OK', 'SPOA server is ok', 0);
}

function readFrame(bytes: Buffer): 'wait' | CheckResult {
  if (bytes.length < 4) return 'wait';
  const length = bytes.readInt32BE(0);
  if (length < 0) return INVALID;
  if (bytes.length < 4 + length) return 'wait';
  if (length < SHORTEST) return INVALID;
  try {
    return judge(bytes.subarray(4, 4 + length));
  } catch (error) {
    if (error instanceof Malformed) return INVALID;
    throw error;
  }
}

export const spopCheck: CheckKeyword = scripted(
  'option spop-check',
  'Checks SPOE agents with the handshake of their protocol.',
  (words) => {
    noMore(words);
    return [send(hello()), expectAnswer(readFrame, INVALID)];
  },
);
