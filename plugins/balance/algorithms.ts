import { asBinary, asString, type Backend, type BalanceKeyword, type Balancer, type Expression } from 'sluice/plugin';
import type { Scope, Transaction, Words } from 'sluice/plugin';
import { First } from './first.ts';
import { hashed } from './hashed.ts';
import { headerKey, type Key, parameterKey, sourceNumber, uriKey } from './keys.ts';
import { LeastConnections } from './leastconn.ts';
import { random } from './random.ts';
import { RoundRobin } from './roundrobin.ts';
import { finisherOf, hasherOf, takesText } from './settings.ts';
import { StaticRoundRobin } from './slots.ts';

const simple = (usage: string, summary: string, make: (backend: Backend) => Balancer): BalanceKeyword => ({
  usage: `balance ${usage}`,
  summary,
  parse: () => make,
});

const roundRobin = (backend: Backend): Balancer => new RoundRobin(backend);

const byKey = (key: Key): ReturnType<typeof hashed> =>
  hashed((settings) => {
    const hash = hasherOf(settings);
    return (transaction) => {
      const text = key(transaction);
      return text === undefined ? undefined : hash(text);
    };
  });

/** What stands in the parentheses of `word(argument)`; undefined without any. */
function argumentOf(words: Words): string | undefined {
  return /^balance [a-z-]+\(([^)]*)\)?$/.exec(words.keyword)?.[1];
}

function positive(what: string, words: Words): number {
  const text = words.remaining > 0 ? words.next('a positive integer') : '';
  const number = /^\d+$/.test(text) ? Number(text) : 0;
  if (number <= 0) words.fail(`balance uri : '${what}' expects a positive integer (got '${text}').`);
  return number;
}

function readUri(words: Words): Key {
  const options = { whole: false, pathOnly: false, length: 0, depth: 0 };
  while (words.remaining > 0) {
    const word = words.next('an option');
    if (word === 'len') options.length = positive(word, words);
    else if (word === 'depth') options.depth = positive(word, words);
    else if (word === 'whole') options.whole = true;
    else if (word === 'path-only') options.pathOnly = true;
    else {
      words.fail(`balance uri only accepts parameters 'len', 'depth', 'path-only', and 'whole' (got '${word}').`);
    }
  }
  return uriKey(options);
}

function readHeader(words: Words): Key {
  const name = argumentOf(words);
  if (name === undefined || name === '' || !words.keyword.endsWith(')'))
    words.fail('balance hdr requires an http header field name.');
  let domainOnly = false;
  if (words.remaining > 0) {
    const word = words.next('use_domain_only');
    if (word !== 'use_domain_only')
      words.fail(`${words.keyword} only accepts 'use_domain_only' modifier (got '${word}').`);
    domainOnly = true;
  }
  return headerKey(name, domainOnly);
}

function readParameter(words: Words, scope: Scope): Key {
  if (words.remaining === 0) words.fail('balance url_param requires an URL parameter name.');
  const name = words.next('a parameter name');
  if (words.remaining === 0) return parameterKey(name, false);
  const word = words.next('check_post');
  if (word !== 'check_post') words.fail(`balance url_param only accepts 'check_post' modifier (got '${word}').`);
  // It used to be followed by how many bytes to wait for at the most, which means nothing any more.
  if (words.remaining > 0) words.integer('a number of bytes', { min: 0 });
  scope.proxy.settings.bufferPosts = true;
  return parameterKey(name, true);
}

function readDraws(words: Words): number {
  const text = argumentOf(words);
  if (text === undefined) return 2;
  const draws = /^-?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(draws))
    words.fail(`balance random : unexpected character '${/[^\d]/.exec(text)?.[0] ?? ')'}' after argument.`);
  if (draws < 1) words.fail('balance random : number of draws must be at least 1.');
  return draws;
}

function readExpression(words: Words, scope: Scope): Expression {
  if (words.remaining === 0) words.fail('balance hash requires a sample expression.');
  const expression = scope.expression(words);
  if (words.remaining > 0) words.fail(`balance hash takes no other argument (got '${words.next('nothing')}').`);
  return expression;
}

function readRdpCookie(words: Words, scope: Scope): Key {
  const given = argumentOf(words);
  if (given === '' || (given !== undefined && !words.keyword.endsWith(')')))
    words.fail('balance rdp-cookie : missing cookie name.');
  const cookie = scope.format(`%[req.rdp_cookie(${given ?? 'mstshash'})]`, words, ['be-tcp-content']);
  return (transaction: Transaction) =>
    transaction.received === undefined ? undefined : cookie.evaluate(transaction) || undefined;
}

/** The algorithms of `balance`; configuration.txt 4.2. */
export const algorithms: Readonly<Record<string, BalanceKeyword>> = {
  roundrobin: {
    ...simple('roundrobin', 'Each server in turn, as often as its weight says.', roundRobin),
    unless: roundRobin,
  },
  'static-rr': simple(
    'static-rr',
    'The same by a map made once: weights that change later do not count.',
    (backend) => new StaticRoundRobin(backend),
  ),
  leastconn: simple(
    'leastconn',
    'The server with the fewest connections for its weight.',
    (backend) => new LeastConnections(backend),
  ),
  first: simple('first', 'The server with the smallest id that has room.', (backend) => new First(backend)),
  random: {
    usage: 'balance random[(<draws>)]',
    summary: 'The least loaded of some servers drawn by lot, two unless told otherwise.',
    parse: (words) => random(readDraws(words)),
  },
  source: {
    usage: 'balance source',
    summary: "By the client's address.",
    parse: () =>
      hashed((settings) => {
        const finish = finisherOf(settings);
        return ({ connection }) => {
          const number = sourceNumber(connection.source);
          return number === undefined ? undefined : finish(number);
        };
      }),
  },
  uri: {
    usage: 'balance uri [ whole ] [ path-only ] [ len <length> ] [ depth <slashes> ]',
    summary: "By the request's target, without its query unless `whole`.",
    parse: (words) => byKey(readUri(words)),
  },
  url_param: {
    usage: 'balance url_param <name> [ check_post [ <bytes> ] ]',
    summary: 'By a parameter of the query, or of the form in the body of a POST.',
    parse: (words, scope) => byKey(readParameter(words, scope)),
  },
  hdr: {
    usage: 'balance hdr(<name>) [ use_domain_only ]',
    summary: 'By the value of a header field, or the main part of the domain in it.',
    parse: (words) => byKey(readHeader(words)),
  },
  'rdp-cookie': {
    usage: 'balance rdp-cookie[(<name>)]',
    summary: 'By the cookie of an RDP client.',
    parse: (words, scope) => byKey(readRdpCookie(words, scope)),
  },
  hash: {
    usage: 'balance hash <expression>',
    summary: 'By the value of a sample expression.',
    parse(words, scope) {
      const expression = readExpression(words, scope);
      return hashed((settings) => {
        const hash = hasherOf(settings);
        const text = takesText(settings);
        return (transaction) => {
          const value = expression.evaluate(transaction);
          if (value === undefined) return undefined;
          if (typeof value === 'string') return hash(value);
          return hash(text ? asString(value) : asBinary(value).latin1Slice());
        };
      });
    },
  },
};
