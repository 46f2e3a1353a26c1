import type { Condition, Extension, Format, Proxy, Server } from 'sluice/plugin';
import type { SessionTable } from './session-table.ts';

export type CookieMode = 'passive' | 'rewrite' | 'insert' | 'prefix';

/** A `cookie` line; configuration.txt 4.2. */
export interface CookieSettings {
  readonly name: string;
  readonly mode: CookieMode;
  readonly indirect: boolean;
  readonly nocache: boolean;
  readonly postonly: boolean;
  readonly preserve: boolean;
  /** What follows the value of a cookie that is inserted: path, domains and attributes. */
  readonly attributes: string;
  /** Seconds; 0: no limit. */
  readonly maxIdle: number;
  readonly maxLife: number;
  readonly dynamic: boolean;
  /** Whether it says anything but the name: the log shows what became of the cookie. */
  readonly shown: boolean;
}

/** A `force-persist` or `ignore-persist` line. */
export interface PersistRule {
  readonly outcome: 'forced' | 'ignored';
  readonly condition: Condition;
}

/** An `appsession` line, as HAProxy 1.5 had it. */
export interface AppSessionSettings {
  readonly name: string;
  /** Characters of a session's identifier that count. */
  readonly length: number;
  /** Milliseconds without use after which a session is forgotten. */
  readonly timeout: number;
  /** A session that the client knows and we do not is learned from its request. */
  readonly requestLearn: boolean;
  /** Cookies whose name begins with `name`; the rest of the name belongs to the identifier. */
  readonly prefix: boolean;
  readonly place: 'path-parameters' | 'query-string';
}

/** Who has which value of the cookie, looked up when the first request comes. */
export interface CookieTable {
  readonly servers: ReadonlyMap<string, readonly Server[]>;
  readonly values: ReadonlyMap<Server, string>;
}

/** What a backend's lines say about persistence. */
export interface Persistence {
  cookie: CookieSettings | undefined;
  dynamicKey: string | undefined;
  rules: PersistRule[];
  /** The RDP cookie of a client, with `persist rdp-cookie`. */
  rdp: Format | undefined;
  appsession: AppSessionSettings | undefined;
  /** What has been learned, where there is an `appsession` line. */
  sessions: SessionTable | undefined;
  table: CookieTable | undefined;
}

export const PERSISTENCE: Extension<Persistence> = {
  name: 'persistence: proxy',
  create: () => ({
    cookie: undefined,
    dynamicKey: undefined,
    rules: [],
    rdp: undefined,
    appsession: undefined,
    sessions: undefined,
    table: undefined,
  }),
  inherit: (from) => ({ ...from, rules: [...from.rules], table: undefined }),
};

/** The `cookie` word of a server. */
export interface ServerCookie {
  value: string | undefined;
}

export const SERVER_COOKIE: Extension<ServerCookie> = {
  name: 'persistence: server',
  create: () => ({ value: undefined }),
  inherit: (from) => ({ ...from }),
};

/** The settings of the proxy in whose name a hook runs; the hook was added by a line that made them. */
export function persistenceOf(proxy: Proxy): Persistence {
  return proxy.extension(PERSISTENCE)!;
}
