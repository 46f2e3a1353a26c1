import { describe, expect, test } from 'vitest';
import type { Transaction } from '../../core/api/index.ts';
import { Refusal, format, transactionOf } from './fixture.ts';

/** A request as haproxy 2.6 was given it when it wrote the lines below. */
function logged(): Transaction {
  const transaction = transactionOf({ uri: '/a"b?q=1', version: '1.0' });
  Object.assign(transaction, {
    requestCaptures: ['h.example', 'a,b', undefined],
    loggedToClient: 49,
    loggedFromClient: 57,
    termination: 'LR--',
    response: { status: 200 },
    loggedStatus: 200,
    timing: { ...transaction.timing, end: 0 },
  });
  const slot = { header: undefined, length: 20 };
  transaction.frontend.settings.requestCaptures = [slot, slot, slot];
  return transaction;
}

const log = (text: string): string => format(text, logged(), 'log-format');

describe('log lines, as haproxy 2.6 writes them', () => {
  test.each([
    ['%{+Q}[str(xx)]|', '"xx"|'],
    ['%{+Q}o%[str(xx)]|%[capture.req.hdr(2)]|%ci|%{-Q}ci|', '"xx"|""|"127.0.0.1"|127.0.0.1|'],
    ['%{+Q}o%ci', '"127.0.0.1"'],
    ['%{+Q}ci', '"127.0.0.1"'],
    ['%HM %HP %HQ %HU %HV', 'GET /a#22b ?q=1 /a#22b?q=1 HTTP/1.0'],
    ['%{+E}r|%{+Q}HU|%{+Q,+E}HU', 'GET /a#22b?q=1 HTTP/1.0|"/a#22b?q=1"|"/a#22b?q=1"'],
    [`%{+E}o%[str('a"b]c\\d')]|`, 'a\\"b\\]c\\\\d|'],
    [`%{+Q}[str('a"b]c\\d')]|`, '"a"b]c\\d"|'],
    ['a  b   c %ci   d', 'a b c 127.0.0.1 d'],
    ['%[capture.req.hdr(2)]|%[str(xx)]', '-|xx'],
    ['%{+Q}[capture.req.hdr(2)]', '""'],
    ['%{+X}[int(255)]|%{+X}[src]', '255|127.0.0.1'],
    ['%[str(a\\nb#)]', 'a\nb#'],
    ['%[bin(00ff)]', '-'],
    ['%[bool(true)]', '1'],
    ['%CC|%CS|%bi|%bp|%si|%sp|%sslc|%sslv|%ID', '-|-|-|-|-|-|-|-|-'],
    ['%hr|%hs|%hrl|%hsl', '{h.example|a,b|}||h.example a,b -|'],
    ['a %hs %hr %CC b', 'a {h.example|a,b|} - b'],
    ['%hs|%hs x', '| x'],
    ['%B%U', '4957'],
    ['%ts %tsc %ST %f %b/%s', 'LR LR-- 200 f f/<NOSRV>'],
    ['%t %T %Ts', '21/Nov/2026:02:26:25.160 21/Nov/2026:02:26:25 +0000 1795227985'],
    ['%{+X}ci %{+X}cp %{+X}fp %{+X}rt', '7F000001 9C40 0050 0005'],
    ['%-', '-'],
    ['100%%', '100%'],
  ])('%s', (text, expected) => {
    expect(log(text)).toBe(expected);
  });

  test('dates are local time where they say so', () => {
    // The time zone is the machine's: only the shape is known.
    expect(log('%Tl')).toMatch(/^\d\d\/Nov\/2026:\d\d:26:25 [+-]\d{4}$/);
    expect(log('%tr')).toMatch(/^\d\d\/Nov\/2026:\d\d:26:25\.160$/);
  });
});

describe('encoded formats', () => {
  test('named items make a JSON object, the rest is left out', () => {
    expect(log('%{+json}o %(request)HM and %(custom)[str(ab)] %(n)[int(5)] %(none)[var(txn.x)] %ci')).toBe(
      '{"request": "GET", "custom": "ab", "n": 5, "none": null}',
    );
  });

  test('an item can be forced to a type', () => {
    expect(log('%{+json}o%(a:str)[int(5)]%(b:sint)[str(6x)]%(c:bool)[int(7)]')).toBe('{"a": "5", "b": 6, "c": true}');
    expect(() => log('%(a:float)[int(5)]')).toThrow(Refusal);
  });

  test('one item alone can be encoded', () => {
    expect(log(`x=%{+json}[str('a"b')]`)).toBe('x="a\\"b"');
  });

  test('CBOR is a map of indefinite length, in hex unless binary is asked for', () => {
    expect(log('%{+cbor}o%(a)[int(5)]%(b)[str(xyz)]%(c)[int(-1)]%(d)[bin(00ff)]%(e)[int(300)]%(f)[var(txn.x)]')).toBe(
      'BF61610561626378797A61632061644200FF616519012C6166F6FF',
    );
    expect(log('%{+cbor,+bin}o%(a)[bool(true)]')).toBe('\xbfaa\xf5\xff'.replace('aa', '\x61a'));
  });

  test('binary values stay binary when the whole line is', () => {
    expect(log('%{+bin}o%[bin(00ff41)]')).toBe('\x00\xffA');
  });
});

test('a format of nothing but text is known at once', () => {
  expect(format('a%%b %[str(c)]')).toBe('a%b c');
});
