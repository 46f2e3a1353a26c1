import type { Extension, Format } from 'sluice/plugin';
import type { LogLine } from './log-line.ts';

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
  readonly format: Format | undefined;
  readonly errorFormat: Format | undefined;
  readonly structuredData: Format | undefined;
}

/** What sends a proxy's lines. */
export interface Emitter {
  /** `level` is a number of {@link LEVELS}; `structuredData` goes where rfc5424 has room for it. */
  send(level: number, message: string, structuredData: string | undefined): void;
}

export const PROXY_LOGGING: Extension<ProxyLogging> = {
  name: 'logging: proxy',
  create: () => ({
    targets: [],
    format: undefined,
    errorFormat: undefined,
    structuredData: undefined,
    tag: undefined,
    hooked: false,
    traffic: undefined,
  }),
  inherit: (from) => ({ ...from, targets: [...from.targets], hooked: false, traffic: undefined }),
};

/** Those of `global`. */
export interface GlobalLogging {
  readonly targets: LogLine[];
  /** `log-send-hostname`; undefined: not sent. */
  host: string | undefined;
  tag: string;
}

export const GLOBAL_LOGGING: Extension<GlobalLogging> = {
  name: 'logging: global',
  create: () => ({ targets: [], host: undefined, tag: 'haproxy' }),
};
