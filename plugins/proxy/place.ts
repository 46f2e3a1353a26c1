import type { DirectiveKeyword, ProxyConfig, Scope, Words } from 'sluice/plugin';

export type Side = 'frontend' | 'backend';

/** Every kind of proxy section: HAProxy parses most words everywhere and warns where they can have no effect. */
export const ANYWHERE: DirectiveKeyword['in'] = ['defaults', 'frontend', 'backend'];

const NAMES = { frontend: 'frontend', backend: 'backend' } as const;

/**
 * Warns, as HAProxy does, when the proxy has no such side, and says so. The caller has to read the line all the same, so
 * that its errors are found.
 */
export function lacks(side: Side, words: Words, scope: Scope, hint = ''): boolean {
  const proxy = scope.proxy;
  if (side === 'frontend' ? proxy.isFrontend : proxy.isBackend) return false;
  words.warn(
    `'${words.keyword}' ignored because ${proxy.kind} '${proxy.name}' has no ${NAMES[side]} capability.${hint && ` ${hint}`}`,
  );
  return true;
}

/** Refuses the line in a proxy without that side. */
export function demand(side: Side, words: Words, scope: Scope): void {
  const proxy = scope.proxy;
  if (side === 'frontend' ? proxy.isFrontend : proxy.isBackend) return;
  words.fail(`'${words.keyword}' not allowed because ${proxy.kind} '${proxy.name}' has no ${NAMES[side]} capability.`);
}

/** The proxies a line speaks for: its own, or all that start from its `defaults` section. */
export function concerned(scope: Scope, proxies: readonly ProxyConfig[]): readonly ProxyConfig[] {
  const own = scope.proxy;
  return own.kind === 'defaults' ? proxies.filter((proxy) => proxy.defaults === own) : [own];
}

/** Warns, once all is read, of each proxy in TCP mode that this line would have changed and where it still `holds`. */
export function needsHttp(words: Words, scope: Scope, holds: (proxy: ProxyConfig) => boolean = () => true): void {
  const { keyword } = words;
  scope.later((names) => {
    for (const proxy of concerned(scope, names.proxies)) {
      if (proxy.settings.mode === 'http' || proxy.settings.disabled || !holds(proxy)) continue;
      words.warn(`'${keyword}' ignored for proxy '${proxy.name}' as it requires HTTP mode.`);
    }
  });
}
