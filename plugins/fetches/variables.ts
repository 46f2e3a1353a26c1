import { type Arguments, type FetchFunction, type Value, type VariableScope, asString } from 'sluice/plugin';
import { type FetchTable, fetch } from './define.ts';
import { parseVariable } from './variable-name.ts';

/** In the order they are shown in. */
const SCOPES: readonly VariableScope[] = ['sess', 'txn', 'req', 'res', 'proc'];

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\r': '\\r',
  '\n': '\\n',
  '\b': '\\b',
  '\0': '\\0',
};

/** Texts in quotes, bytes in hex behind an x, the rest as it is. */
function shown(value: Value): string {
  if (typeof value === 'string') return `"${value.replace(/["\\\r\n\b\0]/g, (char) => ESCAPES[char]!)}"`;
  if (typeof value === 'boolean') return String(value);
  return value instanceof Uint8Array ? `x${value.toString('hex')}` : asString(value);
}

function dump(args: Arguments): FetchFunction {
  const scopeText = args.optionalText(0) ?? '';
  const scope = SCOPES.find((one) => one === scopeText);
  if (scope === undefined && scopeText !== '')
    args.fail(`invalid scope '${scopeText}', expects one of ${SCOPES.map((one) => `'${one}'`).join(', ')}`);
  const scopes = scope === undefined ? SCOPES : [scope];
  const prefix = args.optionalText(1) ?? '';
  const delimiter = args.optionalText(2) ?? ', ';
  const most = args.scope?.global.settings.bufsize ?? Number.POSITIVE_INFINITY;
  return (transaction) => {
    const found: string[] = [];
    for (const one of scopes)
      for (const [name, value] of transaction.variables(one))
        if (name.startsWith(prefix)) found.push(`${one}.${name}=${shown(value)}`);
    const text = found.join(delimiter);
    return text.length < most ? text : undefined;
  };
}

/** Fetches from variables. configuration.txt 2.8 and 7.3.2. */
export const variableFetches: FetchTable = {
  ...fetch('var', 'string,[string]', 'any', 'constant', 'A variable, or the default given.', (args) => {
    const { scope, name } = parseVariable(args.text(0), (message) => args.fail(message));
    args.scope?.global.settings.variableNames.add(`${scope}.${name}`);
    const fallback = args.optionalText(1);
    if (fallback === undefined) return (transaction) => transaction.getVariable(scope, name);
    return (transaction) => transaction.getVariable(scope, name) ?? fallback;
  }),
  ...fetch('dump_all_vars', '[string],[string],[string]', 'str', 'constant', 'All variables with their values.', dump),
};
