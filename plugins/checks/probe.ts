import type { CheckRecord, CheckResult, Endpoint, OutgoingOptions, PluginContext, Server } from 'sluice/plugin';

/** What one check of one server has to know; made once. */
export interface Target {
  readonly server: Server;
  readonly record: CheckRecord;
  readonly context: PluginContext;
  /** The PROXY header that checks begin with. */
  readonly sendProxy: 1 | 2 | undefined;
  readonly timeouts: { readonly connect: number; readonly read: number; readonly whole: boolean };
}

/** One way to try a server, again and again, once at a time. `done` is called once after each `start`, unless cancelled. */
export interface Probe {
  start(done: (result: CheckResult) => void): void;
  cancel(): void;
}

/** Where checks connect to now: what the Runtime API has changed counts, too. */
export function endpointFor({ server, record }: Target): Endpoint {
  const address = record.address ?? server.address;
  const port =
    record.port ??
    (record.address === undefined || record.address.port === 0 ? server.address.port : record.address.port);
  return { family: address.family, address: address.address, port };
}

/** The same as options of a connection. Undefined fields leave it to the server, and so cost no target of their own. */
export function connectOptions(target: Target): OutgoingOptions {
  const { record, sendProxy } = target;
  if (record.address === undefined) return { port: record.port, sendProxy };
  return { address: endpointFor(target), sendProxy };
}

/** What no server can be blamed for: a path that is not there, no local address or descriptor left. */
const OWN_FAULTS: ReadonlySet<string> = new Set([
  'ENOENT',
  'EACCES',
  'EPERM',
  'EADDRNOTAVAIL',
  'EADDRINUSE',
  'EMFILE',
  'ENFILE',
  'ENOBUFS',
  'ENOMEM',
]);

/** The result of a connection that failed before it stood. */
export function connectFailure(code: string, words: string): CheckResult {
  if (OWN_FAULTS.has(code)) return { code: 'SOCKERR', outcome: 'failed', info: `General socket error (${words})` };
  // What the system refuses at once has other words than what the network says (measured).
  return { code: 'L4CON', outcome: 'failed', info: code === 'ENETUNREACH' ? `General socket error (${words})` : words };
}
