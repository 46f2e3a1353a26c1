import type { Arguments, Backend, Frontend, ProxyConfig, Server, Transaction } from 'sluice/plugin';

/** The backend an argument names, or without one the transaction's own. */
export function backendArgument(args: Arguments, index = 0): (transaction: Transaction) => Backend | undefined {
  const name = args.optionalText(index);
  if (name === undefined || name === '') return (transaction) => transaction.backend;
  let config: ProxyConfig | undefined;
  args.later((names) => {
    config = names.proxy('backend', name);
    if (!config) args.fail(`unable to find backend '${name}' referenced in arg ${index + 1}`);
  });
  return () => config?.running.backend;
}

/** The frontend an argument names, or without one the transaction's own. */
export function frontendArgument(args: Arguments, index = 0): (transaction: Transaction) => Frontend | undefined {
  const name = args.optionalText(index);
  if (name === undefined || name === '') return (transaction) => transaction.frontend;
  let config: ProxyConfig | undefined;
  args.later((names) => {
    config = names.proxy('frontend', name);
    if (!config) args.fail(`unable to find frontend '${name}' referenced in arg ${index + 1}`);
  });
  return () => config?.running.frontend;
}

/** The server an argument names: `backend/server`, or a server of the transaction's backend. */
export function serverArgument(args: Arguments, index = 0): (transaction: Transaction) => Server | undefined {
  const text = args.text(index);
  const slash = text.indexOf('/');
  const serverName = text.slice(slash + 1);
  const find = (backend: Backend | undefined): Server | undefined =>
    backend?.servers.find((server) => server.name === serverName);
  if (slash < 0) return (transaction) => find(transaction.backend);
  let config: ProxyConfig | undefined;
  const backendName = text.slice(0, slash);
  args.later((names) => {
    config = names.proxy('backend', backendName);
    if (!config) args.fail(`unable to find backend '${backendName}' referenced in arg ${index + 1}`);
    if (!config.servers.some((server) => server.name === serverName))
      args.fail(`unable to find server '${serverName}' in backend '${backendName}' referenced in arg ${index + 1}`);
  });
  let server: Server | undefined;
  return () => (server ??= find(config?.running.backend));
}
