import type { BindConfig } from '../api/settings.ts';
import type { Extension } from '../api/traffic.ts';
import { Extensions } from './extensions.ts';

/** A `bind` line with every field at its default. configuration.txt 5.1. */
export class BindLine implements BindConfig {
  readonly addresses: string[];
  readonly file: string;
  readonly line: number;
  name: string | undefined = undefined;
  id: number | undefined = undefined;
  backlog: number | undefined = undefined;
  maxconn = 0;
  acceptProxy = false;
  acceptNetscalerCip: number | undefined = undefined;
  v6only: boolean | undefined = undefined;
  mode: number | undefined = undefined;
  uid: number | undefined = undefined;
  gid: number | undefined = undefined;
  interface: string | undefined = undefined;
  transparent = false;
  deferAccept = false;
  tcpUserTimeout: number | undefined = undefined;
  maxSegment: number | undefined = undefined;
  fastOpen = false;
  readonly #extensions = new Extensions();

  constructor(addresses: string[], file: string, line: number) {
    this.addresses = addresses;
    this.file = file;
    this.line = line;
  }

  extension<T extends object>(key: Extension<T>): T {
    return this.#extensions.get(key);
  }

  /** For dumps. */
  get extensions(): Extensions {
    return this.#extensions;
  }
}
