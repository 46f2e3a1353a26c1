import { type Arguments, type Value, typeOf } from 'sluice/plugin';
import { type Convert, type ConverterTable, converter } from './define.ts';
import { variableArgument } from './variables.ts';

const CONDITIONS: ReadonlySet<string> = new Set([
  'ifexists',
  'ifnotexists',
  'ifempty',
  'ifnotempty',
  'ifset',
  'ifnotset',
  'ifgt',
  'iflt',
]);

const isEmpty = (value: Value): boolean =>
  (typeof value === 'string' || value instanceof Uint8Array) && value.length === 0;

/** Order of two values of one kind; undefined when they cannot be compared. */
function order(a: Value, b: Value): number | undefined {
  const comparable = typeOf(a) === 'sint' && typeOf(b) === 'sint';
  if (!comparable) return undefined;
  return a < b ? -1 : a > b ? 1 : 0;
}

function holds(condition: string, held: Value | undefined, input: Value): boolean {
  switch (condition) {
    case 'ifexists':
    case 'ifset':
      return held !== undefined;
    case 'ifnotexists':
    case 'ifnotset':
      return held === undefined;
    case 'ifempty':
      return isEmpty(input);
    case 'ifnotempty':
      return !isEmpty(input);
    case 'ifgt':
      return held !== undefined && (order(held, input) ?? 0) > 0;
    default:
      return held !== undefined && (order(held, input) ?? 0) < 0;
  }
}

function setVariable(args: Arguments): Convert {
  const { scope, name } = variableArgument(args);
  const conditions = args.texts.slice(1).filter((text) => text !== undefined);
  for (const condition of conditions) if (!CONDITIONS.has(condition)) args.fail(`unknown condition '${condition}'`);
  return (value, transaction) => {
    const held = conditions.length === 0 ? undefined : transaction.getVariable(scope, name);
    if (conditions.every((condition) => holds(condition, held, value))) transaction.setVariable(scope, name, value);
    return value;
  };
}

/** Converters that read or change the transaction. configuration.txt 7.3.1. */
export const stateConverters: ConverterTable = {
  ...converter(
    'set-var',
    'string,[string],[string],[string],[string]',
    'any => any',
    'Keeps the value in a variable.',
    setVariable,
  ),
  ...converter('unset-var', 'string', 'any => any', 'Forgets a variable.', (args) => {
    const { scope, name } = variableArgument(args);
    return (value, transaction) => {
      transaction.setVariable(scope, name, undefined);
      return value;
    };
  }),
  ...converter('capture-req', 'integer', 'str => str', 'Keeps the value in a slot of request captures.', (args) => {
    const slot = args.integer(0);
    return (value, transaction) => {
      if (slot < transaction.requestCaptures.length) transaction.requestCaptures[slot] = value as string;
      return value;
    };
  }),
  ...converter('capture-res', 'integer', 'str => str', 'Keeps the value in a slot of response captures.', (args) => {
    const slot = args.integer(0);
    return (value, transaction) => {
      if (slot < transaction.responseCaptures.length) transaction.responseCaptures[slot] = value as string;
      return value;
    };
  }),
};
