import type {
  AclTable,
  Condition,
  Expression,
  Format,
  Names,
  Place,
  ProxyConfig,
  Samples,
  Scope,
  Words,
} from '../api/index.ts';

export type { AclTable };

/** What compiling needs beyond the words. */
export interface CompileContext {
  /** Undefined outside the configuration file (`-cc`, commands). */
  readonly scope: Scope | undefined;
  readonly acls: AclTable;
  readonly places: readonly Place[];
  /** Runs when every section has been read. */
  later(check: (names: Names) => void): void;
}

/** Compiling when the configuration has been read. */
export interface RunTimeContext extends Omit<CompileContext, 'places'> {
  path(file: string): string;
}

/** Turns words into closures, with the sample fetches, converters and match methods of one generation. */
export interface Compiler {
  newAcls(): AclTable;
  /** Reads the words of an `acl` line after `acl` and adds it to the context's table. */
  acl(words: Words, context: CompileContext): void;
  expression(words: Words, context: CompileContext, skip?: number): Expression;
  format(text: string, words: Words, context: CompileContext): Format;
  /** Reads `if …` or `unless …` to the end of the line. */
  condition(words: Words, context: CompileContext): Condition | undefined;
  /** Fetches and converters by name, at run time; `contextOf` gives what they are compiled in, for the proxy they are asked for. */
  samples(contextOf: (proxy: ProxyConfig | undefined) => RunTimeContext): Samples;
}
