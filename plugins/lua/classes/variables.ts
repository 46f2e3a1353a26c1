import type { Transaction, VariableScope } from 'sluice/plugin';
import type { LuaCall } from '../engine/engine.ts';
import { pullSample, pushSample } from '../samples.ts';

const SCOPES: ReadonlySet<string> = new Set(['proc', 'sess', 'txn', 'req', 'res', 'check']);

export interface VariableName {
  readonly scope: VariableScope;
  readonly name: string;
}

const parsed = new Map<string, VariableName | undefined>();
/** Names come from scripts, and may be made of what clients send. */
const REMEMBERED = 1000;

/** `txn.user` in its parts; undefined for what is no variable's name. configuration.txt 2.8. */
export function variableName(text: string): VariableName | undefined {
  if (parsed.has(text)) return parsed.get(text);
  const dot = text.indexOf('.');
  const scope = text.slice(0, dot);
  const name = text.slice(dot + 1);
  const found =
    SCOPES.has(scope) && /^[A-Za-z0-9_.]+$/.test(name) ? { scope: scope as VariableScope, name } : undefined;
  if (parsed.size < REMEMBERED) parsed.set(text, found);
  return found;
}

/** `get_var(self, name)`. */
export function getVariable(call: LuaCall, transaction: Transaction, booleans: boolean): number {
  if (call.count !== 2) call.fail("'get_var' needs 2 arguments");
  const variable = variableName(call.string(2));
  pushSample(call, variable && transaction.getVariable(variable.scope, variable.name), booleans);
  return 1;
}

/** `set_var(self, name, value [, ifexist])`: says whether it was set. */
export function setVariable(call: LuaCall, transaction: Transaction): number {
  if (call.count < 3 || call.count > 4) call.fail("'set_var' needs between 3 and 4 arguments");
  const variable = variableName(call.string(2));
  const wanted =
    variable !== undefined &&
    !(call.boolean(4) && transaction.getVariable(variable.scope, variable.name) === undefined && call.count === 4);
  if (wanted) transaction.setVariable(variable.scope, variable.name, pullSample(call, 3));
  call.pushBoolean(wanted);
  return 1;
}

/** `unset_var(self, name)`. */
export function unsetVariable(call: LuaCall, transaction: Transaction): number {
  if (call.count !== 2) call.fail("'unset_var' needs 2 arguments");
  const variable = variableName(call.string(2));
  if (variable !== undefined) transaction.setVariable(variable.scope, variable.name, undefined);
  call.pushBoolean(variable !== undefined);
  return 1;
}
