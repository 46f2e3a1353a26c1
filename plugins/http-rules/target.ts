import type { ActionKeyword, Request, Transaction, Verdict } from 'sluice/plugin';
import { REQUEST } from './places.ts';
import { misfit } from './rewriting.ts';
import { isBroken, substitute } from './substitute.ts';
import { pathAndQuery, pathOf, setUri, withPath, withPathAndQuery, withQuery } from './uri.ts';

/** Puts a new part in the request line, and takes it back if the line is too long for a buffer then. */
function rewrite(
  transaction: Transaction,
  request: Request,
  value: string,
  put: (request: Request, value: string) => void,
): Verdict {
  const { method, uri } = request;
  put(request, value);
  if (transaction.rewriteFits(false, 0)) return undefined;
  request.method = method;
  request.uri = uri;
  return misfit(transaction);
}

function setting(word: string, summary: string, set: (request: Request, value: string) => void): ActionKeyword {
  return {
    usage: `${word} <log-format>`,
    summary,
    in: REQUEST,
    parse(words, scope) {
      const format = scope.format(words.next('a log-format string'), words);
      return {
        run(transaction) {
          const { request } = transaction;
          if (!request) return undefined;
          return rewrite(transaction, request, format.constant ?? format.evaluate(transaction), set);
        },
      };
    },
  };
}

function replacing(
  word: string,
  summary: string,
  part: (uri: string) => string | undefined,
  put: (request: Request, value: string) => void,
): ActionKeyword {
  return {
    usage: `${word} <regex> <log-format>`,
    summary,
    in: REQUEST,
    parse(words, scope) {
      const regex = scope.regex(words.next('a regular expression'), words);
      const format = scope.format(words.next('a log-format string'), words);
      return {
        run(transaction) {
          const { request } = transaction;
          const subject = request && part(request.uri);
          if (!request || subject === undefined) return undefined;
          const match = regex.find(subject, 0);
          if (!match) return undefined;
          const replacement = format.constant ?? format.evaluate(transaction);
          if (isBroken(replacement)) return misfit(transaction);
          return rewrite(transaction, request, substitute(replacement, subject, match), put);
        },
      };
    },
  };
}

const putPath = (request: Request, value: string): void => void (request.uri = withPath(request.uri, value));
const putBoth = (request: Request, value: string): void => void (request.uri = withPathAndQuery(request.uri, value));

export const targetActions: Record<string, ActionKeyword> = {
  'set-method': setting('set-method', 'Changes the method.', (request, value) => (request.method = value)),
  'set-path': setting('set-path', 'Changes the path; the query stays.', putPath),
  'set-pathq': setting('set-pathq', 'Changes the path and the query.', putBoth),
  'set-query': setting('set-query', 'Changes the query, what stands behind the question mark.', (request, value) => {
    request.uri = withQuery(request.uri, value);
  }),
  'set-uri': setting('set-uri', 'Changes the whole target; Host follows an authority in it.', setUri),
  'replace-path': replacing('replace-path', 'Changes the path if it matches.', pathOf, putPath),
  'replace-pathq': replacing('replace-pathq', 'Changes the path and the query if they match.', pathAndQuery, putBoth),
  'replace-uri': replacing('replace-uri', 'Changes the whole target if it matches.', (uri) => uri, setUri),
};
