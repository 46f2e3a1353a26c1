import { type Arguments, type Transaction, type Value, type VariableScope, asString } from 'sluice/plugin';

/** They can be read only. configuration.txt 2.8. */
const PARENTS: readonly string[] = ['psess', 'ptxn', 'preq', 'pres'];
const SCOPES: ReadonlySet<string> = new Set(['proc', 'sess', 'txn', 'req', 'res', 'check', ...PARENTS]);

export interface VariableName {
  readonly scope: VariableScope;
  readonly name: string;
}

/** Reads `txn.name`; configuration.txt 2.8. Undefined for anything else. */
export function variableName(text: string, { scope: line }: Arguments): VariableName | undefined {
  const dot = text.indexOf('.');
  const scope = text.slice(0, Math.max(0, dot));
  const name = text.slice(dot + 1);
  if (!SCOPES.has(scope) || !/^[A-Za-z0-9_.]+$/.test(name)) return undefined;
  line?.global.settings.variableNames.add(text);
  return { scope: scope as VariableScope, name };
}

/** The variable an argument names, which will be changed. */
export function variableArgument(args: Arguments, index = 0): VariableName {
  const text = args.text(index);
  const found = variableName(text, args);
  if (found !== undefined && PARENTS.includes(found.scope))
    args.fail(`variable '${text}' belongs to the parent stream and can be read only`);
  return (
    found ??
    args.fail(
      `invalid variable name '${text}'. A variable name must be start by its scope. The scope can be 'proc', 'sess', 'txn', 'req', 'res' or 'check'`,
    )
  );
}

/** Reads the variable an argument names, each time it is asked. */
export function variableReader(args: Arguments, index = 0): (transaction: Transaction) => Value | undefined {
  const text = args.text(index);
  const { scope, name } = variableName(text, args) ?? args.fail(`failed to register variable name '${text}'`);
  return (transaction) => transaction.getVariable(scope, name);
}

/** An argument that is a text, or names a variable that holds one. */
export interface TextOrVariable {
  /** The text, if it is no variable's name. */
  readonly fixed: string | undefined;
  read(transaction: Transaction): string | undefined;
}

export function textOrVariable(args: Arguments, index: number): TextOrVariable {
  const text = args.text(index);
  const variable = variableName(text, args);
  if (!variable) return { fixed: text, read: () => text };
  const { scope, name } = variable;
  return {
    fixed: undefined,
    read: (transaction) => {
      const held: Value | undefined = transaction.getVariable(scope, name);
      return held === undefined ? undefined : asString(held);
    },
  };
}
