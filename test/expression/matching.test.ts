import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ipAddress, parseAddress } from '../../core/api/index.ts';
import { address } from '../../plugins/matching/networks.ts';
import { type Prefix, PrefixTable } from '../../plugins/matching/prefix-table.ts';
import { exact, prefix, suffix } from '../../plugins/matching/strings.ts';

const flags = {
  ignoreCase: false,
  fail: (message: string): never => {
    throw new Error(message);
  },
};

const masked = (bytes: readonly number[], bits: number): Uint8Array =>
  Uint8Array.from(bytes, (byte, i) => byte & (0xff00 >> Math.min(8, Math.max(0, bits - 8 * i))));

function slowest(prefixes: readonly Prefix<number>[], bytes: Uint8Array): number | undefined {
  let best: Prefix<number> | undefined;
  for (const one of prefixes) {
    const inside = masked([...bytes], one.bits).every((byte, i) => byte === one.bytes[i]);
    if (inside && (!best || one.bits > best.bits)) best = one;
  }
  return best?.data;
}

describe('prefix tables', () => {
  test.each([
    [4, 4],
    [6, 16],
  ] as const)('find what a search through all IPv%i prefixes finds', (family, size) => {
    // Few byte values, so that prefixes nest and addresses hit.
    const bytes = fc.array(fc.constantFrom(0, 1, 127, 128, 255), { minLength: size, maxLength: size });
    const entry = fc.tuple(bytes, fc.integer({ min: 0, max: size * 8 }));
    fc.assert(
      fc.property(
        fc.array(entry, { maxLength: 30 }),
        fc.array(bytes, { minLength: 1, maxLength: 20 }),
        (entries, asked) => {
          const prefixes = entries.map(([own, bits], data) => ({ bytes: masked(own, bits), bits, data }));
          const table = new PrefixTable(prefixes, family);
          for (const one of [...asked, ...entries.map((item) => item[0])])
            expect(table.find(Uint8Array.from(one))).toBe(slowest(prefixes, Uint8Array.from(one)));
        },
      ),
    );
  });

  test('the smallest network counts, whatever the order', () => {
    const find = address(
      ['10.0.0.0/8', '10.1.0.0/16', '10.1.2.3', '0.0.0.0/0'].map((pattern) => ({ pattern, data: pattern })),
      flags,
    );
    expect(find(parseAddress('10.1.2.3')!)).toBe('10.1.2.3');
    expect(find(parseAddress('10.1.2.4')!)).toBe('10.1.0.0/16');
    expect(find(parseAddress('10.9.2.4')!)).toBe('10.0.0.0/8');
    expect(find(parseAddress('11.0.0.0')!)).toBe('0.0.0.0/0');
    expect(find(ipAddress(new Uint8Array(16)))).toBe('0.0.0.0/0');
  });
});

describe('large lists', () => {
  const words = Array.from({ length: 100_000 }, (_, i) => `/path/${i}`);
  const items = words.map((pattern) => ({ pattern, data: pattern }));

  test('exact texts', () => {
    const find = exact(items, flags);
    expect(find('/path/99999')).toBe('/path/99999');
    expect(find('/path/100000')).toBeUndefined();
  });

  test('prefixes: the longest', () => {
    const find = prefix(items, flags);
    expect(find('/path/4242/x')).toBe('/path/4242');
    expect(find('/path/x')).toBeUndefined();
  });

  test('suffixes', () => {
    const find = suffix(
      words.map((pattern) => ({ pattern, data: true })),
      flags,
    );
    expect(find('x/path/7')).toBe(true);
    expect(find('x/path/')).toBeUndefined();
  });
});

test('of many suffixes with values the first in the list counts, whatever its length', () => {
  const list = ['.b.example', '.example', '.a.b.example', 'other', '.a.b.example', 'c', 'd', 'e', 'f', 'g'];
  const find = suffix(
    list.map((pattern, data) => ({ pattern, data })),
    flags,
  );
  expect([find('x.a.b.example'), find('x.example'), find('x.other'), find('x')]).toEqual([0, 1, 3, undefined]);
});

test('an answer that was kept belongs to its text', () => {
  const find = exact([{ pattern: 'ABC', data: 1 }], { ...flags, ignoreCase: true });
  expect([find('abc'), find('abd'), find('aBc'), find('aBc'), find('')]).toEqual([1, undefined, 1, 1, undefined]);
});
