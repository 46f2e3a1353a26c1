import type { HeaderList, Names, Place, Plugin, Scope, Transaction, Value, Words } from '../../core/api/index.ts';
import type { CompileContext, Compiler } from '../../core/expression/compiler.ts';
import { createCompiler } from '../../core/expression/index.ts';
import { mergeKeywords } from '../../core/plugin/registry.ts';
import converters from '../../plugins/converters/index.ts';
import fetches from '../../plugins/fetches/index.ts';
import matching from '../../plugins/matching/index.ts';

export const plugins: readonly Plugin[] = [fetches, converters, matching];
export const compiler: Compiler = createCompiler(mergeKeywords(plugins));

export class Refusal extends Error {}

/** The words of a line, already cut; only what the expression compiler asks for. */
export function wordsOf(list: readonly string[], keyword = 'http-request set-header', warnings: string[] = []): Words {
  const left = [...list];
  const words: Partial<Words> & Pick<Words, 'fail'> = {
    file: 'test.cfg',
    line: 1,
    keyword,
    form: 'plain',
    get remaining() {
      return left.length;
    },
    peek: (ahead = 0) => left[ahead],
    next: (what) => left.shift() ?? words.fail(`${what} expected`),
    optional: (...known) => {
      const found = known.find((word) => word === left[0]);
      if (found !== undefined) left.shift();
      return found;
    },
    rest: () => left.splice(0),
    fail: (message) => {
      throw new Refusal(message);
    },
    warn: (message) => void warnings.push(message),
  };
  return words as Words;
}

export interface TestContext extends CompileContext {
  readonly warnings: string[];
  /** Runs what was put off until all sections were read. */
  finish(names: Names): void;
}

export function contextOf(places: readonly Place[] = ['fe-http-request']): TestContext {
  const extensions = new Map<unknown, object>();
  const scope: Partial<Scope> = {
    kind: 'frontend',
    name: 'f',
    places,
    path: (file) => file,
    global: {
      settings: { variableNames: new Set<string>() } as Scope['global']['settings'],
      extension: (key) => {
        const known = extensions.get(key) ?? key.create();
        extensions.set(key, known);
        return known as ReturnType<typeof key.create>;
      },
      findExtension: (key) => extensions.get(key) as ReturnType<typeof key.create> | undefined,
    },
  };
  const checks: ((names: Names) => void)[] = [];
  return {
    scope: scope as Scope,
    acls: compiler.newAcls(),
    places,
    warnings: [],
    later: (check) => void checks.push(check),
    finish: (names) => {
      for (const check of checks) check(names);
    },
  };
}

class Fields implements HeaderList {
  readonly #fields: [string, string][];
  constructor(fields: readonly (readonly [string, string])[]) {
    this.#fields = fields.map(([name, value]) => [name.toLowerCase(), value]);
  }
  get size(): number {
    return this.#fields.length;
  }
  has(name: string): boolean {
    return this.#fields.some(([own]) => own === name);
  }
  get(name: string): string | undefined {
    return this.#fields.findLast(([own]) => own === name)?.[1];
  }
  all(name: string): string[] {
    return this.#fields.filter(([own]) => own === name).map(([, value]) => value);
  }
  some(name: string, visit: (value: string) => boolean): boolean {
    return this.all(name).some(visit);
  }
  add(name: string, value: string): void {
    this.#fields.push([name, value]);
  }
  set(name: string, value: string): void {
    this.delete(name);
    this.add(name, value);
  }
  delete(name: string): boolean {
    const before = this.#fields.length;
    this.#fields.splice(0, before, ...this.#fields.filter(([own]) => own !== name));
    return this.#fields.length < before;
  }
  nameAt(index: number): string {
    return this.#fields[index]![0];
  }
  valueAt(index: number): string {
    return this.#fields[index]![1];
  }
  setAt(index: number, value: string): void {
    this.#fields[index]![1] = value;
  }
  deleteAt(index: number): void {
    this.#fields.splice(index, 1);
  }
}

