import type { ActionKeyword, DirectiveKeyword, Proxy, ProxySettings, Scope, Transaction, Words } from 'sluice/plugin';
import { toText } from '../http-rules/values.ts';

type Direction = 'request' | 'response';
const SLOTS = { request: 'requestCaptures', response: 'responseCaptures' } as const;
const LENGTH = { min: 1, max: 65535 };

function slotsOf(settings: ProxySettings, direction: Direction): ProxySettings['requestCaptures'] {
  return settings[SLOTS[direction]];
}

/** Fills the slots that belong to header fields with the last field of each name. configuration.txt 8.8. */
function captureRequest(transaction: Transaction, proxy: Proxy): undefined {
  fill(transaction.request?.headers, proxy.settings.requestCaptures, transaction.requestCaptures);
}
function captureResponse(transaction: Transaction, _proxy: Proxy): undefined {
  fill(transaction.response?.headers, transaction.frontend.settings.responseCaptures, transaction.responseCaptures);
}
function fill(
  headers: { get(name: string): string | undefined } | undefined,
  slots: ProxySettings['requestCaptures'],
  into: (string | undefined)[],
): void {
  if (!headers) return;
  for (const [index, { header, length }] of slots.entries()) {
    if (header === undefined) continue;
    const value = headers.get(header);
    if (value !== undefined) into[index] = value.slice(0, length);
  }
}

function headerCapture(direction: Direction): DirectiveKeyword {
  return {
    usage: `capture ${direction} header <name> len <length>`,
    summary: `Keeps a header of the ${direction} for the log.`,
    in: ['frontend'],
    parse(words, scope) {
      const header = words.next('a header name').toLowerCase();
      words.oneOf(`'len'`, ['len']);
      const length = words.integer('a length', LENGTH);
      words.end();
      slotsOf(scope.proxy.settings, direction).push({ header, length });
      if (direction === 'request') scope.proxy.onRequest(captureRequest);
      else scope.proxy.onResponse(captureResponse);
    },
  };
}

function declaration(direction: Direction): DirectiveKeyword {
  return {
    usage: `declare capture ${direction} len <length>`,
    summary: `Makes a slot that rules can capture something of the ${direction} into.`,
    in: ['frontend'],
    parse(words, scope) {
      words.oneOf(`a capture length ('len')`, ['len']);
      const length = words.integer('a length greater than 0', LENGTH);
      words.end();
      slotsOf(scope.proxy.settings, direction).push({ header: undefined, length });
    },
  };
}

export const captureDirectives: Record<string, DirectiveKeyword> = {
  'capture request header': headerCapture('request'),
  'capture response header': headerCapture('response'),
  'declare capture request': declaration('request'),
  'declare capture response': declaration('response'),
};

export const captureAction: ActionKeyword = {
  usage: 'capture <expression> { len <length> | id <number> }',
  summary: 'Keeps the value of an expression for the log, in a slot of its own or a declared one.',
  in: ['tcp-request content', 'http-request', 'http-response', 'http-after-response'],
  parse(words: Words, scope: Scope) {
    const direction = /^http-(?:after-)?response/.test(words.keyword) ? 'response' : 'request';
    const { proxy } = scope;
    const expression = scope.expression(words);
    const how = words.oneOf(direction === 'request' ? `'len' or 'id'` : `'id'`, ['len', 'id']);
    let slot: number;
    if (how === 'len') {
      if (direction === 'response') words.fail(`expects 'id', found 'len'.`);
      if (!proxy.isFrontend) words.fail(`proxy '${proxy.name}' has no frontend capability.`);
      const length = words.integer('a length greater than 0', LENGTH);
      slot = proxy.settings.requestCaptures.push({ header: undefined, length }) - 1;
    } else {
      slot = words.integer('the number of a slot', { min: 0, max: 65535 });
      const rule = words.keyword;
      // A backend serves frontends that are only known when it runs.
      if (proxy.isFrontend && proxy.kind !== 'defaults')
        scope.later(() => {
          if (slot >= slotsOf(proxy.settings, direction).length)
            words.fail(`Proxy '${proxy.name}': unable to find capture id '${slot}' referenced by ${rule} rule.`);
        });
    }
    return {
      run(transaction) {
        const length = slotsOf(transaction.frontend.settings, direction)[slot]?.length;
        const value = length === undefined ? undefined : toText(expression.evaluate(transaction));
        if (value !== undefined) transaction[SLOTS[direction]][slot] = value.slice(0, length);
      },
    };
  },
};
