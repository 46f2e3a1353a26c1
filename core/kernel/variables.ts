import type { GlobalSettings, ParentScope, Value, VariableScope } from '../api/index.ts';

/** What HAProxy counts for a variable beside the bytes of a text. */
const ENTRY = 80;

function sizeOf(value: Value | undefined): number {
  if (value === undefined) return 0;
  return ENTRY + (typeof value === 'string' || value instanceof Uint8Array ? value.length : 0);
}

/** The bytes that the variables of a scope take, and those of the scopes within it. `tune.vars.*`, configuration.txt 3.2. */
export class Budget {
  readonly #limit: number;
  readonly #parent: Budget | undefined;
  #used = 0;

  /** A limit of 0 is none. */
  constructor(limit: number, parent: Budget | undefined) {
    this.#limit = limit;
    this.#parent = parent;
  }

  get #full(): boolean {
    if (this.#limit > 0 && this.#used > this.#limit) return true;
    return this.#parent === undefined ? false : this.#parent.#full;
  }

  #add(bytes: number): void {
    this.#used += bytes;
    if (this.#parent !== undefined) this.#parent.#add(bytes);
  }

  /** Sets or (undefined) forgets a variable, if that leaves every scope within its limit; what is smaller than before always fits. */
  set(map: Map<string, Value>, name: string, value: Value | undefined): void {
    const more = sizeOf(value) - sizeOf(map.get(name));
    this.#add(more);
    if (more > 0 && this.#full) this.#add(-more);
    else changeVariable(map, name, value);
  }

  /** The scope ended, and all its variables with it. */
  end(): void {
    this.#add(-this.#used);
  }
}

export function changeVariable(map: Map<string, Value>, name: string, value: Value | undefined): void {
  if (value === undefined) map.delete(name);
  else map.set(name, value);
}

type Limits = GlobalSettings['variableLimits'];

/** The budgets of one configuration; undefined where it has no limit, and nothing is counted. */
export class Budgets {
  readonly #limits: Limits;
  readonly process: Budget;

  private constructor(limits: Limits, held: Map<string, Value>) {
    this.#limits = limits;
    this.process = new Budget(limits.proc, new Budget(limits.global, undefined));
    // The process keeps its variables over a reload.
    const counted = new Map<string, Value>();
    for (const [name, value] of held) this.process.set(counted, name, value);
  }

  static of(limits: Limits, held: Map<string, Value>): Budgets | undefined {
    return Object.values(limits).some((limit) => limit > 0) ? new Budgets(limits, held) : undefined;
  }

  session(): Budget {
    return new Budget(this.#limits.sess, this.process);
  }

  /** Of a transaction in that session, its request and its response. */
  transaction(session: Budget): TransactionBudgets {
    const txn = new Budget(this.#limits.txn, session);
    return { txn, req: new Budget(this.#limits.reqres, txn), res: new Budget(this.#limits.reqres, txn) };
  }
}

export type StreamScope = 'txn' | 'req' | 'res';
export type TransactionBudgets = Readonly<Record<StreamScope, Budget>>;

export function isParent(scope: VariableScope): scope is ParentScope {
  return scope.charCodeAt(0) === 0x70 && scope !== 'proc';
}
