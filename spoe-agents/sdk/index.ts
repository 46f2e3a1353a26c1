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
export {
  decodeFrame,
  readActions,
  type DecodedAction,
  type DecodedFrame,
  type DecodedMessage,
  type NamedValue,
  type TypedValue,
} from './decode.ts';
export { formatFrame } from './print.ts';
export { createAgent, type Agent, type AgentOptions } from './agent.ts';
export type { Args } from './args.ts';
export type { Body } from './body.ts';
export type { Capability, Handler } from './agent-state.ts';
export type { AnyVars, Context, VarNames, VarValue } from './context.ts';
export type { AgentCounters } from './counters.ts';
export type { ListenAddress, ListenOptions } from './listen.ts';
export { consoleLogger, silentLogger, type AgentLogger } from './logger.ts';
export { TestClient, type TestAck, type TestClientOptions, type TestMessage } from './test-client.ts';
export { readHeaders, type Headers } from './headers.ts';
