import type { BindConfig, CommandLevel, Extension } from 'sluice/plugin';

/** What `stats socket` and its kin say. configuration.txt 3.1. */
export interface RuntimeApiSettings {
  readonly binds: BindConfig[];
  /** Milliseconds without a word from the client. */
  timeout: number;
  /** Connections at once. */
  maxconn: number;
  /** Bytes of a payload; tune.cli.max-payload-size. */
  maxPayload: number;
}
export const SETTINGS: Extension<RuntimeApiSettings> = {
  name: 'runtime-api.settings',
  create: () => ({ binds: [], timeout: 10_000, maxconn: 10, maxPayload: 128 * 1024 }),
};

/** What a socket's own line says. */
export interface SocketSettings {
  level: CommandLevel;
  severity: 'none' | 'number' | 'string';
}
export const SOCKET: Extension<SocketSettings> = {
  name: 'runtime-api.socket',
  create: () => ({ level: 'operator', severity: 'none' }),
};
