import type { Names, ProxyConfig, ServerConfig, ServerScope, Words } from 'sluice/plugin';
import { concerned } from '../proxy/place.ts';
import { CHECK_RULES } from './protocols/rules.ts';
import { CHECKS } from './settings.ts';

/** Looks at the servers a word stands for, once all has been read: its own, or those that start from its `default-server`. */
export function verifyLater(
  words: Words,
  scope: ServerScope,
  verify: (server: ServerConfig, proxy: ProxyConfig, names: Names) => string | undefined,
): void {
  scope.later((names) => {
    for (const proxy of concerned(scope, names.proxies)) {
      const servers = scope.proxy.servers.includes(scope.server) ? [scope.server] : proxy.servers;
      for (const server of servers) {
        const problem = verify(server, proxy, names);
        if (problem !== undefined) words.fail(`'server ${proxy.name}/${server.name}' : ${problem}`);
      }
    }
  });
}

/** `check` needs a port, and cannot stand beside `track`. */
export function verifyCheck(server: ServerConfig, proxy: ProxyConfig): string | undefined {
  const { check, track, port, proto } = server.extension(CHECKS);
  if (!check) return undefined;
  const http = proxy.settings.checkOption === 'httpchk';
  if (proto !== undefined && (proto === 'h1') !== http) {
    return `server '${server.name}' uses an incompatible MUX protocol for the selected check type`;
  }
  if (track !== undefined) return 'unable to enable checks and tracking at the same time!';
  const unix = server.address.startsWith('/') || /^(?:unix|abns)@/.test(server.address);
  // The rules of these two may have ports of their own.
  const ruled = proxy.settings.checkOption === 'tcp-check' || proxy.settings.checkOption === 'httpchk';
  if (unix || ruled || port !== undefined || hasPort(server.address)) return undefined;
  return `server '${server.name}' has neither service port nor check port.`;
}

/** A port of its own: no offset to the client's (`:+100`). IPv6 addresses without brackets end with one, too. */
function hasPort(address: string): boolean {
  const port = /:(\d+)$/.exec(address)?.[1];
  return port !== undefined && Number(port) > 0;
}

export function verifyAgent(server: ServerConfig): string | undefined {
  const { agent, agentPort, track } = server.extension(CHECKS);
  if (!agent) return undefined;
  if (track !== undefined) return 'unable to enable checks and tracking at the same time!';
  return agentPort === undefined
    ? `server ${server.name} does not have agent port. Agent check has been disabled.`
    : undefined;
}

export function verifyObserve(server: ServerConfig, proxy: ProxyConfig): string | undefined {
  const { observe, check } = server.extension(CHECKS);
  if (observe === 'layer7' && proxy.settings.mode !== 'http') return "'layer7' can only be used in http proxies.";
  return observe === 'none' || check ? undefined : `'observe ${observe}' needs 'check'.`;
}

/** Follows a chain of tracking servers to its end, which has to be checked. */
export function verifyTrack(server: ServerConfig, proxy: ProxyConfig, names: Names): string | undefined {
  const own = `${proxy.name}/${server.name}`;
  if (server.extension(CHECKS).initState !== 'none')
    return "'init-state' cannot be used on a server that tracks another one.";
  const seen = new Set<ServerConfig>([server]);
  let at = { server, proxy };
  for (;;) {
    const { track } = at.server.extension(CHECKS);
    if (track === undefined) break;
    const next = find(track, at.proxy, names);
    if (typeof next === 'string') return next;
    if (disablesOn404(next.proxy) !== disablesOn404(at.proxy)) {
      return `unable to use ${next.proxy.name}/${next.server.name} for tracking: disable-on-404 option inconsistency.`;
    }
    if (next.server === server || seen.has(next.server)) {
      const tracked = find(server.extension(CHECKS).track!, proxy, names);
      const title = typeof tracked === 'string' ? own : `${tracked.proxy.name}/${tracked.server.name}`;
      return `unable to track ${title} as it belongs to a tracking chain looping back to ${own}.`;
    }
    if (next.server.dynamic)
      return `unable to use ${next.proxy.name}/${next.server.name} for tracking as it is a dynamic server.`;
    seen.add(next.server);
    at = next;
  }
  const { check, agent } = at.server.extension(CHECKS);
  if (at.server === server || check || agent) return undefined;
  return `unable to use ${at.proxy.name}/${at.server.name} for tracking as it does not have any check nor agent enabled.`;
}

/** Both ends of a track have to mean the same by a 404. configuration.txt 5.2, `track`. */
function disablesOn404(proxy: ProxyConfig): boolean {
  return proxy.findExtension(CHECK_RULES)?.disableOn404 === true;
}

interface Found {
  readonly server: ServerConfig;
  readonly proxy: ProxyConfig;
}

function find(track: string, from: ProxyConfig, names: Names): Found | string {
  const slash = track.indexOf('/');
  const proxyName = slash < 0 ? from.name : track.slice(0, slash);
  const name = track.slice(slash + 1);
  const proxy = slash < 0 ? from : names.proxy('backend', proxyName);
  if (proxy === undefined) return `unable to find required proxy '${proxyName}' for tracking.`;
  const server = proxy.servers.find((one) => one.name === name);
  return server === undefined ? `unable to find required server '${name}' for tracking.` : { server, proxy };
}
