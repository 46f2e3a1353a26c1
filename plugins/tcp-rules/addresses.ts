import type { ActionKeyword, Endpoint, Ruleset, Scope, Words } from 'sluice/plugin';
import { toAddress, toInteger } from '../http-rules/values.ts';

const SETS: readonly Ruleset[] = [
  'tcp-request connection',
  'tcp-request session',
  'tcp-request content',
  'http-request',
];
type End = 'source' | 'destination';

function readExpression(words: Words, scope: Scope): ReturnType<Scope['expression']> {
  if (words.remaining === 0) words.fail('missing fetch method.');
  return scope.expression(words);
}

function address(word: string, end: End, summary: string): ActionKeyword {
  return {
    usage: `${word} <expression>`,
    summary,
    in: SETS,
    parse(words, scope) {
      const expression = readExpression(words, scope);
      return {
        run(transaction) {
          const to = toAddress(expression.evaluate(transaction));
          if (!to) return;
          const { connection } = transaction;
          // The port of a unix socket's end is 0 already.
          connection[end] = { ...to, port: connection[end].port };
        },
      };
    },
  };
}

function port(word: string, end: End, summary: string): ActionKeyword {
  return {
    usage: `${word} <expression>`,
    summary,
    in: SETS,
    parse(words, scope) {
      const expression = readExpression(words, scope);
      return {
        run(transaction) {
          const number = toInteger(expression.evaluate(transaction));
          if (number === undefined) return;
          const { connection } = transaction;
          const old: Endpoint = connection[end];
          const to = old.family === 'unix' ? ({ family: 4, address: '0.0.0.0' } as const) : old;
          connection[end] = { family: to.family, address: to.address, port: number & 0xffff };
        },
      };
    },
  };
}

export const addressActions: Record<string, ActionKeyword> = {
  'set-src': address('set-src', 'source', "Changes the client's address, as everything after it sees it."),
  'set-src-port': port('set-src-port', 'source', "Changes the client's port."),
  'set-dst': address('set-dst', 'destination', 'Changes the address the client connected to.'),
  'set-dst-port': port('set-dst-port', 'destination', 'Changes the port the client connected to.'),
};
