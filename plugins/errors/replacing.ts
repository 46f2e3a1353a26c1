import type { ErrorReply, Extension, Names, ProxyConfig, Scope, Words } from 'sluice/plugin';
import { concerned } from '../proxy/place.ts';
import type { HttpErrors } from './section.ts';
import { isOwnStatus } from './statuses.ts';

/** One line's say about a proxy's answers: a reply by status, `undefined` for the usual one again. */
export type Replacement = (names: Names) => ReadonlyMap<number, ErrorReply | undefined>;

interface Replacements {
  readonly lines: Replacement[];
}
const REPLACEMENTS: Extension<Replacements> = {
  name: 'errors',
  create: () => ({ lines: [] }),
  inherit: (from) => ({ lines: [...from.lines] }),
};

/**
 * Keeps a line's replacement. They are applied when all sections have been read, in the order of their lines, since
 * sections that come later may be named.
 */
export function replace(scope: Scope, replacement: Replacement): void {
  scope.proxy.extension(REPLACEMENTS).lines.push(replacement);
  scope.later((names) => {
    apply(scope.proxy, names);
    for (const proxy of concerned(scope, names.proxies)) apply(proxy, names);
  });
}

function apply(proxy: ProxyConfig, names: Names): void {
  const target = proxy.settings.errorReplies;
  target.clear();
  for (const line of proxy.extension(REPLACEMENTS).lines)
    for (const [status, reply] of line(names)) {
      if (reply) target.set(status, reply);
      else target.delete(status);
    }
}

/** Reads a status whose answer can be changed. */
export function readStatus(words: Words): number {
  const text = words.next('a status code');
  const status = Number(text);
  if (!/^\d+$/.test(text) || !isOwnStatus(status)) words.fail(`${words.keyword} : status code '${text}' not handled.`);
  return status;
}

/** The `http-errors` section of that name, if there is one. */
export function findErrors(names: Names, name: string): HttpErrors | undefined {
  return names.section<HttpErrors>('http-errors', name);
}
