import { CodecError, readHeaders, SpopWriter } from 'sluice/agent';
import { describe, expect, it } from 'vitest';

const binary = (...texts: string[]): Buffer => {
  const writer = new SpopWriter('latin1');
  for (const text of texts) writer.string(text);
  return Buffer.from(writer.bytes());
};

describe('readHeaders', () => {
  const fields = [
    ['host', 'example.com'],
    ['x-a', 'b: c'],
    ['x-empty', ''],
    ['x-a', '2'],
  ];

  it('reads text, as string and as binary', () => {
    const text = 'host: example.com\r\nx-a:b: c\r\nx-empty:\r\nx-a: 2\r\n\r\n';
    expect(readHeaders(text)).toEqual(fields);
    expect(readHeaders(Buffer.from(text))).toEqual(fields);
    expect(readHeaders('\r\n')).toEqual([]);
  });

  it('reads the binary form, with every byte', () => {
    expect(readHeaders(binary(...fields.flat(), '', ''))).toEqual(fields);
    expect(readHeaders(binary('x', 'é', '', ''))).toEqual([['x', 'é']]);
    expect(readHeaders(binary('x', 'y'.repeat(5000), '', ''))[0]![1]).toHaveLength(5000);
    expect(readHeaders(binary('', ''))).toEqual([]);
  });

  it('has none of what is missing, and refuses the rest', () => {
    expect([readHeaders(null), readHeaders(undefined)]).toEqual([[], []]);
    expect(() => readHeaders(5)).toThrow(TypeError);
    for (const cut of [binary('x', 'y'), binary('x'), Buffer.from([9])])
      expect(() => readHeaders(cut)).toThrow(CodecError);
  });
});
