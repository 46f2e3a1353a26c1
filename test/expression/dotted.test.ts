import { expect, test } from 'vitest';
import { Refusal, condition, contextOf, transactionOf } from './fixture.ts';

/** The shortest hello of a TLS client that offers one version, 3.`minor`. */
function hello(minor: number): Buffer {
  const body = Buffer.concat([Buffer.from([3, minor]), Buffer.alloc(33), Buffer.from('0002002f01000000', 'hex')]);
  const message = Buffer.concat([Buffer.from([1, 0, 0, body.length]), body]);
  return Buffer.concat([Buffer.from([22, 3, 1, 0, message.length]), message]);
}

const matches = (patterns: string, minor: number): boolean => {
  const received = { request: hello(minor), response: Buffer.alloc(0), final: false, mayChange: false };
  const transaction = Object.assign(transactionOf(), { request: undefined, received });
  return condition(`{ req.ssl_ver ${patterns} }`, transaction, contextOf(['fe-tcp-content']));
};

// What haproxy 2.6 answers to hellos of 3.0 and 3.3.
test.each([
  ['3', true, false],
  ['3:', true, true],
  ['3:3.4', true, true],
  [':3', true, false],
  ['3.3', false, true],
  ['3.0:3.3', true, true],
  ['gt 3', false, true],
  ['ge 3', true, true],
  ['le 3', true, false],
  ['lt 3.4', true, true],
  ['gt 3.3', false, false],
  ['3.03', false, true],
  ['0:3', true, false],
  ['3.1 3.3', false, true],
])('req.ssl_ver %s', (patterns, first, second) => {
  expect([matches(patterns, 0), matches(patterns, 3)]).toEqual([first, second]);
});

test.each([
  ['3.', "'3.' is not a dotted number"],
  ['.1', "'.1' is not a dotted number"],
  ['3.1.2', "'3.1.2' is not a dotted number"],
  ['65536', "'65536' is not a dotted number"],
  ['3.1:3', "'3.1:3' is not a valid dotted number range"],
  ['-m int 3.1', "'3.1' is not a number"],
])('req.ssl_ver %s is refused', (patterns, message) => {
  expect(() => matches(patterns, 0)).toThrow(Refusal);
  expect(() => matches(patterns, 0)).toThrow(message);
});
