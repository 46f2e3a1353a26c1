import { type ChildProcess, spawn } from 'node:child_process';
import type {
  BindConfig,
  CheckAttempt,
  CheckFunction,
  CheckKeyword,
  CheckResult,
  DirectiveKeyword,
  Extension,
  ProxyConfig,
  Server,
} from 'sluice/plugin';
import { ANYWHERE, lacks } from '../../proxy/place.ts';
import { noMore } from './builtin.ts';
import { result } from './outcome.ts';
import { CHECK_RULES, rulesOf, warnUnused } from './rules.ts';

/** What the global section allows. */
interface Permission {
  /** `external-check`, and with `preserve-env` the process's own environment. */
  allowed: boolean;
  preserves: boolean;
  /** `insecure-fork-wanted`: without it no program can be started. */
  forks: boolean;
}

const PERMISSION: Extension<Permission> = {
  name: 'checks: external',
  create: () => ({ allowed: false, preserves: false, forks: false }),
};

/** How long a program may take to end when it has been asked to. */
const PATIENCE_MS = 1000;

/** The first address that the section listens on, as the program is told it. */
function listenerOf(binds: readonly BindConfig[]): [address: string, port: string] | undefined {
  for (const { addresses } of binds) {
    for (const text of addresses) {
      if (text.startsWith('/') || text.startsWith('unix@')) return [text.replace(/^unix@/, ''), 'NOT_USED'];
      const [, address, port] = /^(?:ipv[46]@)?(.*):(\d+)(?:-\d+)?$/.exec(text) ?? [];
      if (port !== undefined)
        return [address === '' || address === '*' ? '0.0.0.0' : address!.replace(/^\[(.*)\]$/, '$1'), port];
    }
  }
  return undefined;
}

function protocolOf(server: Server): string {
  return server.backend.settings.mode === 'http' ? 'h1' : 'tcp';
}

function environmentOf(server: Server, path: string, listener: [string, string] | undefined): NodeJS.ProcessEnv {
  const { backend, address } = server;
  return {
    PATH: path,
    HAPROXY_PROXY_NAME: backend.name,
    HAPROXY_PROXY_ID: String(backend.id),
    HAPROXY_PROXY_ADDR: listener?.[0] ?? '',
    HAPROXY_PROXY_PORT: listener === undefined || listener[1] === 'NOT_USED' ? '' : listener[1],
    HAPROXY_SERVER_NAME: server.name,
    HAPROXY_SERVER_ID: String(server.id),
    HAPROXY_SERVER_ADDR: address.address,
    HAPROXY_SERVER_PORT: address.family === 'unix' ? '' : String(address.port),
    HAPROXY_SERVER_MAXCONN: String(server.maxconn),
    HAPROXY_SERVER_CURCONN: String(server.active),
    HAPROXY_SERVER_SSL: '0',
    HAPROXY_SERVER_PROTO: protocolOf(server),
  };
}

/** Asks a program to end, and makes it. */
function end(child: ChildProcess): void {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
  timer.unref();
  child.once('exit', () => clearTimeout(timer));
}

function run(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  attempt: CheckAttempt,
): Promise<CheckResult> {
  const { signal, timeouts } = attempt;
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    // What it says goes where HAProxy leaves it: to our own stdout and stderr.
    const child = spawn(command, args, { env, stdio: ['ignore', 'inherit', 'inherit'] });
    let timer: NodeJS.Timeout | undefined;
    const settle = (found: CheckResult): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      resolve(found);
    };
    const abort = (): void => {
      clearTimeout(timer);
      end(child);
      reject(signal.reason);
    };
    signal.addEventListener('abort', abort, { once: true });
    child.once('error', () => settle(result('PROCERR', undefined, 255)));
    child.once('exit', (code) => settle(result(code === 0 ? 'PROCOK' : 'PROCERR', undefined, code ?? -1)));
    if (timeouts.read > 0) {
      timer = setTimeout(() => {
        settle(result('PROCTOUT', undefined, 0));
        end(child);
      }, timeouts.read);
    }
  });
}

