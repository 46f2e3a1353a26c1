import {
  type Connection,
  type Endpoint,
  type LogStep,
  type Proxy,
  type ProxyConfig,
  type Transaction,
  hasFailed,
} from 'sluice/plugin';
import type { LogProfile, ProfileStep } from './profile.ts';
import { GLOBAL_LINES, PROXY_LOGGING, type ProxyLogging, type Traffic } from './settings.ts';
import { ERROR, INFO, LEVELS } from './syslog.ts';

/** Adds the hooks of every frontend that logs, once its settings are final. */
export function addHooks(proxies: readonly ProxyConfig[]): void {
  for (const proxy of proxies) {
    const state = proxy.isFrontend && proxy.kind !== 'defaults' ? proxy.findExtension(PROXY_LOGGING) : undefined;
    if (!state || state.hooked || state.targets.length === 0) continue;
    state.hooked = true;
    hook(proxy, state);
  }
}

const STEPS: readonly LogStep[] = ['accept', 'request', 'connect', 'response'];

function hook(proxy: ProxyConfig, state: ProxyLogging): void {
  const { format, errorFormat, structuredData, steps, targets } = state;
  const { mode } = proxy.settings;
  if (mode === 'spop') return;
  if (mode === 'tcp') format?.misfit(proxy.name);
  if (!format) {
    if (mode === 'http') proxy.onRequest(logRequest);
    return;
  }
  // The system tells the proxy's own address only while the connection is open.
  const own = [format[mode], errorFormat, structuredData].filter((one) => one !== undefined);
  const asks = own.some(({ aliases, text }) => aliases.includes('bi') || aliases.includes('bp') || /bc_src/.test(text));
  if (asks || targets.some((line) => line !== GLOBAL_LINES && line.profiled)) proxy.onStep('connect', rememberSource);
  for (const step of STEPS) if (steps?.has(step)) proxy.onStep(step, STEP_HOOKS[step]);
  // Who did not ask for the end still wants to know of what failed before it became a transaction.
  proxy.onLog(steps === undefined || steps.has('close') ? logTransaction : logFailure);
  proxy.onConnectionError(logConnectionError);
}

function rememberSource(transaction: Transaction): void {
  void transaction.serverLink?.source;
}

/** It is the frontend that logs; a `listen` section may be the backend of another one's. */
function trafficOf(transaction: Transaction, proxy: Proxy): Traffic | undefined {
  return transaction.frontend === proxy ? proxy.extension(PROXY_LOGGING)?.traffic : undefined;
}

const STEP_HOOKS: Readonly<Record<LogStep, (transaction: Transaction, proxy: Proxy) => void>> = {
  accept: atStep('accept'),
  request: atStep('request'),
  connect: atStep('connect'),
  response: atStep('response'),
};

function atStep(step: LogStep): (transaction: Transaction, proxy: Proxy) => void {
  return (transaction, proxy) => {
    const traffic = trafficOf(transaction, proxy);
    const level = traffic && levelOf(transaction, traffic, false);
    if (traffic && level !== undefined) emit(traffic, transaction, level, step, `txn_${step}`);
  };
}

/** HTTP that could not be read: it never became a transaction. */
function isUnread({ frontend, timing }: Transaction): boolean {
  return timing.request < 0 && frontend.settings.mode === 'http';
}

export function logTransaction(transaction: Transaction, proxy: Proxy): void {
  const traffic = trafficOf(transaction, proxy);
  if (!traffic) return;
  if (traffic.skipNull && transaction.bytesFromClient === 0) return;
  const failed = hasFailed(transaction);
  if (traffic.skipNormal && !failed) return;
  const level = levelOf(transaction, traffic, failed);
  if (level === undefined) return;
  if (isUnread(transaction)) {
    transaction.logOrigin = 'sess_error';
    const format = traffic.errorFormat ?? traffic.format;
    send(traffic, transaction, level, 'error', format && (() => format.evaluate(transaction)), undefined);
  } else if (traffic.early && transaction.timing.end < 0) {
    const step = transaction.frontend.settings.mode === 'tcp' ? 'connect' : 'response';
    emit(traffic, transaction, level, step, `txn_${step}`);
  } else emit(traffic, transaction, level, 'close', 'txn_close');
}

