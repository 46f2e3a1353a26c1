import { type Arguments, type Transaction, asString, hasFailed, typeOf } from 'sluice/plugin';
import { type Convert, type ConverterTable, converter } from './define.ts';

/** Shows the value where it passes: `[debug] prefix: type=str <value>`. */
function debug(args: Arguments): Convert {
  const prefix = args.optionalText(0) ?? '';
  const destination = args.optionalText(1) ?? 'buf0';
  if (destination === 'buf0')
    args.fail("the ring 'buf0' is not built yet, expects 'stdout' or 'stderr' as destination");
  if (destination !== 'stdout' && destination !== 'stderr') args.fail(`No such sink '${destination}'`);
  const stream = destination === 'stdout' ? process.stdout : process.stderr;
  return (value) => {
    stream.write(`[debug] ${prefix}: type=${typeOf(value)} <${asString(value)}>\n`, 'latin1');
    return value;
  };
}

type Test = (transaction: Transaction) => boolean;

const forwarded: Test = ({ timing }) => timing.connect >= 0;
/** A service answered in the server's place. */
const toService: Test = ({ lastRule }) => lastRule !== undefined && /(?:^| )use-service /.test(lastRule.text);

const CONDITIONS: Readonly<Record<string, Test>> = {
  error: hasFailed,
  normal: (transaction) => !hasFailed(transaction),
  forwarded,
  toapplet: toService,
  processed: (transaction) => forwarded(transaction) || toService(transaction),
  stopping: ({ process: { stopping } }) => stopping,
};

/** Lets the value pass while the condition holds. */
function when(args: Arguments): Convert {
  const text = args.text(0);
  const expected = !text.startsWith('!');
  const name = text.replace(/^!/, '').trim();
  const known = [...Object.keys(CONDITIONS), 'acl'];
  if (name !== 'acl' && args.optionalText(1) !== undefined) args.fail(`the condition '${name}' has no argument`);
  const test =
    name === 'acl'
      ? args.acl(args.optionalText(1) ?? args.fail("the condition 'acl' expects an ACL name"))
      : Object.hasOwn(CONDITIONS, name)
        ? CONDITIONS[name]!
        : args.fail(`unknown condition '${name}', expects one of ${known.map((word) => `'${word}'`).join(', ')}`);
  return (value, transaction) => (test(transaction) === expected ? value : undefined);
}

/** Converters for those who look for a fault. configuration.txt 7.3.1. */
export const tracingConverters: ConverterTable = {
  ...converter('debug', '[string],[string]', 'any => same', 'Shows the value on stdout or stderr.', debug),
  ...converter(
    'when',
    'string,[string],[string]',
    'any => any',
    'The value, if a condition on the transaction holds.',
    when,
  ),
};
