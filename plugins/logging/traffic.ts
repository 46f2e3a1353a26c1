import {
  type Connection,
  type Endpoint,
  type Proxy,
  type ProxyConfig,
  type Transaction,
  hasFailed,
} from 'sluice/plugin';
import { PROXY_LOGGING, type ProxyLogging, type Traffic } from './settings.ts';
import { ERROR, INFO, LEVELS } from './syslog.ts';

/** Adds the hooks of every frontend that logs, once its settings are final. */
export function addHooks(proxies: readonly ProxyConfig[]): void {
  for (const proxy of proxies) {
    const state = proxy.isFrontend ? proxy.findExtension(PROXY_LOGGING) : undefined;
    if (!state || state.hooked || state.targets.length === 0) continue;
    state.hooked = true;
    hook(proxy, state);
  }
}

function hook(proxy: ProxyConfig, { format }: ProxyLogging): void {
  const { mode } = proxy.settings;
  if (mode === 'tcp') format?.misfit(proxy.name);
  // With option logasap the kernel calls onLog when the server has answered, and not again.
  if (format) proxy.onLog(logTransaction);
  else if (mode === 'http') proxy.onRequest(logRequest);
}

/** It is the frontend that logs; a `listen` section may be the backend of another one's. */
export function logTransaction(transaction: Transaction, proxy: Proxy): void {
  const traffic = transaction.frontend === proxy ? proxy.extension(PROXY_LOGGING)?.traffic : undefined;
  if (!traffic?.format) return;
  if (traffic.skipNull && transaction.bytesFromClient === 0) return;
  const failed = hasFailed(transaction);
  if (traffic.skipNormal && !failed) return;
  const level = levelOf(transaction, traffic, failed);
  if (level === undefined) return;
  const format = failed && traffic.errorFormat ? traffic.errorFormat : traffic.format;
  traffic.emitter.send(level, format.evaluate(transaction), traffic.structuredData?.evaluate(transaction));
}

function levelOf(transaction: Transaction, traffic: Traffic, failed: boolean): number | undefined {
  const { logLevel } = transaction;
  if (logLevel === 'silent') return undefined;
  if (logLevel !== undefined) return (LEVELS as readonly string[]).indexOf(logLevel);
  return failed && traffic.separateErrors ? ERROR : INFO;
}

/** The format of configuration.txt 8.2.1: in HTTP mode a line for each request. */
function logRequest(transaction: Transaction, proxy: Proxy): void {
  const traffic = transaction.frontend === proxy ? proxy.extension(PROXY_LOGGING)?.traffic : undefined;
  traffic?.emitter.send(INFO, connectLine(transaction.connection, 'HTTP'), undefined);
}

/** The same in TCP mode, when the connection has come in. */
export function logConnection(connection: Connection): void {
  const { frontend } = connection;
  if (frontend.settings.mode !== 'tcp') return;
  const traffic = frontend.extension(PROXY_LOGGING)?.traffic;
  if (traffic && !traffic.format) traffic.emitter.send(INFO, connectLine(connection, 'TCP'), undefined);
}

function connectLine({ source, destination, listener, frontend }: Connection, mode: 'HTTP' | 'TCP'): string {
  const end = (endpoint: Endpoint): string =>
    endpoint.family === 'unix' ? `unix:${listener.id}` : `${endpoint.address}:${endpoint.port}`;
  return `Connect from ${end(source)} to ${end(destination)} (${frontend.name}/${mode})`;
}
