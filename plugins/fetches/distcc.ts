import type { Arguments, FetchFunction, Transaction } from 'sluice/plugin';
import { type FetchTable, fetch } from './define.ts';
import { mayChange, received } from './received.ts';

/** Tokens whose parameter is the length of a body behind them; the others' stands for itself. distcc's protocol. */
const HAS_BODY: ReadonlySet<string> = new Set('ARGV CDIR DOTD DOTI DOTO LINK NAME SERR SOUT'.split(' '));
/** A token is four letters and eight hex digits. */
const TOKEN = 12;

interface Found {
  readonly parameter: number;
  /** Where the body begins. */
  readonly at: number;
}

/** The `occurrence`th token of that name; undefined when it is not there, or when more bytes have to come first. */
function find(transaction: Transaction, bytes: Buffer, name: string, occurrence: number): Found | undefined {
  let left = occurrence;
  for (let at = 0; ;) {
    if (at + TOKEN > bytes.length) return mayChange(transaction);
    const digits = bytes.toString('latin1', at + 4, at + TOKEN);
    if (!/^[0-9a-fA-F]{8}$/.test(digits)) return undefined;
    const found = bytes.toString('latin1', at, at + 4);
    const parameter = Number.parseInt(digits, 16);
    at += TOKEN;
    if (found === name && --left <= 0) return { parameter, at };
    if (HAS_BODY.has(found)) at += parameter;
  }
}

function side(transaction: Transaction): Buffer {
  return received(transaction, transaction.response ? 'response' : 'request');
}

function reader(args: Arguments, read: (found: Found, bytes: Buffer) => Buffer | number | undefined): FetchFunction {
  const name = args.text(0);
  if (name.length !== 4) args.fail('token name must be exactly 4 characters');
  const occurrence = args.integer(1, 1);
  return (transaction) => {
    const bytes = side(transaction);
    const found = find(transaction, bytes, name, occurrence);
    const value = found && read(found, bytes);
    return found && value === undefined ? mayChange(transaction) : value;
  };
}

/** Messages of the distributed compiler distcc. configuration.txt 7.3.5. */
export const distccFetches: FetchTable = {
  ...fetch('distcc_param', 'string,[integer]', 'sint', 'either-l6', 'The parameter of a distcc token.', (args) =>
    reader(args, ({ parameter }) => parameter),
  ),
  ...fetch('distcc_body', 'string,[integer]', 'bin', 'either-l6', 'The body of a distcc token.', (args) =>
    reader(args, ({ parameter, at }, bytes) =>
      at + parameter > bytes.length ? undefined : bytes.subarray(at, at + parameter),
    ),
  ),
};
