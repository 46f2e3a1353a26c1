import type { Arguments, Backend, Frontend, ProxyConfig, Server, Transaction } from 'sluice/plugin';

type Kind = 'frontend' | 'backend';

/**
 * The proxy an argument names, or without one the line's own; in a `defaults` section, where there is none, the transaction's.
 * It is there when traffic is.
 */
function proxyArgument(args: Arguments, kind: Kind): (() => ProxyConfig | undefined) | undefined {
  const given = args.optionalText(0) ?? '';
  const { scope } = args;
  if (given === '' && (!scope || scope.kind === 'defaults' || scope.kind === 'global')) return undefined;
  const name = given === '' ? scope!.name : given;
  let config: ProxyConfig | undefined;
  args.later((names) => {
    config = names.proxy(kind, name);
    if (config) return;
    args.fail(
      given === ''
        ? `proxy '${name}' has not ${kind} capability, referenced in arg 1`
        : `unable to find ${kind} '${name}' referenced in arg 1`,
    );
  });
  return () => config;
}

export function backendArgument(args: Arguments): (transaction: Transaction) => Backend | undefined {
  const config = proxyArgument(args, 'backend');
  return config ? () => config()?.running.backend : (transaction) => transaction.backend;
}

export function frontendArgument(args: Arguments): (transaction: Transaction) => Frontend | undefined {
  const config = proxyArgument(args, 'frontend');
  return config ? () => config()?.running.frontend : (transaction) => transaction.frontend;
}

/** The server an argument names: `backend/server`, or a server of the line's own backend. */
export function serverArgument(args: Arguments): (transaction: Transaction) => Server | undefined {
  const text = args.text(0);
  const slash = text.indexOf('/');
  const serverName = text.slice(slash + 1);
  const find = (backend: Backend | undefined): Server | undefined =>
    backend?.servers.find((server) => server.name === serverName);
  const { scope } = args;
  const own = slash < 0;
  if (own && (!scope || scope.kind === 'defaults')) return (transaction) => find(transaction.backend);
  let config: ProxyConfig | undefined;
  const backendName = own ? scope!.name : text.slice(0, slash);
  args.later((names) => {
    config = names.proxy('backend', backendName);
    if (!config && !own) args.fail(`unable to find proxy '${backendName}' referenced in arg 1`);
    const named = config?.servers.find((server) => server.name === serverName);
    if (named) named.referenced = true;
    else args.fail(`unable to find server '${serverName}' in proxy '${backendName}', referenced in arg 1`);
  });
  let server: Server | undefined;
  return () => (server ??= find(config?.running.backend));
}
