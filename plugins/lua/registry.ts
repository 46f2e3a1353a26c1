import type { Ruleset } from 'sluice/plugin';
import type { Registered } from './host.ts';
import type { RegisteredFilter } from './classes/filter.ts';
import type { Role } from './role.ts';

export interface RegisteredAction extends Registered {
  readonly role: Role;
  /** The same in rule sets that cannot wait. */
  readonly finalRole: Role;
  readonly in: readonly Ruleset[];
  /** Words of the rule that are its arguments. */
  readonly argumentCount: number;
}
export interface RegisteredWord extends Registered {
  readonly role: Role;
}
export interface RegisteredService extends RegisteredWord {
  readonly mode: 'http' | 'tcp';
}
export interface RegisteredCommand extends RegisteredWord {
  readonly path: readonly string[];
  readonly usage: string;
}

/** What scripts have registered, by name, without `lua.`. A name that comes twice is the later one's. */
export class Registry {
  readonly actions: Map<string, RegisteredAction> = new Map();
  readonly fetches: Map<string, RegisteredWord> = new Map();
  readonly converters: Map<string, RegisteredWord> = new Map();
  readonly services: Map<string, RegisteredService> = new Map();
  readonly commands: Map<string, RegisteredCommand> = new Map();
  readonly filters: Map<string, RegisteredFilter> = new Map();
  readonly init: Registered[] = [];
}
