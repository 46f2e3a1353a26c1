import type { Acceptor } from '../kernel/acceptor.ts';
import { UnboundListener } from '../net/unbound-listener.ts';

/** Where a frontend listens. */
export interface ProxyAddress {
  readonly frontend: string;
  /** From `bind … name`. */
  readonly name: string | undefined;
  /** As HAProxy prints it: `127.0.0.1:8080`, `[::1]:8080`, `/run/web.sock`; the port is the one that is bound. */
  readonly text: string;
  /** The address as the configuration has it: `:80` where {@link ProxyOptions.bind} moved it elsewhere. */
  readonly configured: string;
  /** Numeric, of a TCP socket. */
  readonly host: string | undefined;
  readonly port: number | undefined;
  /** Of a UNIX socket; an abstract one begins with `abns@`. */
  readonly path: string | undefined;
  /** What a client on this machine asks for: `http://127.0.0.1:8080`. Undefined in TCP mode and for what has no port. */
  readonly url: string | undefined;
}

export function addressOf({ frontend, listener, configured, socket }: Acceptor): ProxyAddress {
  const common = { frontend: frontend.name, name: listener.name, text: listener.address, configured };
  const none = { host: undefined, port: undefined, path: undefined, url: undefined };
  if (socket instanceof UnboundListener) return { ...common, ...none };
  const { target, port } = socket;
  switch (target.kind) {
    case 'inet': {
      const reached = target.host === '0.0.0.0' ? '127.0.0.1' : target.host === '::' ? '::1' : target.host;
      const bound = port ?? target.port;
      const authority = `${reached.includes(':') ? `[${reached}]` : reached}:${bound}`;
      const url = frontend.settings.mode === 'http' ? `http://${authority}` : undefined;
      return { ...common, ...none, host: target.host, port: bound, url };
    }
    case 'unix':
      return { ...common, ...none, path: target.path };
    case 'abns':
      return { ...common, ...none, path: `abns@${target.name}` };
    default:
      return { ...common, ...none };
  }
}
