import type { Ruleset } from 'sluice/plugin';
import type { Registered } from './host.ts';
import type { RegisteredFilter } from './classes/filter.ts';
import type { Role } from './role.ts';

export interface RegisteredAction extends Registered {
  readonly role: Role;
  /** The same in rule sets that cannot wait. */
  readonly finalRole: Role;
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
  /** Each rule set has actions of its own: one name may stand for another function in each. */
  readonly actions: Map<Ruleset, Map<string, RegisteredAction>> = new Map();
  readonly fetches: Map<string, RegisteredWord> = new Map();
  readonly converters: Map<string, RegisteredWord> = new Map();
  readonly services: Map<string, RegisteredService> = new Map();
  readonly commands: Map<string, RegisteredCommand> = new Map();
  readonly filters: Map<string, RegisteredFilter> = new Map();
  readonly init: Registered[] = [];

  actionsOf(set: Ruleset): Map<string, RegisteredAction> {
    let actions = this.actions.get(set);
    if (actions === undefined) this.actions.set(set, (actions = new Map()));
    return actions;
  }
}
