import type { Transaction } from './traffic.ts';
import type { Source } from './expression.ts';
import type { CheckFunction } from './health.ts';
import type { Backend, Server } from './traffic.ts';
import type { Eventually, TypeName, Value } from './values.ts';
import type { BindScope, Names, Scope, SectionKind, ServerScope, Words } from './words.ts';
import type { Verdict } from './hooks.ts';

/** Every word carries its own line of the manual: `-dKall`, docs/keywords.md and error messages come from it. */
export interface Documented {
  /** The whole line as a manual would show it: `timeout client <timeout>`. */
  readonly usage: string;
  /** One sentence. */
  readonly summary: string;
}

export type Ruleset =
  | 'tcp-request connection'
  | 'tcp-request session'
  | 'tcp-request content'
  | 'tcp-response content'
  | 'http-request'
  | 'http-response'
  | 'http-after-response';

/** A section of its own, such as `userlist` or `http-errors`. */
export interface SectionKeyword extends Documented {
  /** Whether a name must follow the word. */
  readonly named: boolean;
  open(name: string, words: Words, scope: SectionScope): SectionReader;
}
/** What a section of its own may use of a line's scope. */
export type SectionScope = Pick<Scope, 'global' | 'path' | 'regex' | 'format' | 'later'>;
export interface SectionReader {
  readonly directives: Readonly<Record<string, (words: Words) => void>>;
  /** Called at the end of the section; what it returns is found by {@link Names.section}. */
  close(names?: Names): object;
}

/** A line of `global`, `defaults`, `frontend`, `backend` or `listen`. Its key may be of several words: `timeout client`. */
export interface DirectiveKeyword extends Documented {
  /** `listen` follows from `frontend` or `backend`. */
  readonly in: readonly Exclude<SectionKind, 'listen'>[];
  /** Whether `no …` and `default …` may stand before it; then `words.form` says which did. */
  readonly negatable?: boolean;
  parse(words: Words, scope: Scope): void;
}

/** A word of a `bind` line. */
export interface BindKeyword extends Documented {
  parse(words: Words, scope: BindScope): void;
}

/** A word of a `server` or `default-server` line. */
export interface ServerKeyword extends Documented {
  /** False where it makes no sense for `default-server`. */
  readonly inDefault?: boolean;
  /** False where it is not accepted for a server that is added at run time. */
  readonly atRunTime?: boolean;
  /** The key is a prefix: the word goes on after it (`set-proxy-v2-tlv-fmt(0x20)`), as {@link Words.keyword} shows. */
  readonly prefix?: boolean;
  parse(words: Words, scope: ServerScope): void;
}

export interface ActionKeyword extends Documented {
  readonly in: readonly Ruleset[];
  /** No later rule of the set is evaluated once this one applied. */
  readonly final?: boolean;
  /** Needs a global `expose-experimental-directives` before it. */
  readonly experimental?: boolean;
  /**
   * The key is a prefix: the word goes on after it (`set-var(txn.x)`), as {@link Words.keyword} shows. One that ends with a dot takes
   * any word that begins so (`lua.x`).
   */
  readonly prefix?: boolean;
  /** Reads the action's own words; `if` and `unless` are left to the rule set. */
  parse(words: Words, scope: Scope): Action;
}
export interface Action {
  /** Blamed for what it throws, if that is not the plugin whose word it is. */
  readonly plugin?: string;
  run(transaction: Transaction): Eventually<Verdict>;
}

/** The type of one argument of a fetch or converter, in the spelling of `-dKsmp`. */
export type ArgumentType =
  | 'string'
  | 'integer'
  | 'time'
  | 'size'
  | 'ip'
  | 'mask'
  | 'regex'
  | 'frontend'
  | 'backend'
  | 'server'
  | 'userlist'
  | 'table'
  | 'variable'
  | 'map'
  /** A path of field numbers: `1.2.3`. */
  | 'protobuf-field';
/** An argument by declaration: `string`, or `[string]` when it may be left out. */
export interface ArgumentSpec {
  readonly type: ArgumentType;
  readonly optional?: boolean;
}

