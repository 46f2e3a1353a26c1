import type { ActionKeyword, HeaderList, Regex, Transaction } from 'sluice/plugin';
import { headerName } from './header-names.ts';
import { ALL, headersOf, ofResponse } from './places.ts';
import { FIELD_COST, misfit } from './rewriting.ts';
import { isBroken, substitute } from './substitute.ts';
import { followHost } from './uri.ts';
import { replaceElements } from './elements.ts';

function setting(word: 'add-header' | 'set-header', summary: string): ActionKeyword {
  return {
    usage: `${word} <name> <log-format>`,
    summary,
    in: ALL,
    parse(words, scope) {
      const response = ofResponse(words.keyword);
      const name = headerName(words);
      const format = scope.format(words.next('a log-format string'), words);
      const replaces = word === 'set-header';
      const host = name === 'host' && !response && replaces;
      const { constant } = format;
      return {
        run(transaction) {
          const headers = headersOf(transaction, response);
          if (!headers) return undefined;
          // The value is made before the field goes: it may be made of it.
          const value = constant ?? format.evaluate(transaction);
          if (replaces) headers.delete(name);
          if (!transaction.rewriteFits(response, name.length + value.length + FIELD_COST)) return misfit(transaction);
          headers.add(name, value);
          if (host) followHost(transaction.request!);
          return undefined;
        },
      };
    },
  };
}

const METHODS = ['str', 'beg', 'end', 'sub', 'reg'] as const;

function matcher(method: Exclude<(typeof METHODS)[number], 'str' | 'reg'>, pattern: string): (name: string) => boolean {
  if (method === 'beg') return (name) => name.startsWith(pattern);
  if (method === 'end') return (name) => name.endsWith(pattern);
  return (name) => name.includes(pattern);
}

function deleteMatching(headers: HeaderList, matches: (name: string) => boolean): void {
  for (let index = headers.size - 1; index >= 0; index--) if (matches(headers.nameAt(index))) headers.deleteAt(index);
}

const delHeader: ActionKeyword = {
  usage: 'del-header <name> [ -m { str | beg | end | sub | reg } ]',
  summary: 'Removes all fields of that name, or with names that match.',
  in: ALL,
  parse(words, scope) {
    const response = ofResponse(words.keyword);
    const text = words.next('a header name');
    const name = text.toLowerCase();
    const method = words.optional('-m') ? words.oneOf('str, beg, end, sub or reg', METHODS) : 'str';
    if (method === 'str') return { run: (transaction) => void headersOf(transaction, response)?.delete(name) };
    let matches: (name: string) => boolean;
    if (method === 'reg') {
      // Names are lower case by now, and the expression is not.
      const regex = scope.regex(text, words);
      matches = (candidate) => regex.test(candidate);
    } else matches = matcher(method, name);
    return {
      run(transaction) {
        const headers = headersOf(transaction, response);
        if (headers) deleteMatching(headers, matches);
      },
    };
  },
};

type Edit = (value: string, regex: Regex, replacement: string) => string | undefined;

/** The whole value, if it matches anywhere, becomes the replacement. */
const replaceWhole: Edit = (value, regex, replacement) => {
  const match = regex.find(value, 0);
  return match ? substitute(replacement, value, match) : undefined;
};

function replacing(word: string, summary: string, edit: Edit): ActionKeyword {
  return {
    usage: `${word} <name> <regex> <log-format>`,
    summary,
    in: ALL,
    parse(words, scope) {
      const response = ofResponse(words.keyword);
      const name = words.next('a header name').toLowerCase();
      const regex = scope.regex(words.next('a regular expression'), words);
      const format = scope.format(words.next('a log-format string'), words);
      const host = name === 'host' && !response;
      return {
        run(transaction: Transaction) {
          const headers = headersOf(transaction, response);
          if (!headers?.has(name)) return undefined;
          const replacement = format.constant ?? format.evaluate(transaction);
          for (let index = 0; index < headers.size; index++) {
            if (headers.nameAt(index) !== name) continue;
            const old = headers.valueAt(index);
            const value = edit(old, regex, replacement);
            if (value === undefined) continue;
            const possible = !isBroken(replacement) && transaction.rewriteFits(response, value.length - old.length);
            if (possible) headers.setAt(index, value);
            else if (transaction.strictRewriting) return misfit(transaction);
          }
          if (host) followHost(transaction.request!);
          return undefined;
        },
      };
    },
  };
}

export const headerActions: Record<string, ActionKeyword> = {
  'add-header': setting('add-header', 'Adds a field at the end.'),
  'set-header': setting('set-header', 'Puts one field in the place of all of that name.'),
  'del-header': delHeader,
  'replace-header': replacing('replace-header', 'Rewrites the values of a field that match.', replaceWhole),
  'replace-value': replacing(
    'replace-value',
    'Rewrites those parts between commas of the values of a field that match.',
    replaceElements,
  ),
};