export interface FakeRequest {
  readonly method?: string;
  readonly uri?: string;
  readonly version?: string;
  readonly headers?: readonly (readonly [string, string])[];
  readonly body?: string;
  readonly source?: string;
}

/** As much of a transaction as expressions read. */
export function transactionOf(request: FakeRequest = {}): Transaction {
  const variables = new Map<string, Value>();
  const data = new Map<symbol, object>();
  const body = Buffer.from(request.body ?? '', 'latin1');
  const endpoint = { family: 4, address: request.source ?? '127.0.0.1', port: 40000 } as const;
  const destination = { family: 4, address: '127.0.0.1', port: 80 } as const;
  const counters = { current: 1 };
  const frontend = {
    name: 'f',
    id: 1,
    counters,
    settings: { options: new Map(), timeouts: {}, requestCaptures: [], responseCaptures: [] },
  };
  const transaction = {
    id: 5,
    connection: {
      id: 1,
      source: endpoint,
      destination,
      socketSource: endpoint,
      socketDestination: destination,
      listener: { name: undefined, id: 1, address: '127.0.0.1:80' },
      frontend,
      acceptedAt: 0,
    },
    frontend,
    backend: undefined,
    server: undefined,
    process: { clock: { now: () => performance.now(), wall: () => Date.now() } },
    request: {
      method: request.method ?? 'GET',
      uri: request.uri ?? '/',
      receivedMethod: request.method ?? 'GET',
      receivedUri: request.uri ?? '/',
      version: request.version ?? '1.1',
      headers: new Fields(request.headers ?? [['host', 'h.example']]),
      body: { available: () => body, complete: true, length: body.length },
    },
    response: undefined,
    startedAt: Date.UTC(2026, 10, 21, 2, 26, 25, 160),
    timing: { start: 0, handshake: 0, firstByte: 0, request: 0, queue: -1, connect: -1, response: -1, end: -1 },
    termination: '----',
    loggedToClient: 0,
    loggedFromClient: 0,
    retries: 0,
    redispatched: false,
    serverQueue: 0,
    backendQueue: 0,
    uniqueId: undefined,
    requestCaptures: [],
    responseCaptures: [],
    getVariable: (scope: string, name: string) => variables.get(`${scope}.${name}`),
    variables: (scope: string) =>
      [...variables]
        .filter(([name]) => name.startsWith(`${scope}.`))
        .map(([name, value]) => [name.slice(scope.length + 1), value]),
    setVariable: (scope: string, name: string, value: Value | undefined) => {
      if (value === undefined) variables.delete(`${scope}.${name}`);
      else variables.set(`${scope}.${name}`, value);
    },
    data: (key: symbol, create: () => object) => {
      const known = data.get(key) ?? create();
      data.set(key, known);
      return known;
    },
    getTimeout: () => 0,
  };
  return transaction as unknown as Transaction;
}

/** Compiles one expression and evaluates it. */
export function evaluate(
  text: string,
  transaction: Transaction = transactionOf(),
  context: TestContext = contextOf(),
): Value | undefined {
  return compiler.expression(wordsOf([text]), context).evaluate(transaction);
}

/** Compiles a log-format and evaluates it. */
export function format(
  text: string,
  transaction: Transaction = transactionOf(),
  keyword = 'http-request return',
): string {
  return compiler
    .format(text, wordsOf([], keyword), contextOf(keyword.startsWith('log') ? ['log'] : undefined))
    .evaluate(transaction);
}

/** Compiles `if …` and evaluates it. */
export function condition(
  text: string,
  transaction: Transaction = transactionOf(),
  context: TestContext = contextOf(),
): boolean {
  const compiled = compiler.condition(
    wordsOf(['if', ...text.split(' ')], 'http-request deny', context.warnings),
    context,
  );
  return compiled!.evaluate(transaction);
}

export const textOf = (value: Value | undefined): string | undefined => {
  if (value === undefined) return undefined;
  if (value instanceof Uint8Array) return value.toString('latin1');
  return typeof value === 'object' ? value.text : String(value);
};