function logFailure(transaction: Transaction, proxy: Proxy): void {
  if (isUnread(transaction)) logTransaction(transaction, proxy);
}

function emit(traffic: Traffic, transaction: Transaction, level: number, step: ProfileStep, origin: string): void {
  const { format } = traffic;
  transaction.logOrigin = origin;
  send(traffic, transaction, level, step, format && (() => format.evaluate(transaction)), undefined);
}

function send(
  traffic: Traffic,
  transaction: Transaction,
  level: number,
  step: ProfileStep,
  text: (() => string) | undefined,
  profile: LogProfile | undefined,
): void {
  traffic.emitter.sendTraffic({ level, step, transaction, text, structuredData: traffic.structuredData, profile });
  transaction.frontend.logLines++;
}

/** `do-log`: a line now, whatever else is logged of the transaction. */
export function logNow(transaction: Transaction, step: ProfileStep, profile: LogProfile | undefined): void {
  const { frontend } = transaction;
  const traffic = frontend.extension(PROXY_LOGGING)?.traffic;
  const level = traffic && levelOf(transaction, traffic, false);
  if (!traffic || level === undefined) return;
  const { format } = traffic;
  const mode = frontend.settings.mode === 'tcp' ? 'TCP' : 'HTTP';
  const text = format ? () => format.evaluate(transaction) : () => connectLine(transaction.connection, mode);
  transaction.logOrigin = step;
  send(traffic, transaction, level, step, text, profile);
}

function levelOf(transaction: Transaction, traffic: Traffic, failed: boolean): number | undefined {
  const { logLevel } = transaction;
  if (logLevel === 'silent') return undefined;
  if (logLevel !== undefined) return (LEVELS as readonly string[]).indexOf(logLevel);
  return failed && traffic.separateErrors ? ERROR : INFO;
}

/** Errors of connections on which nothing came: empty, aborted, timed out. 7.3.3, `fc_err_str`. */
const SILENT: ReadonlySet<number> = new Set([11, 12, 13, 18, 19, 20]);

/** A connection that failed before it could be used; configuration.txt 8.2.5. */
function logConnectionError(transaction: Transaction, proxy: Proxy): void {
  const traffic = trafficOf(transaction, proxy);
  const { connection } = transaction;
  const { error, frontend, listener } = connection;
  if (!traffic || error === undefined || (traffic.skipNull && SILENT.has(error.code))) return;
  const { errorFormat, errorPrefix } = traffic;
  const bind = listener.name ?? listener.id;
  const text = errorFormat
    ? () => errorFormat.evaluate(transaction)
    : () => `${errorPrefix?.evaluate(transaction) ?? ''}${frontend.name}/${bind}: ${error.text}`;
  transaction.logOrigin = 'sess_error';
  send(traffic, transaction, traffic.separateErrors ? ERROR : INFO, 'error', text, undefined);
}

/** The format of configuration.txt 8.2.1: in HTTP mode a line for each request. */
function logRequest(transaction: Transaction, proxy: Proxy): void {
  trafficOf(transaction, proxy)?.emitter.send(INFO, connectLine(transaction.connection, 'HTTP'));
}

/** The same in TCP mode, when the connection has come in. */
export function logConnection(connection: Connection): void {
  const { frontend } = connection;
  if (frontend.settings.mode !== 'tcp') return;
  const traffic = frontend.extension(PROXY_LOGGING)?.traffic;
  if (traffic && !traffic.format) traffic.emitter.send(INFO, connectLine(connection, 'TCP'));
}

function connectLine({ source, destination, listener, frontend }: Connection, mode: 'HTTP' | 'TCP'): string {
  const end = (endpoint: Endpoint): string =>
    endpoint.family === 'unix' ? `unix:${listener.id}` : `${endpoint.address}:${endpoint.port}`;
  return `Connect from ${end(source)} to ${end(destination)} (${frontend.name}/${mode})`;
}
