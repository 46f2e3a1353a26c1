import type { DirectiveKeyword } from 'sluice/plugin';

/** configuration.txt 4.2, `filter-sequence`. A name stands for all `filter` lines of it, in their order. */
export const filterSequence: DirectiveKeyword = {
  usage: 'filter-sequence { request | response } <name>[,<name>…]',
  summary: 'In which order filters work, and which of them do.',
  in: ['frontend', 'backend'],
  parse(words, scope) {
    const direction = words.oneOf("'request' or 'response'", ['request', 'response']);
    const names = words.next('a list of filters').split(',');
    const { settings } = scope.proxy;
    for (const [index, name] of names.entries()) {
      if (name === '') words.fail('a name is missing in the list of filters');
      if (names.indexOf(name) !== index) words.fail(`the filter '${name}' is listed twice`);
    }
    settings.filterSequence = { ...settings.filterSequence, [direction]: names };
    scope.later(() => {
      const known = settings.filters.map(({ name }) => name);
      for (const name of names) {
        if (known.includes(name)) continue;
        const there = known.length === 0 ? 'which has none' : `which has: ${[...new Set(known)].join(', ')}`;
        words.fail(`no filter '${name}' in ${scope.kind} '${scope.name}', ${there}`);
      }
    });
  },
};
