import { type Arguments, type MultiFetch, type Transaction, asInteger } from 'sluice/plugin';
import { type FetchTable, aliases, fetch } from './define.ts';
import { pathAndQueryOf } from './uri.ts';

interface Wanted {
  readonly name: string | undefined;
  readonly ignoreCase: boolean;
  /** Ends a parameter besides `&` and `;`. */
  readonly delimiter: string;
}

/** Calls `visit` with the value of each wanted parameter from `start` on, until it answers true. */
function visitParameters(text: string, start: number, wanted: Wanted, visit: (value: string) => boolean): boolean {
  const { name, ignoreCase, delimiter } = wanted;
  let at = start;
  while (at < text.length) {
    let end = at;
    while (end < text.length && text[end] !== '&' && text[end] !== ';' && text[end] !== delimiter) end++;
    const equals = text.indexOf('=', at);
    if (equals >= 0 && equals < end) {
      const key = text.slice(at, equals);
      const matches = name === undefined || key === name || (ignoreCase && key.toLowerCase() === name.toLowerCase());
      if (matches && visit(text.slice(equals + 1, end))) return true;
    }
    at = end + 1;
  }
  return false;
}

function parameters(
  textOf: (transaction: Transaction) => string | undefined,
  startOf: (text: string) => number,
  wanted: Wanted,
): MultiFetch {
  return {
    evaluate: (transaction) => {
      const text = textOf(transaction);
      if (text === undefined) return undefined;
      let found: string | undefined;
      visitParameters(text, startOf(text), wanted, (value) => {
        found = value;
        return true;
      });
      return found;
    },
    some: (transaction, visit) => {
      const text = textOf(transaction);
      return text !== undefined && visitParameters(text, startOf(text), wanted, visit);
    },
  };
}

function ignoreCaseFlag(args: Arguments, index: number): boolean {
  const flag = args.optionalText(index);
  if (flag !== undefined && flag !== 'i') args.fail("invalid argument, only 'i' is allowed");
  return flag === 'i';
}

/** The parameters begin behind the question mark, or behind the first of another delimiter. */
function urlParameters(args: Arguments): MultiFetch {
  const delimiter = (args.optionalText(1) ?? '?').slice(0, 1);
  const wanted: Wanted = { name: args.optionalText(0) || undefined, ignoreCase: ignoreCaseFlag(args, 2), delimiter };
  return parameters(
    ({ request }) => request && pathAndQueryOf(request.uri),
    (text) => {
      const at = text.indexOf(delimiter);
      return at < 0 ? text.length : at + 1;
    },
    wanted,
  );
}

const body = ({ request }: Transaction): string | undefined => request?.body.available().toString('latin1');

/** Parameters of the query and of form bodies. configuration.txt 7.3.6. */
export const parameterFetches: FetchTable = {
  ...aliases(
    fetch('url_param', '[string],[string],[string]', 'str', 'request-head', 'A parameter of the query.', urlParameters),
    'urlp',
  ),
  ...fetch(
    'urlp_val',
    '[string],[string],[string]',
    'sint',
    'request-head',
    'A parameter of the query as an integer.',
    (args) => {
      const texts = urlParameters(args);
      return (transaction) => {
        const text = texts.evaluate(transaction);
        return text === undefined ? undefined : asInteger(text);
      };
    },
  ),
  ...fetch(
    'req.body_param',
    '[string],[string]',
    'bin',
    'request-head',
    'A parameter of a form in the body.',
    (args) => {
      const wanted: Wanted = {
        name: args.optionalText(0) || undefined,
        ignoreCase: ignoreCaseFlag(args, 1),
        delimiter: '&',
      };
      return parameters(body, () => 0, wanted);
    },
  ),
};
