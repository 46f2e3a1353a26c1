import { readFileSync } from 'node:fs';
import type { DirectiveKeyword, Scope, Words } from 'sluice/plugin';

/** Why a pair cannot be taken, or undefined. */
function objection(from: string, to: string, table: ReadonlyMap<string, string>): string | undefined {
  if (from !== from.toLowerCase()) return `'${from}' must be in lower case`;
  if (to.toLowerCase() !== from) return '<from> and <to> must not differ except the case';
  if (table.has(from)) return `duplicate entry '${from}'`;
  return undefined;
}

export const caseAdjust: Record<string, DirectiveKeyword> = {
  'h1-case-adjust': {
    usage: 'h1-case-adjust <from> <to>',
    summary: 'How a header name is spelled for peers that are bogus enough to care.',
    in: ['global'],
    parse(words: Words, scope: Scope) {
      const from = words.next('a header name in lower case');
      const to = words.next('the same name as it shall be sent');
      words.end();
      const table = scope.global.settings.caseAdjust;
      const why = objection(from, to, table);
      if (why) words.fail(why);
      table.set(from, to);
    },
  },
  'h1-case-adjust-file': {
    usage: 'h1-case-adjust-file <file>',
    summary: 'The same from a file, with two names on each line.',
    in: ['global'],
    parse(words: Words, scope: Scope) {
      const name = words.next('a file name');
      words.end();
      let text: string;
      try {
        text = readFileSync(scope.path(name, words), 'latin1');
      } catch {
        return words.fail(`'${words.keyword} ${name}': failed to open file.`);
      }
      const table = scope.global.settings.caseAdjust;
      for (const [index, line] of text.split('\n').entries()) {
        const trimmed = line.trim();
        if (trimmed === '' || trimmed.startsWith('#')) continue;
        const [from = '', to, ...more] = trimmed.split(/[ \t]+/);
        if (to === undefined || more.length > 0)
          words.fail(`'${words.keyword} ${name}': line ${index + 1} must hold two names`);
        const why = objection(from, to, table);
        if (why) words.fail(`'${words.keyword} ${name}': line ${index + 1}: ${why}`);
        table.set(from, to);
      }
      return undefined;
    },
  },
};
