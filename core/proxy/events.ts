import type { LoggedLine, Severity } from '../api/index.ts';
import type { Diagnostic } from '../config/diagnostics.ts';
import type { ProxyAddress } from './addresses.ts';

/** Something an operator should see, as the command line says it on stderr. */
export interface ProxyMessage {
  readonly severity: Severity;
  readonly text: string;
}

/** A server that went down or came back: by a check, an agent, a plugin, or by hand. */
export interface ServerEvent {
  readonly backend: string;
  readonly server: string;
  /** What the status column of the statistics says now: `UP`, `DOWN`, `MAINT` … */
  readonly status: string;
}

/** The events of a proxy, by name, with what their listeners get. */
export interface ProxyEvents {
  /** All sockets listen. */
  listening: [addresses: readonly ProxyAddress[]];
  /** Another configuration is in charge. */
  reloaded: [addresses: readonly ProxyAddress[]];
  /** The last session has ended and nothing of the proxy is left. */
  stopped: [];
  serverUp: [event: ServerEvent];
  serverDown: [event: ServerEvent];
  /** A line of traffic or of an event was logged. */
  log: [line: LoggedLine];
  message: [message: ProxyMessage];
  /** What was said about a configuration that was accepted: warnings and notices. Refusals are in {@link ConfigurationError}. */
  diagnostics: [diagnostics: readonly Diagnostic[]];
  /**
   * A plugin threw, or an accepting socket failed, and the proxy goes on. Unlike other emitters of Node, this one does not throw
   * when nobody listens: it is in the log already.
   */
  error: [error: Error];
}

export type ProxyEventName = keyof ProxyEvents;

/** Listeners by the name of their event. */
export type ProxyListeners = { readonly [Name in ProxyEventName]?: (...args: ProxyEvents[Name]) => void };