/** What compiling an argument needs beyond its text. */
export interface Arguments {
  /** The fetch or converter as it is written: behind a key that is a prefix, the whole word. */
  readonly word: string;
  /** As written, quotes resolved; a missing optional argument is undefined. */
  readonly texts: readonly (string | undefined)[];
  text(index: number): string;
  optionalText(index: number): string | undefined;
  integer(index: number, fallback?: number): number;
  /** Refuses the expression at this argument. */
  fail(message: string): never;
  /** A test of the named ACL, of the opposite behind a `!`; refuses a name that has not been declared. */
  acl(name: string): (transaction: Transaction) => boolean;
  readonly scope: Scope | undefined;
  later(check: (names: Names) => void): void;
}

export type FetchFunction = (transaction: Transaction) => Value | undefined;
/** A fetch with several values: the last one by itself, each in turn for conditions. */
export interface MultiFetch {
  readonly evaluate: FetchFunction;
  readonly some: (transaction: Transaction, visit: (value: Value) => boolean) => boolean;
  /** Told what an ACL compares it with as it stands, where it can check that once all sections have been read. */
  readonly expect?: (patterns: readonly string[]) => void;
}

/** What fetches and converters have whose names only a plugin knows. */
export interface OpenWord {
  /** The key is a prefix, and takes any word that begins so: {@link Arguments.word} is the whole. */
  readonly prefix?: boolean;
  /** What a value of type `any` is taken for where one has to be known beforehand: by ACLs without `-m`. */
  readonly nominal?: TypeName;
}

export interface FetchKeyword extends Documented, OpenWord {
  readonly type: TypeName;
  readonly arguments?: readonly ArgumentSpec[];
  readonly from: Source;
  compile(args: Arguments): FetchFunction | MultiFetch;
}

export interface ConverterKeyword extends Documented, OpenWord {
  readonly input: TypeName;
  /** `same` gives what it was given. */
  readonly output: TypeName | 'same';
  readonly arguments?: readonly ArgumentSpec[];
  /** The value arrives cast to the input type. Undefined ends the expression with nothing. */
  compile(args: Arguments): (value: Value, transaction: Transaction) => Value | undefined;
}

/** An ACL match method, `-m NAME`. */
export interface MatchKeyword extends Documented {
  readonly input: TypeName;
  /** Compiles all patterns of one ACL line to one test. */
  compile(patterns: readonly string[], flags: MatchFlags): (value: Value) => boolean;
}
export interface MatchFlags {
  readonly ignoreCase: boolean;
  /** Whether names of hosts in patterns are looked up; not behind `-n`. */
  readonly resolveNames?: boolean;
  fail(message: string): never;
}

export interface BalanceKeyword extends Documented {
  /** The algorithm of backends without a `balance` line; one keyword of all has it. */
  readonly unless?: BalanceFactory;
  parse(words: Words, scope: Scope): BalanceFactory;
}
export type BalanceFactory = (backend: Backend) => Balancer;
/** Told of every change, so that `pick` need not look at all servers. */
export interface Balancer {
  /** A usable server below its limit, or one to wait for; undefined when there is none at all. */
  pick(transaction: Transaction): Server | undefined;
  /** No servers can be added at run time: it knows those it began with. */
  readonly fixed?: boolean;
  /** A server's state or weight changed, or it was added. */
  changed?(server: Server): void;
  /** It was removed; {@link changed} has told before that it is not usable. */
  removed?(server: Server): void;
  took?(server: Server): void;
  dropped?(server: Server): void;
}

/**
 * A way to check servers. Its key is an option: `checks: { 'redis-check': … }` makes the line `option redis-check`, for
 * backends. The last such line of a proxy counts. What it gives is kept in
 * {@link ProxySettings.check} and run for every server with `check`, at the times that `inter` and its kin say.
 */
export interface CheckKeyword extends Documented {
  parse(words: Words, scope: Scope): CheckFunction;
}

/** What `use-service NAME` runs: it answers in the server's place. */
export interface ServiceKeyword extends Documented {
  /** In which rules. */
  readonly mode: 'http' | 'tcp' | 'either';
  /** The key is a prefix, and takes any name that begins so. */
  readonly prefix?: boolean;
  /** What runs the service of that name for one line; without it, {@link serve}. What it refuses is reported there. */
  parse?(name: string, words: Words, scope: Scope): ServiceFunction;
  readonly serve?: ServiceFunction;
}

/**
 * Answers through {@link Transaction.reply} (or `replyRaw`, `error`), or bit by bit through {@link Transaction.converse}, and gives its
 * verdict. In TCP mode the reply's body, or the raw bytes, are sent and the connection ends.
 */
export type ServiceFunction = (transaction: Transaction) => Eventually<Verdict>;
