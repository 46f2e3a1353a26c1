import type { DirectiveKeyword, Range, Words } from 'sluice/plugin';
import { ANYWHERE, lacks, type Side } from './place.ts';

type Limit = 'maxconn' | 'fullconn' | 'backlog' | 'rateLimitSessions' | 'retries';

function limit(
  field: Limit,
  usage: string,
  summary: string,
  side: Side,
  read: (words: Words) => number,
  hint?: string,
): DirectiveKeyword {
  return {
    usage,
    summary,
    in: ANYWHERE,
    parse(words, scope) {
      const value = read(words);
      words.end();
      if (!lacks(side, words, scope, hint)) scope.proxy.settings[field] = value;
    },
  };
}

const COUNT: Range = { min: 0, max: 2147483647 };
const number = (words: Words): number => words.integer('a number', COUNT);

export const proxyMaxconn: DirectiveKeyword = limit(
  'maxconn',
  'maxconn <number>',
  'The most connections the frontend serves at once; the others wait in the listen queue.',
  'frontend',
  number,
  `Maybe you want 'fullconn' instead ?`,
);

export const limits: Record<string, DirectiveKeyword> = {
  fullconn: limit(
    'fullconn',
    'fullconn <number>',
    'The load of the backend at which servers with minconn get their whole maxconn.',
    'backend',
    number,
    `Maybe you want 'maxconn' instead ?`,
  ),
  backlog: limit(
    'backlog',
    'backlog <number>',
    'The length of the listen queue asked of the system; the frontend maxconn otherwise.',
    'frontend',
    number,
  ),
  'rate-limit sessions': limit(
    'rateLimitSessions',
    'rate-limit sessions <number>',
    'The most new sessions the frontend accepts in a second.',
    'frontend',
    number,
  ),
  retries: limit(
    'retries',
    'retries <number>',
    'How often a connection to a server is tried again; 3 unless told otherwise.',
    'backend',
    number,
  ),
};
