/**
 * `sluice/agent`: agents for HAProxy's Stream Processing Offload Engine, the codec of its protocol, and what it takes to
 * test them. Needs nothing but Node.
 */
export { Ip } from './ip.ts';
export {
  ACTION,
  CodecError,
  DATA,
  DATA_TYPES,
  DEFAULT_FRAME_SIZE,
  FLAG,
  FRAME,
  frameName,
  MIN_FRAME_SIZE,
  SCOPE,
  SCOPES,
  SPOP_VERSION,
  STATUS,
  statusText,
  type DataType,
  type FrameName,
  type Scope,
  type Status,
} from './protocol.ts';
export {
  int32,
  int64,
  stringBytes,
  uint32,
  uint64,
  type SizedInteger,
  type SpopInput,
  type SpopValue,
  type StringBytes,
} from './values.ts';
export { encodeString, SpopWriter, type TextCoding } from './writer.ts';
export { SpopReader } from './reader.ts';
export { FrameSplitter, type FrameSink } from './splitter.ts';
export {
  readAgentHello,
  readDisconnect,
  readHaproxyHello,
  readItems,
  writeAgentHello,
  writeDisconnect,
  writeHaproxyHello,
  writeItems,
  type AgentHello,
  type Disconnect,
  type HaproxyHello,
  type HaproxyHelloOptions,
} from './handshake.ts';
