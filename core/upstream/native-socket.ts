import type { GlobalSettings } from '../api/index.ts';
import type { Diagnostic } from '../config/diagnostics.ts';
import { loadLibc, type Libc } from '../net/libc.ts';
import { setSocketOption, setSocketTextOption, type SocketOption } from '../net/socket-options.ts';
import type { UpstreamServer } from './server.ts';

/** Sets what the configuration wants of a socket before it connects; tells what could not be set. */
type Preparation = (libc: Libc, fd: number) => string | undefined;

function preparations(server: UpstreamServer, { socketBuffers }: GlobalSettings): Preparation[] {
  const { config, backend } = server;
  const list: Preparation[] = [];
  const number = (option: SocketOption, value: number | undefined, failure: string): void => {
    if (value === undefined || value === 0) return;
    list.push((libc, fd) => {
      const code = setSocketOption(libc, fd, option, value);
      return code === undefined ? undefined : `${failure} (${code})`;
    });
  };
  number('userTimeout', config.tcpUserTimeout, "'tcp-ut' cannot be set");
  // In TCP mode the server may be the one who speaks first: nothing would ever be sent to connect with.
  const speaksFirst = backend.settings.mode === 'http' && config.fastOpen;
  number('fastOpenConnect', speaksFirst ? 1 : undefined, "'tfo' cannot be set");
  number('receiveBuffer', socketBuffers.serverReceive, "'tune.rcvbuf.server' cannot be set");
  number('sendBuffer', socketBuffers.serverSend, "'tune.sndbuf.server' cannot be set");
  const device = (config.source ?? backend.settings.source)?.interface;
  if (device !== undefined) {
    list.push((libc, fd) => {
      const code = setSocketTextOption(libc, fd, 'device', device);
      return code === undefined ? undefined : `cannot bind to the interface '${device}' (${code})`;
    });
  }
  return list;
}

/**
 * Gives servers sockets made by native calls where their options need it, and says which of those cannot
 * be set: they are tried on a socket that connects nowhere.
 */
export function prepareServers(servers: readonly UpstreamServer[]): Diagnostic[] {
  const warnings: Diagnostic[] = [];
  for (const server of servers) {
    const { backend } = server;
    const family = server.address.family;
    if (family === 'unix') continue;
    if (server.config.fastOpen && backend.settings.mode === 'tcp') {
      const { file, line, name } = server.config;
      const message = `'server ${name}' : 'tfo' has no effect in TCP mode, where the server may be the one who speaks first`;
      warnings.push({ severity: 'notice', message, file, line });
    }
    const wanted = preparations(server, backend.runtime.generation.settings);
    if (wanted.length === 0) continue;
    const { file, line, name } = server.config;
    const warn = (problem: string): void => {
      warnings.push({ severity: 'warning', message: `'server ${name}' : ${problem}`, file, line });
    };
    const { libc, reason } = loadLibc();
    if (libc === undefined) {
      warn(`its socket options cannot be set: ${reason}`);
      continue;
    }
    const make = (told: (problem: string) => void): number | undefined => {
      const fd = libc.streamSocket(family);
      // The connection then fails for the same reason.
      if (typeof fd === 'string') return undefined;
      for (const prepare of wanted) {
        const problem = prepare(libc, fd);
        if (problem !== undefined) told(problem);
      }
      return fd;
    };
    const probe = make(warn);
    if (probe !== undefined) libc.close(probe);
    server.makeSocket = () => make(() => undefined);
  }
  return warnings;
}
