import type { Extension, Format, LogStep, Transaction } from 'sluice/plugin';
import type { LogLine } from './log-line.ts';
import type { LogProfile, ProfileStep } from './profile.ts';

/** What a traffic line looks like: compiled for HTTP, and for a proxy that turns out to be in TCP mode. */
export interface TrafficFormat {
  readonly http: Format;
  readonly tcp: Format;
  /** Says that a proxy in TCP mode cannot have what was asked for. */
  readonly misfit: (proxy: string) => void;
}

/** `log global` among a proxy's targets. */
export const GLOBAL_LINES = 'global';

/** The logging settings of a proxy or of `defaults`. */
export interface ProxyLogging {
  targets: (LogLine | typeof GLOBAL_LINES)[];
  format: TrafficFormat | undefined;
  errorFormat: Format | undefined;
  structuredData: Format | undefined;
  /** What comes first on a line about a connection that failed; made with the first `log` line. */
  errorPrefix: Format | undefined;
  /** `log-steps`; undefined: once, at the end. */
  steps: ReadonlySet<LogStep | 'close'> | undefined;
  tag: string | undefined;
  /** Hooks were added to this proxy. */
  hooked: boolean;
  /** Set when the configuration starts, where there is somewhere to log to. */
  traffic: Traffic | undefined;
}

/** What is asked for each line of traffic, looked up once. */
export interface Traffic {
  readonly emitter: Emitter;
  readonly skipNull: boolean;
  readonly skipNormal: boolean;
  readonly separateErrors: boolean;
  /** Lines are written before the end (`option logasap`). */
  readonly early: boolean;
  readonly format: Format | undefined;
  readonly errorFormat: Format | undefined;
  readonly errorPrefix: Format | undefined;
  readonly structuredData: Format | undefined;
}

/** One line of traffic. `level` is a number of {@link LEVELS}. */
export interface TrafficLine {
  readonly level: number;
  readonly step: ProfileStep;
  readonly transaction: Transaction;
  /** The proxy's own wording; undefined where only a profile has one. */
  readonly text: (() => string) | undefined;
  readonly structuredData: Format | undefined;
  /** Takes the place of each target's own. */
  readonly profile: LogProfile | undefined;
}

/** What sends a proxy's lines. */
export interface Emitter {
  /** An event. */
  send(level: number, message: string): void;
  /** A line of traffic; made only if somebody wants it. */
  sendTraffic(line: TrafficLine): void;
}

export const PROXY_LOGGING: Extension<ProxyLogging> = {
  name: 'logging: proxy',
  create: () => ({
    targets: [],
    format: undefined,
    errorFormat: undefined,
    structuredData: undefined,
    errorPrefix: undefined,
    steps: undefined,
    tag: undefined,
    hooked: false,
    traffic: undefined,
  }),
  inherit: (from) => ({ ...from, targets: [...from.targets], hooked: false, traffic: undefined }),
};

/** The `log` lines of something that is no proxy: an agent of a SPOE, the scripts of Lua. */
export interface OwnLogging {
  readonly targets: (LogLine | typeof GLOBAL_LINES)[];
  /** Set when the configuration starts, where there is somewhere to log to. */
  emitter: Emitter | undefined;
}

/** Those of `global`. */
export interface GlobalLogging {
  readonly targets: LogLine[];
  /** To be given their emitters. */
  readonly others: OwnLogging[];
  /** `log-send-hostname`; undefined: not sent. */
  host: string | undefined;
  tag: string;
}

export const GLOBAL_LOGGING: Extension<GlobalLogging> = {
  name: 'logging: global',
  create: () => ({ targets: [], others: [], host: undefined, tag: 'haproxy' }),
};
