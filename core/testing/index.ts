/** What tests of plugins and of configurations are written with: `sluice/testing`. Any test runner will do. */
export { Client, ClientResponse, connect, request } from './client.ts';
export type { ClientTarget, ConnectOptions, ProxyHeaderInput, RequestInput } from './client.ts';
export { TestClock, type TestDuration } from './clock.ts';
export { conforms, ConformityError, type ConformsOptions, type Shortcoming } from './conforms/index.ts';
export { WireConnection } from './connection.ts';
export { diagnose, type DiagnoseOptions, type Diagnosis } from './diagnose.ts';
export { Fields, type FieldsInput } from './fields.ts';
export { inject, type Injected, type InjectOptions } from './inject.ts';
export type { Observation, ObservedRequest, ObservedResponse } from './observation.ts';
export { type Origin, origin } from './origin.ts';
export { OriginConnection } from './origin-connection.ts';
export type { OriginAnswer, OriginOptions, OriginReply, OriginScript } from './origin-script.ts';
export { SeenRequest, type SeenProxyHeader } from './seen-request.ts';
export { ServerControl } from './server-control.ts';
export type { ServerReplacement, StandIn } from './stand-ins.ts';
export { type ExchangeOptions, startProxy, type StartOptions, type TestProxy } from './start-proxy.ts';
export { TestTimeout } from './wait.ts';
export { defineTests } from '../config-test/format.ts';
export type {
  Expectations,
  OriginScript as OriginAnswers,
  TestCase,
  TestFile,
  TestStep,
} from '../config-test/format.ts';
