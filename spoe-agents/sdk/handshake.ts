import { CodecError, FRAME, SPOP_VERSION, STATUS, statusText } from './protocol.ts';
import type { SpopReader } from './reader.ts';
import { uint32, type SpopInput, type SpopValue } from './values.ts';
import type { SpopWriter } from './writer.ts';

/** SPOE.txt 3.2.4. What is `undefined` was not there. */
export interface HaproxyHello {
  /** `supported-versions`, e.g. `['2.0']`. */
  readonly versions: readonly string[] | undefined;
  readonly maxFrameSize: number | undefined;
  readonly capabilities: readonly string[] | undefined;
  readonly engineId: string | undefined;
  readonly healthcheck: boolean;
}

/** SPOE.txt 3.2.5. */
export interface AgentHello {
  readonly version: string | undefined;
  readonly maxFrameSize: number | undefined;
  readonly capabilities: readonly string[] | undefined;
}

/** SPOE.txt 3.2.8 and 3.2.9. */
export interface Disconnect {
  readonly status: number;
  readonly message: string;
}

/** Reads what is left of a frame as a KV-LIST. Of a key that comes twice, the last counts. */
export function readItems(reader: SpopReader): Map<string, SpopValue> {
  const items = new Map<string, SpopValue>();
  while (reader.more) items.set(reader.name(), reader.value());
  return items;
}

export function writeItems(writer: SpopWriter, items: Iterable<readonly [key: string, value: SpopInput]>): void {
  for (const [key, value] of items) {
    writer.string(key);
    writer.value(value);
  }
}

/** The payload of a HAPROXY-HELLO. Unknown keys are passed over. */
export function readHaproxyHello(reader: SpopReader): HaproxyHello {
  const items = readItems(reader);
  return {
    versions: list(items, 'supported-versions'),
    maxFrameSize: integer(items, 'max-frame-size'),
    capabilities: list(items, 'capabilities'),
    engineId: text(items, 'engine-id'),
    healthcheck: items.get('healthcheck') === true,
  };
}

/** The payload of an AGENT-HELLO. Unknown keys are passed over. */
export function readAgentHello(reader: SpopReader): AgentHello {
  const items = readItems(reader);
  return {
    version: text(items, 'version')?.trim(),
    maxFrameSize: integer(items, 'max-frame-size'),
    capabilities: list(items, 'capabilities'),
  };
}

/** The payload of either DISCONNECT; what is missing or of a wrong type is 99. */
export function readDisconnect(reader: SpopReader): Disconnect {
  const items = readItems(reader);
  const status = items.get('status-code');
  const message = items.get('message');
  return {
    status: typeof status === 'number' ? status : STATUS.UNKNOWN,
    message: typeof message === 'string' ? message : '',
  };
}

export interface HaproxyHelloOptions {
  readonly maxFrameSize: number;
  readonly capabilities: readonly string[];
  readonly engineId?: string | undefined;
  readonly healthcheck?: boolean | undefined;
  readonly versions?: readonly string[] | undefined;
}

/** A whole HAPROXY-HELLO frame. */
export function writeHaproxyHello(writer: SpopWriter, hello: HaproxyHelloOptions): void {
  writer.beginFrame(FRAME.HAPROXY_HELLO, 0, 0);
  writeItems(writer, [
    ['supported-versions', (hello.versions ?? [SPOP_VERSION]).join(',')],
    ['max-frame-size', uint32(hello.maxFrameSize)],
    ['capabilities', hello.capabilities.join(',')],
  ]);
  if (hello.healthcheck) writeItems(writer, [['healthcheck', true]]);
  if (hello.engineId !== undefined) writeItems(writer, [['engine-id', hello.engineId]]);
  writer.endFrame();
}

/** A whole AGENT-HELLO frame. */
export function writeAgentHello(
  writer: SpopWriter,
  hello: { readonly maxFrameSize: number; readonly capabilities: readonly string[]; readonly version?: string },
): void {
  writer.beginFrame(FRAME.AGENT_HELLO, 0, 0);
  writeItems(writer, [
    ['version', hello.version ?? SPOP_VERSION],
    ['max-frame-size', uint32(hello.maxFrameSize)],
    ['capabilities', hello.capabilities.join(',')],
  ]);
  writer.endFrame();
}

/** A whole DISCONNECT frame. */
export function writeDisconnect(
  writer: SpopWriter,
  side: 'haproxy' | 'agent',
  status: number,
  message: string = statusText(status),
): void {
  writer.beginFrame(side === 'haproxy' ? FRAME.HAPROXY_DISCONNECT : FRAME.AGENT_DISCONNECT, 0, 0);
  writeItems(writer, [
    ['status-code', uint32(status)],
    ['message', message],
  ]);
  writer.endFrame();
}

function text(items: ReadonlyMap<string, SpopValue>, key: string): string | undefined {
  const value = items.get(key);
  if (value === undefined || typeof value === 'string') return value;
  throw new CodecError(STATUS.INVALID, `${key} is not a string`);
}

/** Any of the integer types, as HAProxy takes it. */
function integer(items: ReadonlyMap<string, SpopValue>, key: string): number | undefined {
  const value = items.get(key);
  if (value === undefined || (typeof value === 'number' && value >= 0)) return value;
  throw new CodecError(STATUS.INVALID, `${key} is not a number of bytes`);
}

/** Words between commas; spaces do not count. */
function list(items: ReadonlyMap<string, SpopValue>, key: string): string[] | undefined {
  return text(items, key)
    ?.split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}
