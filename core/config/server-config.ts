import type { Format } from '../api/expression.ts';
import type { ServerConfig, SourceAddress } from '../api/settings.ts';
import type { Extension } from '../api/traffic.ts';
import { Extensions } from './extensions.ts';

/** A `server` line, or what `default-server` said so far. configuration.txt 5.2. */
export class ServerLine implements ServerConfig {
  name: string;
  address: string;
  id: number | undefined = undefined;
  readonly file: string;
  readonly line: number;
  weight = 1;
  maxconn = 0;
  minconn = 0;
  maxqueue = 0;
  backup = false;
  disabled = false;
  slowstart = 0;
  shutdownWhenDown = false;
  shutdownBackupsWhenUp = false;
  sendProxy: 1 | 2 | undefined = undefined;
  proxyV2Options: Set<string> = new Set();
  proxyV2Tlvs: { readonly id: number; readonly format: Format }[] = [];
  poolMaxConn = -1;
  poolLowConn = 0;
  poolPurgeDelay = 5000;
  maxReuse = -1;
  source: SourceAddress | undefined = undefined;
  tcpUserTimeout: number | undefined = undefined;
  fastOpen = false;
  redirectPrefix: string | undefined = undefined;
  dynamic = false;
  referenced = false;
  #extensions = new Extensions();

  constructor(name: string, address: string, file: string, line: number) {
    this.name = name;
    this.address = address;
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

  /** A server of its own that starts from what this one says. Ids do not pass on. */
  copy(name: string, address: string, file: string, line: number): ServerLine {
    const made = new ServerLine(name, address, file, line);
    made.weight = this.weight;
    made.maxconn = this.maxconn;
    made.minconn = this.minconn;
    made.maxqueue = this.maxqueue;
    made.backup = this.backup;
    made.disabled = this.disabled;
    made.slowstart = this.slowstart;
    made.shutdownWhenDown = this.shutdownWhenDown;
    made.shutdownBackupsWhenUp = this.shutdownBackupsWhenUp;
    made.sendProxy = this.sendProxy;
    made.proxyV2Options = new Set(this.proxyV2Options);
    made.proxyV2Tlvs = [...this.proxyV2Tlvs];
    made.poolMaxConn = this.poolMaxConn;
    made.poolLowConn = this.poolLowConn;
    made.poolPurgeDelay = this.poolPurgeDelay;
    made.maxReuse = this.maxReuse;
    made.source = this.source;
    made.tcpUserTimeout = this.tcpUserTimeout;
    made.fastOpen = this.fastOpen;
    made.redirectPrefix = this.redirectPrefix;
    made.#extensions = this.#extensions.inherit();
    return made;
  }
}
