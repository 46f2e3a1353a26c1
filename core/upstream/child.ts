import type { Connection, Transaction, Value, VariableScope } from '../api/index.ts';
import type { UpstreamBackend } from './backend.ts';
import { Detached } from './detached.ts';
import type { UpstreamServer } from './server.ts';

/** What is done in the name of a transaction: it has no request of its own, and can read the variables of its parent. configuration.txt 2.8. */
export class ChildTransaction extends Detached {
  retriesLeft = 0;
  assigned = false;
  avoid: UpstreamServer | undefined = undefined;
  priorityClass = 0;
  priorityOffset = 0;
  /** Stands for the parent's connection between two parents. */
  readonly #nobody: Connection;
  #parent: Transaction | undefined = undefined;
  #given: readonly [key: symbol, value: object] | undefined = undefined;

  constructor(backend: UpstreamBackend) {
    super(backend, undefined, backend.name);
    this.#nobody = this.connection;
  }

  begin(parent: Transaction, given: readonly [key: symbol, value: object] | undefined): void {
    this.#parent = parent;
    this.#given = given;
    this.connection = parent.connection;
    this.server = undefined;
    this.retries = 0;
    this.retriesLeft = this.backend.settings.retries;
    this.redispatched = false;
    this.assigned = false;
    this.avoid = undefined;
    this.persistence = 'normal';
    this.priorityClass = parent.priorityClass;
    this.priorityOffset = parent.priorityOffset;
  }

  override peek<T extends object>(key: symbol): T | undefined {
    return this.#given?.[0] === key ? (this.#given[1] as T) : super.peek(key);
  }

  orphan(): void {
    this.#parent = undefined;
  }

  /** Holds on to nothing of the parent, which will be another. */
  finish(): void {
    this.#parent = undefined;
    this.connection = this.#nobody;
    this.forget();
  }

  override getVariable(scope: VariableScope, name: string): Value | undefined {
    const parent = this.#parent;
    if (parent === undefined) return super.getVariable(scope, name);
    switch (scope) {
      case 'psess':
        return parent.getVariable('sess', name);
      case 'ptxn':
        return parent.getVariable('txn', name);
      case 'preq':
        return parent.response === undefined ? parent.getVariable('req', name) : undefined;
      case 'pres':
        return parent.response === undefined ? undefined : parent.getVariable('res', name);
      default:
        return super.getVariable(scope, name);
    }
  }
}
