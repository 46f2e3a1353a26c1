import type { Token } from './lexer.ts';

/** A line that takes part in the configuration: conditions are resolved, blank lines left out. */
export interface ConfigLine {
  readonly file: string;
  /** The line it begins on, from 1. */
  readonly number: number;
  /** At least one. */
  readonly tokens: readonly Token[];
}

/** A `plugin-load` line: what to load, and where it says so. */
export interface PluginSpec {
  readonly specifier: string;
  readonly args: readonly string[];
  /** The words of the line, `plugin-load` the first of them. */
  readonly tokens: readonly Token[];
  readonly file: string;
  readonly line: number;
  readonly column: number;
}
