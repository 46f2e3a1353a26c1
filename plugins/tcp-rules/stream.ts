import type { ActionKeyword, Expression, Ruleset, Scope, TimeoutChoice, Transaction, Words } from 'sluice/plugin';
import { toInteger } from '../http-rules/values.ts';

const LEVELS = ['emerg', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug', 'silent'] as const;
const CONTENT: readonly Ruleset[] = ['tcp-request content', 'tcp-response content', 'http-request', 'http-response'];

const FRONTEND: readonly TimeoutChoice[] = ['client', 'tarpit'];
const TIMEOUTS = ['client', 'connect', 'queue', 'server', 'tarpit', 'tunnel'] as const;

/** A time in milliseconds: written out, or an expression that gives one. */
export function readTime(words: Words, scope: Scope): number | Expression {
  return /^\d/.test(words.peek() ?? '') ? words.time('a time') : scope.expression(words);
}

function evaluate(time: number | Expression, transaction: Transaction): number | undefined {
  return typeof time === 'number' ? time : toInteger(time.evaluate(transaction));
}

export const streamActions: Record<string, ActionKeyword> = {
  'set-log-level': {
    usage: 'set-log-level <level>',
    summary: 'Logs this stream at another level, or with silent not at all.',
    in: [...CONTENT, 'http-after-response'],
    parse(words) {
      const level = words.oneOf("a log level or 'silent'", LEVELS);
      return { run: (transaction) => void (transaction.logLevel = level) };
    },
  },
  'set-nice': {
    usage: 'set-nice <-1024..1024>',
    summary: 'Has no effect: streams are served in the order their bytes come.',
    in: CONTENT,
    parse(words) {
      words.integer('a number');
      words.notice(`'set-nice' has no effect: streams are served in the order their bytes come`);
      return { run: () => undefined };
    },
  },
  'set-timeout': {
    usage: 'set-timeout { client | connect | queue | server | tarpit | tunnel } { <time> | <expression> }',
    summary: 'Changes a timeout of this stream.',
    in: ['http-request', 'http-response'],
    parse(words: Words, scope: Scope) {
      const which = words.oneOf('client, connect, queue, server, tarpit or tunnel', TIMEOUTS);
      const { proxy } = scope;
      if (which !== 'tarpit' && !(FRONTEND.includes(which) ? proxy.isFrontend : proxy.isBackend))
        words.fail(`proxy '${proxy.name}' has no ${FRONTEND.includes(which) ? 'frontend' : 'backend'} capability.`);
      const time = readTime(words, scope);
      if (time === 0) words.fail(`null value is not valid for a 'set-timeout ${which}' rule.`);
      return {
        run(transaction) {
          const value = evaluate(time, transaction);
          if (value !== undefined && value > 0) transaction.setTimeout(which, value);
        },
      };
    },
  },
  'set-retries': {
    usage: 'set-retries { <0-100> | <expression> }',
    summary: "Changes the number of retries of this stream's connection to a server.",
    in: ['tcp-request content', 'http-request'],
    parse(words: Words, scope: Scope) {
      const { proxy } = scope;
      if (!proxy.isBackend || proxy.kind === 'defaults') words.fail(`proxy '${proxy.name}' has no backend capability.`);
      const fixed = /^\d/.test(words.peek() ?? '') ? words.integer('a number', { min: 0, max: 100 }) : undefined;
      const expression = fixed === undefined ? scope.expression(words) : undefined;
      return {
        run(transaction) {
          const count = fixed ?? toInteger(expression!.evaluate(transaction));
          if (count !== undefined && count >= 0 && count <= 100) transaction.setRetries(count);
        },
      };
    },
  },
  pause: {
    usage: 'pause { <time> | <expression> }',
    summary: 'Waits before it goes on.',
    in: ['http-request', 'http-response'],
    parse(words, scope) {
      const time = readTime(words, scope);
      return {
        run(transaction) {
          const delay = evaluate(time, transaction);
          if (delay === undefined || delay <= 0) return undefined;
          return transaction.sleep(delay).then((alive) => (alive ? undefined : 'abort'));
        },
      };
    },
  },
};
