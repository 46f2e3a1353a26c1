import type { Build } from './build.ts';
import type { ProxySection } from './proxy-config.ts';
import { sectionTitle } from './scope.ts';

/** Gives a number to every proxy that has none: each takes the next free one at its turn, HAProxy's first being 2. */
export function numberProxies(proxies: readonly ProxySection[]): void {
  const taken = new Set(proxies.map((proxy) => proxy.id));
  let next = 2;
  for (const proxy of proxies) {
    if (proxy.id === 0) {
      while (taken.has(next)) next++;
      proxy.id = next;
      proxy.forcedId = false;
    }
    next++;
  }
}

/** HAProxy's warnings about proxies that are valid and yet hardly meant. */
export function warnProxies({ proxies, diagnostics }: Build): void {
  for (const proxy of proxies) {
    if (proxy.settings.disabled) continue;
    const title = sectionTitle(proxy);
    if (proxy.isFrontend && proxy.binds.length === 0)
      diagnostics.warn(`${title} has no 'bind' directive. Please declare it as a backend if this was intended.`);
    if (lacksTimeouts(proxy))
      diagnostics.warn(
        [
          `missing timeouts for ${title}.`,
          '   | While not properly invalid, you will certainly encounter various problems',
          '   | with such a configuration. To fix this, please ensure that all following',
          `   | timeouts are set to a non-zero value: 'client', 'connect', 'server'.`,
        ].join('\n'),
      );
    if (proxy.settings.mode === 'http') continue;
    for (const [set, rules] of proxy.rules)
      if (set.startsWith('http') && rules.length > 0)
        diagnostics.warn(`'${set}' rules ignored for ${title} as they require HTTP mode.`);
  }
}

function lacksTimeouts(proxy: ProxySection): boolean {
  const { client, connect, server } = proxy.settings.timeouts;
  return (proxy.isFrontend && !client) || (proxy.isBackend && proxy.servers.length > 0 && (!connect || !server));
}
