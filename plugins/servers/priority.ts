import type { ActionKeyword, Transaction } from 'sluice/plugin';
import { type FetchTable, simple } from '../fetches/define.ts';
import { toInteger } from '../http-rules/values.ts';

function setter(
  name: string,
  limit: number,
  summary: string,
  set: (transaction: Transaction, value: number) => void,
): ActionKeyword {
  return {
    usage: `${name} <expression>`,
    summary,
    in: ['tcp-request content', 'http-request'],
    parse(words, scope) {
      if (words.remaining === 0) words.fail('missing fetch method.');
      const expression = scope.expression(words);
      return {
        run(transaction) {
          const value = toInteger(expression.evaluate(transaction));
          if (value !== undefined) set(transaction, Math.max(-limit, Math.min(limit, value)));
        },
      };
    },
  };
}

/** The order in which those who wait for a server get one; configuration.txt 4.4. */
export const priorityActions: Readonly<Record<string, ActionKeyword>> = {
  'set-priority-class': setter(
    'set-priority-class',
    2047,
    'Those of smaller classes are served first when they wait for a server.',
    (transaction, value) => (transaction.priorityClass = value),
  ),
  'set-priority-offset': setter(
    'set-priority-offset',
    524_287,
    'Milliseconds by which it counts as having come later when it waits for a server.',
    (transaction, value) => (transaction.priorityOffset = value),
  ),
};

export const priorityFetches: FetchTable = {
  ...simple('prio_class', 'sint', 'internal', 'The class of set-priority-class.', ({ priorityClass }) => priorityClass),
  ...simple(
    'prio_offset',
    'sint',
    'internal',
    'The milliseconds of set-priority-offset.',
    ({ priorityOffset }) => priorityOffset,
  ),
};
