import type {
  Backend,
  Condition,
  DirectiveKeyword,
  Extension,
  Format,
  Proxy,
  Server,
  Transaction,
} from 'sluice/plugin';

interface UseServerRule {
  readonly server: Format;
  readonly condition: Condition;
}

interface UseServer {
  readonly rules: UseServerRule[];
  /** By name, once a rule has been followed. */
  servers: Map<string, Server> | undefined;
}

const USE_SERVER: Extension<UseServer> = {
  name: 'servers: use-server',
  create: () => ({ rules: [], servers: undefined }),
};

/** The server of the first rule that applies and names one that can be used. configuration.txt 4.2, `use-server`. */
function chooseByRule(transaction: Transaction, proxy: Proxy): Server | undefined {
  const settings = proxy.extension(USE_SERVER)!;
  for (const { server: name, condition } of settings.rules) {
    if (!condition.evaluate(transaction)) continue;
    settings.servers ??= serversByName(transaction.backend!);
    const server = settings.servers.get(name.constant ?? name.evaluate(transaction));
    if (server === undefined) continue;
    const forced = transaction.persistence === 'forced' || proxy.settings.options.get('persist') === true;
    if (server.state.acceptsBound || forced) return server;
  }
  return undefined;
}

/** They may come and go. */
function serversByName(backend: Backend): Map<string, Server> {
  const servers = new Map(backend.servers.map((server) => [server.name, server]));
  backend.onServers((server, change) => {
    if (change === 'added') servers.set(server.name, server);
    else servers.delete(server.name);
  });
  return servers;
}

export const useServer: DirectiveKeyword = {
  usage: 'use-server <server> { if | unless } <condition>',
  summary: 'Names the server for the requests that a condition holds for.',
  in: ['frontend', 'backend'],
  parse(words, scope) {
    const text = words.next('a server name');
    const { proxy } = scope;
    const server = scope.format(text, words, ['be-use-server']);
    const condition = scope.condition(words, ['be-use-server']);
    if (condition === undefined) {
      words.fail(`'use-server' requires either 'if' or 'unless' followed by a condition.`);
      return;
    }
    if (!proxy.isBackend) {
      words.warn(`'use-server' ignored because ${proxy.kind} '${proxy.name}' has no backend capability.`);
      return;
    }
    proxy.extension(USE_SERVER).rules.push({ server, condition });
    proxy.chooseServer('rule', chooseByRule);
    scope.later(() => {
      const name = server.constant;
      if (name === undefined) return;
      const named = proxy.servers.find((one) => one.name === name);
      if (named) named.referenced = true;
      else words.fail(`unable to find server '${name}' in proxy '${proxy.name}' referenced in a 'use-server' rule.`);
    });
  },
};
