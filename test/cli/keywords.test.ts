import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { keywordDocs } from '../../core/cli/keyword-docs.ts';
import { listKeywords } from '../../core/cli/keyword-lists.ts';
import { mergeKeywords } from '../../core/plugin/registry.ts';
import { argumentList } from '../../core/plugin/word-tables.ts';
import { stockPlugins } from '../../core/plugin/stock.ts';

describe('docs/keywords.md', () => {
  test('is what the registries say', () => {
    const page = new URL('../../docs/keywords.md', import.meta.url);
    expect(readFileSync(page, 'utf8')).toBe(keywordDocs(mergeKeywords(stockPlugins)));
  });

  test('every word of a plugin is in it', () => {
    const page = keywordDocs(
      mergeKeywords([
        {
          name: 'demo',
          api: 1,
          services: { hello: { usage: 'hello | bye', summary: 'Says it.', mode: 'http', serve: () => 'done' } },
        },
      ]),
    );
    expect(page).toMatch(/## Services \(1\)\n\n.*\n.*\n\| `hello` \| `hello \\\| bye` \| Says it\. \| demo \|\n$/);
  });
});

describe('lists', () => {
  test.each([
    [undefined, ''],
    [[], ''],
    [[{ type: 'string' }], '(string)'],
    [[{ type: 'string', optional: true }], '([string])'],
    [
      [{ type: 'string' }, { type: 'integer', optional: true }, { type: 'integer', optional: true }],
      '(string[,integer,integer])',
    ],
  ] as const)('arguments %#', (specs, text) => expect(argumentList('word', specs)).toBe(text));

  const keywords = mergeKeywords([
    {
      name: 'demo',
      api: 1,
      directives: {
        'log-tag': { usage: 'log-tag <x>', summary: '', in: ['global', 'frontend'], parse: () => {} },
        'option a': { usage: 'option a', summary: '', in: ['defaults', 'frontend', 'backend'], parse: () => {} },
        'option b': { usage: 'option b', summary: '', in: ['frontend'], parse: () => {} },
      },
      bindWords: { maxconn: { usage: 'maxconn <count>', summary: '', parse: () => {} } },
      serverWords: { backup: { usage: 'backup', summary: '', parse: () => {} } },
      actions: {
        'set-var': {
          usage: 'set-var(<name>) <expression>',
          summary: '',
          in: ['http-request', 'tcp-request content'],
          prefix: true,
          parse: () => ({ run: () => {} }),
        },
      },
      converters: {
        lower: { usage: 'lower', summary: '', input: 'str', output: 'str', compile: () => (value) => value },
      },
      filters: { trace: { usage: 'trace', summary: '', parse: () => ({ attach: () => undefined }) } },
      commands: { 'show info': { usage: 'show info', summary: '', level: 'user', run: () => {} } },
    },
  ]);

  test.each([
    [
      'cfg',
      '# List of registered configuration keywords:\nglobal\n\tlog-tag\nlisten\n\tlog-tag\n\tbind <addr> maxconn +1\n' +
        '\tserver <name> <addr> backup\n\toption a [ FE BE ]\n\toption b [ FE ]\n' +
        '\ttcp-request content set-var*\n\thttp-request set-var*\n',
    ],
    ['cnv', '# List of registered sample converter functions:\nlower: str => str\n'],
    ['flt', '# List of registered filter names:\ntrace [DEMO]\n'],
    ['cli', '# List of registered CLI keywords:\nshow info [WORKER] \n'],
  ])('%s', (name, text) => expect(listKeywords(keywords, [name])).toBe(text));

  test('all is every class', () => {
    expect(listKeywords(keywords, ['all']).match(/^# List of .*/gm)).toHaveLength(7);
  });
});
