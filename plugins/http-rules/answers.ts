import type { ActionKeyword, DirectiveKeyword, Extension, Proxy, Condition, Transaction, Verdict } from 'sluice/plugin';
import { fits, page, readReply, readStatusCode, REPLY_USAGE, type Answer } from '../errors/reply.ts';
import { isOwnStatus } from '../errors/statuses.ts';
import { needsHttp } from '../proxy/place.ts';
import { BOTH, ofResponse, REQUEST } from './places.ts';
import { readRedirect, REDIRECT_USAGE, type Redirection } from './redirect.ts';
import type { Scope, Words } from 'sluice/plugin';

/**
 * Reads the words of `deny` and `tarpit`. With none, or with only `deny_status`, the answer is the proxy's own page;
 * `status` alone makes an empty answer, as with HAProxy.
 */
function readDenial(words: Words, scope: Scope, fallback: number): Answer {
  const old = words.optional('deny_status') !== undefined;
  const status = old ? readStatusCode(words) : fallback;
  const next = words.peek();
  if (next !== undefined && next !== 'if' && next !== 'unless') return readReply(words, scope, status);
  if (!isOwnStatus(status))
    words.fail(`status code '${status}' not handled by default with 'default-errorfiles' argument.`);
  return page(status);
}

const DENIAL_USAGE = REPLY_USAGE.replace('[ status <code> ]', '[ { status | deny_status } <code> ]');

async function tarpit(transaction: Transaction, answer: Answer): Promise<Verdict> {
  const delay = transaction.getTimeout('tarpit') || transaction.getTimeout('connect');
  return (await transaction.sleep(delay, 'tarpit')) ? answer.send(transaction, 'tarpit') : 'abort';
}

export const answerActions: Record<string, ActionKeyword> = {
  deny: {
    usage: `deny ${DENIAL_USAGE}`,
    summary: 'Answers 403 to a request, 502 in the place of a response, or as it says.',
    in: BOTH,
    final: true,
    parse(words, scope) {
      const answer = readDenial(words, scope, ofResponse(words.keyword) ? 502 : 403);
      return { run: (transaction) => answer.send(transaction, 'denied') };
    },
  },
  return: {
    usage: `return ${REPLY_USAGE}`,
    summary: 'Answers with what it says; 200 unless it names another status.',
    in: BOTH,
    final: true,
    parse(words, scope) {
      const answer = readReply(words, scope, 200);
      return { run: (transaction) => answer.send(transaction, 'local') };
    },
  },
  tarpit: {
    usage: `tarpit ${DENIAL_USAGE}`,
    summary: 'Keeps the client waiting for timeout tarpit, then answers 500 or as it says.',
    in: REQUEST,
    final: true,
    parse(words, scope) {
      const answer = readDenial(words, scope, 500);
      return { run: (transaction) => tarpit(transaction, answer) };
    },
  },
  redirect: {
    usage: REDIRECT_USAGE,
    summary: 'Answers with a redirection.',
    in: BOTH,
    // Not declared final: with `ignore-empty` the rules go on.
    parse(words, scope) {
      const redirect = readRedirect(words, scope, true, ofResponse(words.keyword));
      const { bufsize } = scope.global.settings;
      return {
        run(transaction) {
          const reply = redirect(transaction);
          if (reply === undefined) return undefined;
          return fits(reply, bufsize) ? transaction.reply(reply) : transaction.error(500, 'internal');
        },
      };
    },
  },
};

interface Redirects {
  readonly lines: { readonly redirect: Redirection; readonly condition: Condition | undefined }[];
}
const REDIRECTS: Extension<Redirects> = { name: 'http-rules/redirects', create: () => ({ lines: [] }) };

function runRedirects(transaction: Transaction, proxy: Proxy): Verdict {
  for (const { redirect, condition } of proxy.extension(REDIRECTS)?.lines ?? []) {
    if (condition && !condition.evaluate(transaction)) continue;
    const reply = redirect(transaction);
    if (reply) return transaction.reply(reply);
  }
  return undefined;
}

export const redirectDirective: DirectiveKeyword = {
  usage: `${REDIRECT_USAGE} [ { if | unless } <condition> ]`,
  summary: 'Answers with a redirection, once the http-request rules have passed.',
  in: ['frontend', 'backend'],
  parse(words, scope) {
    const redirect = readRedirect(words, scope, false, false);
    const place = scope.proxy.isFrontend ? 'fe-http-request' : 'be-http-request';
    const condition = scope.condition(words, [place]);
    scope.proxy.extension(REDIRECTS).lines.push({ redirect, condition });
    scope.proxy.afterRequestRules(runRedirects);
    needsHttp(words, scope);
  },
};
