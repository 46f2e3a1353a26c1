import type { Arguments, Transaction, Value } from 'sluice/plugin';
import { type FetchTable, fetch, simple } from './define.ts';

interface Credentials {
  readonly scheme: string;
  readonly rest: string;
}

function credentialsOf(transaction: Transaction, header: string): Credentials | undefined {
  const field = transaction.request?.headers.get(header);
  const [, scheme, rest] = field === undefined ? [] : (/^([^ ]+) +(.*)$/.exec(field) ?? []);
  return scheme === undefined ? undefined : { scheme, rest: rest! };
}

/** User and password of the Basic scheme: RFC 7617. */
function basic(transaction: Transaction): readonly [user: string, password: string] | undefined {
  const credentials = credentialsOf(transaction, 'authorization');
  if (credentials?.scheme.toLowerCase() !== 'basic') return undefined;
  const text = Buffer.from(credentials.rest.trim(), 'base64').toString('latin1');
  const colon = text.indexOf(':');
  return colon < 0 ? undefined : [text.slice(0, colon), text.slice(colon + 1)];
}

function schemeOf(transaction: Transaction): Value | undefined {
  const name = credentialsOf(transaction, 'authorization')?.scheme.toLowerCase();
  if (name === 'basic') return basic(transaction) && 'Basic';
  return name === 'bearer' ? 'Bearer' : undefined;
}

/** The token of the Bearer scheme, RFC 6750; a header of its own may hold it without the scheme's name or with it. */
function bearer(args: Arguments): (transaction: Transaction) => Value | undefined {
  const header = args.optionalText(0)?.toLowerCase() || 'authorization';
  return (transaction) => {
    const credentials = credentialsOf(transaction, header);
    return credentials?.scheme.toLowerCase() === 'bearer' ? credentials.rest.trim() : undefined;
  };
}

/** What clients say of themselves; nothing is checked here. configuration.txt 7.3.6. */
export const authorizationFetches: FetchTable = {
  ...simple('http_auth_user', 'str', 'request-head', 'The user of Basic credentials.', (one) => basic(one)?.[0]),
  ...simple('http_auth_pass', 'str', 'request-head', 'The password of Basic credentials.', (one) => basic(one)?.[1]),
  ...simple('http_auth_type', 'str', 'request-head', 'The scheme of the credentials.', schemeOf),
  ...fetch('http_auth_bearer', '[string]', 'str', 'request-head', 'The token of Bearer credentials.', bearer),
};
