import type { Arguments, Names, Server } from 'sluice/plugin';
import { type Convert, type ConverterTable, converter } from './define.ts';

/** Gives the converter what the configuration declared, which is known before the first transaction. */
function withNames(convert: (text: string, names: Names) => ReturnType<Convert>): (args: Arguments) => Convert {
  return (args) => {
    let names: Names | undefined;
    args.later((all) => {
      names = all;
    });
    return (value) => names && convert(value as string, names);
  };
}

/** `backend/server`. */
function findServer(text: string, names: Names): Server | undefined {
  const slash = text.indexOf('/');
  const backend = names.proxy('backend', text.slice(0, Math.max(0, slash)))?.running.backend;
  return backend?.servers.find((server) => server.name === text.slice(slash + 1));
}

/** Converters from the names of proxies and servers. configuration.txt 7.3.1. */
export const proxyConverters: ConverterTable = {
  ...converter(
    'nbsrv',
    '',
    'str => sint',
    'Usable servers of the backend of that name.',
    withNames((text, names) => names.proxy('backend', text)?.running.backend?.usable),
  ),
  ...converter(
    'srv_is_up',
    '',
    'str => bool',
    'Whether a server, `backend/server`, may be given traffic.',
    withNames((text, names) => findServer(text, names)?.usable),
  ),
  ...converter(
    'srv_queue',
    '',
    'str => sint',
    'Requests waiting for a server, `backend/server`.',
    withNames((text, names) => findServer(text, names)?.queued),
  ),
  ...converter(
    'fe_exists',
    '',
    'str => bool',
    'Whether there is a frontend of that name.',
    withNames((text, names) => names.proxy('frontend', text) !== undefined),
  ),
};
