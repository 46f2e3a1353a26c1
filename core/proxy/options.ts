import type { Duplex } from 'node:stream';
import type { Log, Plugin } from '../api/index.ts';
import type { Source, SourceSpec } from '../config/sources.ts';
import type { Probe } from '../expression/probe.ts';
import type { PluginWithArguments } from '../plugin/load.ts';
import type { ProxyListeners } from './events.ts';

/** The text of a configuration, or one that has a name: what messages call it, and where its `plugin-load ./…` starts from. */
export type ConfigText = string | Source;

/** What to read: texts, files and folders, or both. Files come first, each in the order given, as after `-f`. */
export interface ConfigSources {
  /** The configuration itself. It is read as the UTF-8 file with these characters would be; the last line needs no end. */
  readonly config?: ConfigText | readonly ConfigText[];
  /** Files, and folders whose `*.cfg` are read. */
  readonly file?: string | readonly string[];
}

/** A `bind` address, for {@link ProxyOptions.bind}. */
export interface BindAddress {
  readonly frontend: string;
  /** One address of the line, as written: `:80`, `127.0.0.1:8000-8003`, `/run/web.sock`. */
  readonly address: string;
  /** What follows `name` on the line. */
  readonly name: string | undefined;
}

/** A connection that is about to be opened, for {@link ProxyOptions.dial}. */
export interface DialedServer {
  readonly backend: string;
  readonly server: string;
  /** A client's request, or a health or agent check. */
  readonly purpose: 'traffic' | 'check';
  /** Where the configuration leads. A UNIX path has the port 0. A name that was not looked up stands for itself. */
  readonly host: string;
  readonly port: number;
}

/** Where to connect instead. */
export type DialTarget =
  | { readonly host: string; readonly port: number }
  | { readonly path: string }
  /** A connection within the process, opened for this call. */
  | { readonly stream: Duplex };

export interface ProxyOptions extends ConfigSources {
  /** Besides the stock plugins and those that the configuration loads. */
  readonly plugins?: readonly (Plugin | PluginWithArguments)[];
  /** The environment that `$NAME` in the configuration is taken from; the process's own if left out. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Listeners that are there before the configuration is read; the same can be added later with {@link ProxyHandle.on}. */
  readonly on?: ProxyListeners;
  /** What the process and its plugins say about themselves: pino or its like. JSON lines on stderr if left out. */
  readonly log?: Log;
  /** Connections at the most; wins over the configuration's `maxconn`. */
  readonly maxconn?: number;
  /** False: `bind` addresses with port 0 are refused, as HAProxy refuses them. Otherwise the system chooses the port. */
  readonly portZero?: boolean;
  /**
   * Listens elsewhere than the configuration says: the address to use, in the words of a `bind` line; undefined leaves it as it
   * is, and false listens nowhere, so that connections come by {@link ProxyHandle.open} only. Rules see the addresses of the configuration all the same (`dst_port` is 80 where `bind :80` was moved).
   */
  bind?(address: BindAddress): string | false | undefined;
  /**
   * Connects elsewhere than the configuration says, or nowhere else (undefined). Only the connection goes there: addresses in
   * logs, hashes and samples stay those of the configuration. Where it is given, names of servers are not looked up.
   */
  dial?(server: DialedServer): DialTarget | undefined;
  /**
   * Gives the plugin of a `plugin-load` line; undefined leaves the line to the usual search. For programs that are bundled, and for
   * tests, whose plugin is not installed.
   */
  loadPlugin?(specifier: string, folder: string): Plugin | undefined | Promise<Plugin | undefined>;
  /** False: nothing is sent to the targets of `log` lines; the event `log` tells of each line all the same. */
  readonly sendLogs?: boolean;
  /** Watches what conditions, ACLs and rules come to; they are compiled for it. For coverage of tests. */
  readonly probe?: Probe;
}

/** What is read, in the words of the reader. */
export function sourcesOf({ config, file }: ConfigSources): SourceSpec[] {
  const files = file === undefined ? [] : typeof file === 'string' ? [file] : file;
  const texts = config === undefined ? [] : isList(config) ? config : [config];
  const sources = [...files, ...texts.map(asSource)];
  if (sources.length === 0)
    throw new TypeError("createProxy needs a configuration: { config: 'text' } or { file: 'path' }");
  return sources;
}

function isList(config: ConfigText | readonly ConfigText[]): config is readonly ConfigText[] {
  return Array.isArray(config);
}

function asSource(config: ConfigText): Source {
  const { name, text } = typeof config === 'string' ? { name: 'config', text: config } : config;
  return { name, text: Buffer.from(text.endsWith('\n') ? text : `${text}\n`, 'utf8').toString('latin1') };
}
