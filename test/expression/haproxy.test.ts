import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseIpv4 } from '../../core/api/index.ts';
import type { Transaction } from '../../core/api/index.ts';
import { Refusal, condition, format, transactionOf } from './fixture.ts';

/** What record.js wrote: a real haproxy 2.6's answers. */
interface Group {
  readonly request: {
    readonly method: string;
    readonly uri: string;
    readonly headers: readonly (readonly [string, string])[];
    readonly body: string;
  };
  readonly cases: readonly {
    readonly case: string;
    readonly value?: string;
    readonly refused?: string;
    readonly status?: string;
  }[];
}

const folder = new URL('cases/', import.meta.url);
const files = new URL('files/', import.meta.url).pathname;

function transactionFor(group: Group, index: number): Transaction {
  const { request } = group;
  const length: [string, string][] = request.body === '' ? [] : [['content-length', String(request.body.length)]];
  const transaction = transactionOf({
    ...request,
    version: '1.0',
    headers: [...request.headers, ...length, ['x-case', String(index)]],
  });
  transaction.setVariable('txn', 's', 'text');
  transaction.setVariable('txn', 'i', 7);
  transaction.setVariable('txn', 'b', Buffer.from('00ff41', 'hex'));
  transaction.setVariable('txn', 'a', parseIpv4('10.1.2.3'));
  transaction.setVariable('txn', 'n', -3);
  return transaction;
}

/** Ours, as the harness asked haproxy. */
function ours(given: string, transaction: Transaction): string {
  const line = given.replaceAll('FILES/', files);
  if (line.startsWith('? ')) return condition(`{ ${line.slice(2)} }`, transaction) ? '1' : '0';
  return format(line.startsWith('= ') ? line.slice(2) : `%[${line}]`, transaction);
}

/** Where ours differs on purpose, or knows more than 2.6: left out here, tested elsewhere. */
const DIFFERENT = new Set(
  readFileSync(new URL('different.txt', import.meta.url), 'latin1')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#')),
);

for (const file of readdirSync(folder).filter((name) => name.endsWith('.json'))) {
  describe(`as haproxy 2.6 answers: ${file.replace('.json', '')}`, () => {
    const groups = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Group[];
    let index = 0;
    for (const group of groups) {
      for (const one of group.cases) {
        const number = index++;
        if (DIFFERENT.has(one.case)) continue;
        test(`${one.case}  (${group.request.uri})`, () => {
          if (one.refused === undefined) {
            expect(ours(one.case, transactionFor(group, number))).toBe(one.value);
            return;
          }
          let message = 'accepted';
          try {
            ours(one.case, transactionFor(group, number));
          } catch (error) {
            if (!(error instanceof Refusal)) throw error;
            message = error.message.replace(/^error detected while parsing a 'http-request deny' condition : /, '');
          }
          expect(message.replaceAll(files, 'FILES/').replace(/ \(did you mean '.*?'\?\)/, '')).toBe(one.refused);
        });
      }
    }
  });
}
