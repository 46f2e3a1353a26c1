import type { Keywords } from '../plugin/registry.ts';
import { wordTables } from '../plugin/word-tables.ts';

/** docs/keywords.md: every word that is built, from the words themselves. */
export function keywordDocs(keywords: Keywords): string {
  return [
    '# Keywords',
    'Every word of the configuration language that is built, with the plugin it comes from. This page is made from the ' +
      'words themselves by `npm run keywords`; do not edit it. HAProxy’s manual says more about each.',
    ...wordTables(keywords, { heading: '##', owners: true }),
  ]
    .join('\n\n')
    .concat('\n');
}
