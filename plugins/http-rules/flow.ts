import { reasonPhrase, type ActionKeyword, type Transaction, type Verdict } from 'sluice/plugin';
import { headerName } from './header-names.ts';
import { ALL, BOTH, ofResponse, REQUEST, RESPONSE } from './places.ts';

async function waitForBody(
  transaction: Transaction,
  atLeast: number,
  time: number,
  response: boolean,
): Promise<Verdict> {
  const outcome = await transaction.waitForBody(atLeast, time);
  if (outcome === 'timeout') return transaction.error(response ? 504 : 408);
  return outcome === 'closed' && !response ? 'abort' : undefined;
}

/** What an interim response needs in a buffer besides its one field. */
const HINT_COST = 112;

export const flowActions: Record<string, ActionKeyword> = {
  allow: {
    usage: 'allow',
    summary: 'Ends the rule set; the message goes on.',
    in: ALL,
    final: true,
    parse: () => ({ run: () => 'stop' }),
  },
  'set-status': {
    usage: 'set-status <100-999> [ reason <text> ]',
    summary: 'Changes the status of the response.',
    in: RESPONSE,
    parse(words) {
      const status = words.integer('a status code from 100 to 999', { min: 100, max: 999 });
      const reason = words.optional('reason') ? words.next('a reason') : reasonPhrase(status);
      return {
        run({ response }) {
          if (!response) return;
          response.status = status;
          response.reason = reason;
        },
      };
    },
  },
  'early-hint': {
    usage: 'early-hint <name> <log-format>',
    summary: 'Sends a 103 (Early Hints) response with that header first.',
    in: REQUEST,
    parse(words, scope) {
      const name = headerName(words);
      const format = scope.format(words.next('a log-format string'), words);
      const { bufsize } = scope.global.settings;
      return {
        run(transaction) {
          const value = format.evaluate(transaction);
          if (name.length + value.length + HINT_COST > bufsize) return transaction.error(500, 'internal');
          transaction.earlyHint(name, value);
          return undefined;
        },
      };
    },
  },
  'disable-l7-retry': {
    usage: 'disable-l7-retry',
    summary: 'Tries the request again only if no connection was to be had.',
    in: REQUEST,
    parse: () => ({ run: (transaction) => transaction.disableRetry() }),
  },
  'strict-mode': {
    usage: 'strict-mode { on | off }',
    summary: 'Whether changes that do not fit, made by the rules after it, end in an error.',
    in: ALL,
    parse(words) {
      const strict = words.oneOf("'on' or 'off'", ['on', 'off']) === 'on';
      return { run: (transaction) => void (transaction.strictRewriting = strict) };
    },
  },
  'wait-for-body': {
    usage: 'wait-for-body time <time> [ at-least <bytes> ]',
    summary: 'Waits for the body, or for that much of it.',
    in: BOTH,
    parse(words) {
      const response = ofResponse(words.keyword);
      words.oneOf("'time'", ['time']);
      const time = words.time('a time');
      const atLeast = words.optional('at-least') ? words.size('a size') : 0;
      if (words.peek() === 'use-large-buffer') {
        words.next('use-large-buffer');
        words.fail(`'use-large-buffer' is not built yet`);
      }
      return { run: (transaction) => waitForBody(transaction, atLeast, time, response) };
    },
  },
  'wait-for-handshake': {
    usage: 'wait-for-handshake',
    summary: 'Waits for the end of the TLS handshake; without TLS there is none to wait for.',
    in: REQUEST,
    parse: () => ({ run: () => undefined }),
  },
  auth: {
    usage: 'auth [ realm <text> ]',
    summary: 'Answers 401 (407 to a request to a proxy): the client shall name a user and a password.',
    in: REQUEST,
    final: true,
    parse(words, scope) {
      const realm = words.optional('realm') ? words.next('a realm') : scope.proxy.name;
      const challenge = `Basic realm="${realm}"`;
      return {
        run(transaction) {
          const { request, frontend } = transaction;
          const proxied =
            frontend.settings.options.get('http-use-proxy-header') === true && !/^[/*]/.test(request?.uri ?? '/');
          return proxied
            ? transaction.challenge(407, 'proxy-authenticate', challenge)
            : transaction.challenge(401, 'www-authenticate', challenge);
        },
      };
    },
  },
};
