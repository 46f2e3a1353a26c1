import type { ProxyHandle } from './proxy/handle.ts';
import type { ProxyOptions } from './proxy/options.ts';
import { RunningProxy } from './proxy/running-proxy.ts';

/**
 * Reads a configuration and makes it ready to {@link ProxyHandle.start}. Rejects with {@link ConfigurationError} when it is
 * refused. Proxies share nothing: any number of them may run in one process.
 */
export async function createProxy(options: ProxyOptions): Promise<ProxyHandle> {
  const proxy = new RunningProxy(options);
  await proxy.prepare();
  return proxy;
}

export type { Probe } from './expression/probe.ts';
export { formatDiagnostic, locateDiagnostic, type Diagnostic } from './config/diagnostics.ts';
export type { Source } from './config/sources.ts';
export type { Log, LoggedLine, Plugin } from './api/index.ts';
export type { PluginWithArguments } from './plugin/load.ts';
export type { ProxyAddress } from './proxy/addresses.ts';
export type { ProxyEventName, ProxyEvents, ProxyListeners, ProxyMessage, ServerEvent } from './proxy/events.ts';
export type { OpenOptions, ProxyHandle, StopOptions } from './proxy/handle.ts';
export type {
  BindAddress,
  ConfigSources,
  ConfigText,
  DialedServer,
  DialTarget,
  ProxyOptions,
} from './proxy/options.ts';
export { ConfigurationError } from './proxy/refusal.ts';
export type { BackendStats, CheckStats, FrontendStats, ProxyStats, ServerStats, TrafficStats } from './proxy/stats.ts';
