import type { AclTable, Condition, Expression, Format, Samples } from './expression.ts';
import type { BindConfig, GlobalConfig, ProxyConfig, ServerConfig } from './settings.ts';
import type { Place } from './expression.ts';
import type { Regex } from '../expression/regex.ts';

/** The words of one configuration line. What it refuses is reported with file, line and column; the parse goes on with the next line. */
export interface Words {
  readonly file: string;
  readonly line: number;
  /** The word or words that named this directive, e.g. `timeout client`. */
  readonly keyword: string;
  /** True when the line began with `no`, or with `default`. */
  readonly form: 'plain' | 'no' | 'default';
  /** How many words are left. */
  readonly remaining: number;
  peek(ahead?: number): string | undefined;
  /** The next word; `what` says in an error message what was expected (`an address`). */
  next(what: string): string;
  /** Takes the next word if it is one of these. */
  optional<T extends string>(...words: readonly T[]): T | undefined;
  /** The next word, which must be one of these. */
  oneOf<T extends string>(what: string, words: readonly T[]): T;
  integer(what: string, range?: Range): number;
  /** A duration with an optional unit (us, ms, s, m, h, d), in milliseconds; configuration.txt 2.5. `unit` is that of a bare number. */
  time(what: string, unit?: 'us' | 'ms' | 's', range?: Range): number;
  /** A size with an optional unit (k, m, g), in bytes; configuration.txt 2.6. */
  size(what: string, range?: Range): number;
  /** All that is left. */
  rest(): string[];
  /** Refuses words that nobody took. */
  end(): void;
  /** Refuses the line; the column is that of the word last taken. */
  fail(message: string): never;
  /** Refuses the word last taken, naming what was expected and the nearest known word. */
  unknown(what: string, known: Iterable<string>): never;
  warn(message: string): void;
  notice(message: string): void;
  /** Shown with `-dD` only. */
  diag(message: string): void;
}
export interface Range {
  readonly min?: number;
  readonly max?: number;
}

export type SectionKind = 'global' | 'defaults' | 'frontend' | 'backend' | 'listen';

/** Where a line stands, and what it may build there. */
export interface Scope {
  readonly kind: SectionKind;
  /** The section's name; empty for `global` and anonymous `defaults`. */
  readonly name: string;
  readonly global: GlobalConfig;
  /** The proxy of a `defaults`, `frontend`, `backend` or `listen` section; throws in `global`. */
  readonly proxy: ProxyConfig;
  /** Where samples of this line are evaluated; set by the rule set, else given explicitly. */
  readonly places: readonly Place[];
  /** Reads a sample expression (`src`, `req.hdr(host),lower`) from the words; the first `skip` bytes of the next word are no part of it. */
  expression(words: Words, places?: readonly Place[], skip?: number): Expression;
  /** Compiles a log-format string. */
  format(text: string, words: Words, places?: readonly Place[]): Format;
  /** Reads `if …` or `unless …` to the end of the line; undefined when there is none. */
  condition(words: Words, places?: readonly Place[]): Condition | undefined;
  /** Reads the words of an `acl` line. */
  acl(words: Words): void;
  /** A table of ACLs of its own, for {@link withAcls}. */
  newAcls(): AclTable;
  /** The same place, whose conditions know the ACLs of that table and no others. */
  withAcls(acls: AclTable): Scope;
  /** Compiles a regular expression as PCRE reads it, for byte strings; a hostile subject does not stall it. */
  regex(pattern: string, words: Words, ignoreCase?: boolean): Regex;
  /** Where a file named in the configuration is, after `default-path`. configuration.txt 3.1. */
  path(file: string, words: Words): string;
  /**
   * Reads another file in the language of this one: quotes, variables, `.if` blocks. `read` gets the words of each line behind the
   * first one (behind the second where that was `no`), which is their keyword, and the scope of the line. What it refuses is told with
   * that file's name and line. Says whether all went well; a file that cannot be opened is refused at `words`.
   */
  readFile(file: string, words: Words, read: (line: Words, scope: Scope) => void): boolean;
  /** A `bind` line with the default of every field; not added to the proxy yet. */
  newBind(addresses: string[], words: Words): BindConfig;
  /** Reads what is left of the line with the bind words of all plugins. */
  bindWords(bind: BindConfig, words: Words): void;
  /** A copy of `from` (the proxy's `defaultServer` if left out), not added to the proxy yet. */
  newServer(name: string, address: string, words: Words, from?: ServerConfig): ServerConfig;
  /** Reads what is left of the line with the server words of all plugins; `inDefault` for `default-server`. */
  serverWords(server: ServerConfig, words: Words, inDefault?: boolean): void;
  /** The sample fetches and converters of this configuration by name, to be looked up when all sections have been read. */
  readonly samples: Samples;
  /** Runs if the configuration is refused: what was opened while it was read is to be closed. */
  onRefused(run: () => void): void;
  /** Runs when every section has been read: names of other sections can be resolved, and what it refuses is reported at this line. */
  later(check: (names: Names) => void): void;
}

/** Looks up what the configuration declared. */
export interface Names {
  proxy(kind: 'frontend' | 'backend', name: string): ProxyConfig | undefined;
  readonly proxies: readonly ProxyConfig[];
  /** A finished section of another kind, by what its keyword's `close` returned. */
  section<T>(kind: string, name: string): T | undefined;
  sections<T>(kind: string): ReadonlyMap<string, T>;
}

/** What a `bind` word writes to. */
export interface BindScope extends Scope {
  readonly bind: BindConfig;
}
/** What a `server`, `default-server` or `server-template` word writes to. */
export interface ServerScope extends Scope {
  readonly server: ServerConfig;
}
