import type { Documented } from './keywords.ts';
import type { LogLevel } from './traffic.ts';
import type { Eventually } from './values.ts';
import type { Names, Words } from './words.ts';

/** What a client of the Runtime API may do; each may what those before it may. configuration.txt 5.1, `level`. */
export type CommandLevel = 'user' | 'operator' | 'admin';

/** A command of the Runtime API. Its key is the words it begins with: `show cache`. management.txt 9.3. */
export interface CommandKeyword extends Documented {
  readonly level: CommandLevel;
  /** Refused until the client has said `expert-mode on`, or `experimental-mode on`. */
  readonly needs?: 'expert-mode' | 'experimental-mode';
  /**
   * Writes its answer; no line of it may be empty, which is how the end of an answer is known. What `words` refuses, or what is
   * thrown, becomes the answer.
   */
  run(words: Words, session: CommandSession, names: Names): Eventually<void>;
}

/** A client of the Runtime API, as a command sees it. */
export interface CommandSession {
  level: CommandLevel;
  /** Sends text (a byte string). False when what has been sent waits: see {@link ready}. */
  write(text: string): boolean;
  /** Says how it went, on a line of its own; with the severity where the client asked for it. */
  message(level: LogLevel, text: string): void;
  /** Waits until more may be written; false when the client is gone. */
  ready(): Promise<boolean>;
  /** What came behind `<<`, its last line end taken off; undefined without. */
  readonly payload: string | undefined;
  /** What the client sends next, past the command's line; undefined when it is gone. */
  read(): Promise<Buffer | undefined>;
  /** The same, as far as it is there already. */
  readNow(): Buffer | undefined;
  /** Aborted when the client is gone. */
  readonly signal: AbortSignal;
  /** What `expert-mode` and its like have switched on. */
  readonly modes: Set<string>;
  severity: 'none' | 'number' | 'string';
  /** `once`: it is closed when the commands it has sent are done. management.txt 9.3, `prompt`. */
  mode: 'once' | 'interactive' | 'prompt';
  /** Whether the prompt shows for how long the process has been running. */
  timed: boolean;
  /** Milliseconds it may be silent. */
  timeout: number;
  /** Nothing more is read; it ends when what was written has been sent. */
  end(): void;
}

/** All commands there are. */
export interface CommandTable {
  /** In alphabetical order. */
  readonly all: ReadonlyMap<string, CommandKeyword>;
  /** The command that these words begin with, the longest if there are several. */
  find(words: readonly string[]): [name: string, keyword: CommandKeyword] | undefined;
  /** Runs it with what is left of the words; gives what it was refused with, or undefined. Never rejects. */
  run(words: readonly string[], name: string, session: CommandSession): Promise<string | undefined>;
}
