import type { ProxySection } from './proxy-config.ts';
import type { LineWords } from './words.ts';

/** Lines that are rules, in the order in which they are evaluated, wherever they stand. */
const ORDER: readonly string[] = [
  'tcp-request connection',
  'tcp-request session',
  'tcp-request content',
  'monitor fail',
  'http-request',
  'redirect',
  'use_backend',
];

/** HAProxy's warning about a rule that stands behind one that is evaluated later. */
export function warnOrder(directive: string, words: LineWords, proxy: ProxySection): void {
  const rank = ORDER.indexOf(directive);
  if (rank === -1 || proxy.kind === 'defaults') return;
  const after = ORDER.slice(rank + 1).find((later) => proxy.seen.has(later));
  proxy.seen.add(directive);
  if (after === undefined) return;
  const article = after.startsWith('http') ? 'an' : 'a';
  const kind = directive.startsWith('tcp') ? 'tcp-request' : directive;
  words.warn(`a '${kind}' rule placed after ${article} '${after}' rule will still be processed before.`);
}
