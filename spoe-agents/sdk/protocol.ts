/**
 * The numbers of SPOP 2.0 and their names. SPOE.txt chapter 3; what HAProxy 2.x adds (fragmentation, `async`) is said where it is used.
 */

/** The version that HAProxy 2.x and 3.x speak, and this library. */
export const SPOP_VERSION = '2.0';

/** SPOE.txt 3.2: the smallest `max-frame-size` that either side may ask for, in bytes. */
export const MIN_FRAME_SIZE = 256;
/** What HAProxy announces by default: tune.bufsize (16384) without the four bytes of the frame's length. */
export const DEFAULT_FRAME_SIZE = 16_380;

/** SPOE.txt 3.2.2. `UNSET` carries on a fragmented NOTIFY; HAProxy up to 3.0 only. */
export const FRAME = {
  UNSET: 0,
  HAPROXY_HELLO: 1,
  HAPROXY_DISCONNECT: 2,
  NOTIFY: 3,
  AGENT_HELLO: 101,
  AGENT_DISCONNECT: 102,
  ACK: 103,
} as const;

/** The names of the specification, as `sluice spop-dump` prints them. */
export type FrameName =
  | 'UNSET'
  | 'HAPROXY-HELLO'
  | 'HAPROXY-DISCONNECT'
  | 'NOTIFY'
  | 'AGENT-HELLO'
  | 'AGENT-DISCONNECT'
  | 'ACK';

const FRAME_NAMES: Readonly<Record<number, FrameName>> = {
  0: 'UNSET',
  1: 'HAPROXY-HELLO',
  2: 'HAPROXY-DISCONNECT',
  3: 'NOTIFY',
  101: 'AGENT-HELLO',
  102: 'AGENT-DISCONNECT',
  103: 'ACK',
};

/** The name of a frame's type; `undefined` for a number that SPOP does not have. */
export function frameName(type: number): FrameName | undefined {
  return FRAME_NAMES[type];
}

/** SPOE.txt 3.2: bits of the 32 flags. */
export const FLAG = {
  /** The last, or only, fragment. */
  FIN: 1,
  /** The frame that was begun is not to be completed. */
  ABORT: 2,
} as const;

/** SPOE.txt 3.1: the low four bits of a value's first byte. */
export const DATA = {
  NULL: 0,
  BOOL: 1,
  INT32: 2,
  UINT32: 3,
  INT64: 4,
  UINT64: 5,
  IPV4: 6,
  IPV6: 7,
  STR: 8,
  BIN: 9,
} as const;

/** `DATA_TYPES[DATA.X]` is the name of that type. */
export const DATA_TYPES = [
  'null',
  'bool',
  'int32',
  'uint32',
  'int64',
  'uint64',
  'ipv4',
  'ipv6',
  'string',
  'binary',
] as const;
export type DataType = (typeof DATA_TYPES)[number];

/** SPOE.txt 3.4: `SCOPES[n]` is the scope that the wire calls n. */
export const SCOPES = ['proc', 'sess', 'txn', 'req', 'res'] as const;
export type Scope = (typeof SCOPES)[number];
/** The number of a scope on the wire. */
export const SCOPE: { readonly [scope in Scope]: number } = { proc: 0, sess: 1, txn: 2, req: 3, res: 4 };

/** SPOE.txt 3.4. */
export const ACTION = { SET_VAR: 1, UNSET_VAR: 2 } as const;

/** SPOE.txt 3.5. An agent may use other numbers for errors of its own. */
export const STATUS = {
  NORMAL: 0,
  IO: 1,
  TIMEOUT: 2,
  TOO_BIG: 3,
  INVALID: 4,
  NO_VERSION: 5,
  NO_FRAME_SIZE: 6,
  NO_CAPABILITIES: 7,
  BAD_VERSION: 8,
  BAD_FRAME_SIZE: 9,
  NO_FRAGMENTATION: 10,
  INTERLACED: 11,
  NO_FRAME: 12,
  RESOURCES: 13,
  UNKNOWN: 99,
} as const;
export type Status = (typeof STATUS)[keyof typeof STATUS];

const STATUS_TEXTS: { readonly [status in Status]: string } = {
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
  10: 'payload fragmentation is not supported',
  11: 'invalid interlaced frames',
  12: 'frame-id not found',
  13: 'resource allocation error',
  99: 'an unknown error occurred',
};

/** What a status code says, in the words of the specification's table. */
export function statusText(status: number): string {
  return STATUS_TEXTS[status as Status] ?? 'an error of the agent';
}

/** The one error that reading bytes can throw. `code` is what a DISCONNECT frame would say. */
export class CodecError extends Error {
  override readonly name = 'CodecError';
  readonly code: Status;

  constructor(code: Status, message: string) {
    super(message);
    this.code = code;
  }
}
