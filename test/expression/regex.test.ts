import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileRegex } from '../../core/expression/regex.ts';

describe('regexes', () => {
  test.each([
    ['abc', 'xabcx', true],
    ['^abc', 'abcx', true],
    ['^abc', 'xabc', false],
    ['abc$', 'xabc', true],
    ['^abc$', 'abcd', false],
    ['a\\.b', 'a.b', true],
    ['a\\.b', 'axb', false],
    ['a.b', 'a\nb', false],
    ['[[:digit:]]+x', 'a12x', true],
    ['[[:upper:][:digit:]]x', 'ax', false],
    ['[]x]', ']', true],
    ['[^]x]', ']', false],
    ['[a\\]]', ']', true],
    ['\\Aabc\\z', 'abc', true],
    ['\\h', '\t', true],
    ['\\s', '\u00a0', false],
    ['\\Q.*\\E', 'a.*b', true],
    ['\\x{41}', 'A', true],
    ['(?i)ABC', 'xabcx', true],
    ['(?<n>a)', 'a', true],
    ['(?P<n>a)', 'a', true],
    ['(a)|b', 'b', true],
    ['(?:a|b){2,3}c', 'abc', true],
    ['(?#comment)a', 'a', true],
    ['(?=a)a', 'a', true],
    ['(?!a)b', 'b', true],
    ['(a)\\1', 'aa', true],
    ['(a)\\1', 'ab', false],
    ['a++b', 'aab', true],
    ['', 'anything', true],
  ])('%s on %j: %s', (pattern, subject, expected) => {
    expect(compileRegex(pattern, false).test(subject)).toBe(expected);
  });

  test('case is ignored on request', () => {
    expect(compileRegex('^/ABC$', true).test('/abc')).toBe(true);
    expect(compileRegex('abc', true).test('xABCx')).toBe(true);
    expect(compileRegex('(a+)+b', true).test('AAB')).toBe(true);
  });

  test.each(['(', 'a)', '[a', '*a', 'a{2,1}'])('%s is refused', (pattern) => {
    expect(() => compileRegex(pattern, false)).toThrow(/^regex '.*' is invalid \(error=/s);
  });

  test('find gives the offsets of the groups', () => {
    for (const pattern of ['(b)(x)?(c)', '(b+)(x)?(c+)']) {
      expect(compileRegex(pattern, false).find('abcabc', 0)).toEqual([1, 3, 1, 2, -1, -1, 2, 3]);
      expect(compileRegex(pattern, false).find('abcabc', 2)).toEqual([4, 6, 4, 5, -1, -1, 5, 6]);
      expect(compileRegex(pattern, false).find('abc', 2)).toBeUndefined();
    }
  });

  test('what only backtracking can do is given up when it takes too long', () => {
    const regex = compileRegex('(a*)*\\1b', false);
    expect(regex.test('b')).toBe(true);
    expect(regex.test(`${'x'.repeat(100)}b`)).toBe(true);
    // These would run for longer than anybody lives.
    for (const [pattern, subject] of [
      ['(a*)*\\1b', 'a'.repeat(8000)],
      ['^(?=(a+)+$)b', `${'a'.repeat(60)}!`],
      ['(?!x)a*a*a*a*a*b', 'a'.repeat(8000)],
    ] as const)
      expect(compileRegex(pattern, false).test(subject)).toBe(false);
    expect(compileRegex('^/(?!api/).*\\.php', false).test(`/${'x'.repeat(20_000)}.php`)).toBe(true);
  });

  test('a hostile subject costs no more than its length', () => {
    // Exponential for a backtracking engine: this test would not end.
    const subject = 'a'.repeat(50_000);
    expect(compileRegex('(a+)+$', false).test(`${subject}b`)).toBe(false);
    expect(compileRegex('(a|aa)+$', false).test(`${subject}b`)).toBe(false);
    expect(compileRegex('(.*)*x', false).test(subject)).toBe(false);
  });

  test('plain texts behave as the regex they are', () => {
    const subject = fc.string({ unit: fc.constantFrom('a', 'b', '.') });
    fc.assert(
      fc.property(
        subject,
        fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 3 }),
        fc.boolean(),
        fc.boolean(),
        (text, word, start, end) => {
          const pattern = `${start ? '^' : ''}${word}${end ? '$' : ''}`;
          const native = new RegExp(pattern, 'd').exec(text);
          const ours = compileRegex(pattern, false);
          expect(ours.test(text)).toBe(native !== null);
          expect(ours.find(text, 0)).toEqual(native?.indices?.flat());
        },
      ),
    );
  });
});
