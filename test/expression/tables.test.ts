import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { DERIVED } from '../../core/expression/derived.ts';
import { isKnownConverter, isKnownFetch } from '../../core/expression/known.ts';
import { sourceMatrix } from '../../core/expression/sources.ts';
import converters from '../../plugins/converters/index.ts';
import fetches from '../../plugins/fetches/index.ts';
import matching from '../../plugins/matching/index.ts';

/** The rows of a table: words between blanks, comments left out. */
function rowsOf(name: string): string[][] {
  return readFileSync(new URL(name, import.meta.url), 'latin1')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(' '));
}

const known = new Map(rowsOf('fetch-places.txt').map(([places, type, name]) => [name!, { places, type }]));
const knownConverters = new Map(
  rowsOf('converter-types.txt').map(([input, output, name]) => [name!, { input, output }]),
);

test.each(Object.entries(fetches.fetches!))('fetch %s stands where haproxy lets it, with its type', (name, keyword) => {
  const matrix = sourceMatrix(keyword.from).replace(/[[\] ]/g, '');
  expect({ places: matrix, type: keyword.type }).toEqual(known.get(name));
  expect(isKnownFetch(name)).toBe(true);
});

test.each(Object.entries(converters.converters!))("converter %s has haproxy's types", (name, keyword) => {
  expect({ input: keyword.input, output: keyword.output }).toEqual(knownConverters.get(name));
  expect(isKnownConverter(name)).toBe(true);
});

test('every derived criterion names a method that is there', () => {
  for (const { method } of DERIVED.values()) expect(matching.matches).toHaveProperty(method);
});
