import type { Condition, DirectiveKeyword, Extension, Proxy, Scope, Transaction, Verdict, Words } from 'sluice/plugin';
import { lacks, needsHttp } from './place.ts';

interface Monitor {
  uri: string | undefined;
  readonly fail: Condition[];
}
const MONITOR: Extension<Monitor> = {
  name: 'proxy/monitor',
  create: () => ({ uri: undefined, fail: [] }),
  inherit: (from) => ({ uri: from.uri, fail: [...from.fail] }),
};

/** Answers a monitor's request before any rule, without a log line. configuration.txt 4.2, monitor-uri. */
function answer(transaction: Transaction, proxy: Proxy): Verdict {
  const { request } = transaction;
  const monitor = proxy.extension(MONITOR);
  if (!request || monitor?.uri === undefined || proxy !== transaction.frontend) return undefined;
  const { uri } = monitor;
  if (request.uri !== uri && !(uri.startsWith('/') && pathOf(request.uri) === uri)) return undefined;
  transaction.logLevel = 'silent';
  const failed = monitor.fail.some((condition) => condition.evaluate(transaction));
  return transaction.error(failed ? 503 : 200);
}

/** The path of an absolute-form target, so that both forms are recognized. The query counts. */
function pathOf(uri: string): string {
  const scheme = uri.indexOf('://');
  if (scheme < 0) return uri;
  const slash = uri.indexOf('/', scheme + 3);
  return slash < 0 ? '/' : uri.slice(slash);
}

export const monitors: Record<string, DirectiveKeyword> = {
  'monitor-uri': {
    usage: 'monitor-uri <uri>',
    summary: 'Answers requests for it with 200 by itself, unlogged, or 503 if a monitor fail condition holds.',
    in: ['defaults', 'frontend', 'backend'],
    parse(words, scope) {
      const uri = words.next('a URI');
      words.end();
      if (lacks('frontend', words, scope)) return;
      scope.proxy.extension(MONITOR).uri = uri;
      scope.proxy.onRequest(answer);
      needsHttp(words, scope);
    },
  },
  'monitor fail': {
    usage: 'monitor fail { if | unless } <condition>',
    summary: 'Lets a monitor be answered with 503 while the condition holds.',
    in: ['frontend', 'backend'],
    parse(words: Words, scope: Scope) {
      const condition = scope.condition(words, ['fe-http-request']);
      if (!condition) words.fail(`'monitor fail' requires either 'if' or 'unless' followed by a condition.`);
      if (!lacks('frontend', words, scope)) scope.proxy.extension(MONITOR).fail.push(condition);
    },
  },
};
