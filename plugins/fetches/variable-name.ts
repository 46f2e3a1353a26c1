import type { VariableScope } from 'sluice/plugin';

const SCOPES: ReadonlySet<string> = new Set([
  'proc',
  'sess',
  'txn',
  'req',
  'res',
  'check',
  'psess',
  'ptxn',
  'preq',
  'pres',
]);

export interface VariableName {
  readonly scope: VariableScope;
  readonly name: string;
}

/** Reads `txn.name`; configuration.txt 2.8. `fail` refuses what is none. */
export function parseVariable(text: string, fail: (message: string) => never): VariableName {
  const dot = text.indexOf('.');
  const scope = text.slice(0, Math.max(0, dot));
  const name = text.slice(dot + 1);
  if (!SCOPES.has(scope))
    fail(
      `invalid variable name '${text}'. A variable name must be start by its scope. The scope can be 'proc', 'sess', 'txn', 'req', 'res' or 'check'`,
    );
  const wrong = /[^A-Za-z0-9_.]/.exec(name);
  if (wrong) fail(`invalid syntax at char '${text.slice(text.indexOf(wrong[0], dot))}'`);
  if (name === '') fail(`invalid variable name '${text}'`);
  return { scope: scope as VariableScope, name };
}