function externally(permission: Permission, listeners: ReadonlyMap<string, [string, string]>): CheckFunction {
  return (server, attempt) => {
    const { command = '', path } = rulesOf({ server });
    if (!permission.forks) return Promise.resolve(result('SOCKERR', 'Resource temporarily unavailable'));
    const { address } = server;
    const listener = listeners.get(server.backend.name);
    const env = { ...(permission.preserves ? process.env : {}), ...environmentOf(server, path, listener) };
    const port = address.family === 'unix' ? 'NOT_USED' : String(address.port);
    return run(command, [...(listener ?? ['NOT_USED', 'NOT_USED']), address.address, port], env, attempt);
  };
}

export const externalCheckOption: CheckKeyword = {
  usage: 'option external-check',
  summary: 'Checks servers with a program: what it returns says how they are.',
  parse(words, scope) {
    noMore(words);
    const permission = scope.global.extension(PERMISSION);
    const listeners = new Map<string, [string, string]>();
    const check = externally(permission, listeners);
    scope.later(({ proxies }) => {
      for (const proxy of proxies) {
        if (proxy.settings.check !== check || proxy.kind === 'defaults' || proxy.settings.disabled) continue;
        const listener = listenerOf(proxy.binds);
        if (listener !== undefined) listeners.set(proxy.name, listener);
        const problem = whyNot(proxy, permission);
        if (problem !== undefined) words.fail(`Proxy '${proxy.name}' : 'option external-check' ${problem}`);
        if (!permission.forks)
          words.warn(
            `Proxy '${proxy.name}' : 'insecure-fork-wanted' not enabled in the global section, 'option external-check' will likely fail.`,
          );
      }
    });
    return check;
  },
};

function whyNot(proxy: ProxyConfig, permission: Permission): string | undefined {
  const { command, path } = proxy.extension(CHECK_RULES);
  if (!permission.allowed) return `unable to find required 'global.external-check'.`;
  if (command === undefined) return `unable to find required 'external-check command'.`;
  if (!command.startsWith('/') && path === '')
    return `: 'external-check command' does not have a leading '/' and 'external-check path' is not set.`;
  return undefined;
}

/** `external-check` and `insecure-fork-wanted` of the global section, and the lines of proxies. */
export const externalDirectives: Record<string, DirectiveKeyword> = {
  'external-check': {
    usage: 'external-check [ preserve-env ] | external-check { command <program> | path <path> }',
    summary: 'Allows checks by programs; in a proxy, the program and where programs are looked for.',
    in: ['global', ...ANYWHERE],
    parse(words, scope) {
      if (scope.kind === 'global') {
        const permission = scope.global.extension(PERMISSION);
        permission.preserves = words.optional('preserve-env') !== undefined;
        noMore(words);
        permission.allowed = true;
        return;
      }
      const ignored = lacks('backend', words, scope);
      if (words.remaining === 0) words.fail(`missing argument after 'external-check'.`);
      const word = words.next('a word');
      if (word !== 'command' && word !== 'path')
        words.fail(`'external-check' only supports 'command' and 'path'. but got '${word}'.`);
      const which = word as 'command' | 'path';
      if (words.remaining === 0) words.fail(`missing argument after '${which}'.`);
      const value = words.next(which === 'path' ? 'a path' : 'a program');
      noMore(words);
      if (ignored) return;
      scope.proxy.extension(CHECK_RULES)[which] = value;
      warnUnused(words, scope, `external-check ${which}`, ({ settings, kind, name }) =>
        settings.checkOption === 'external-check'
          ? undefined
          : `'external-check ${which}' will be ignored for ${kind} '${name}' (requires 'option external-check').`,
      );
    },
  },
  'insecure-fork-wanted': {
    usage: 'insecure-fork-wanted',
    summary: 'Allows programs to be started, as option external-check needs it.',
    in: ['global'],
    negatable: true,
    parse(words, scope) {
      noMore(words);
      scope.global.extension(PERMISSION).forks = words.form === 'plain';
    },
  },
};
