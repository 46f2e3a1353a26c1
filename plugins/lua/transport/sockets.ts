import type { LuaHost } from '../host.ts';
import type { StreamOwner, StreamSocket } from './stream-socket.ts';

class Sockets implements StreamOwner {
  readonly sockets: Set<StreamSocket> = new Set();
  readonly #host: LuaHost;

  constructor(host: LuaHost) {
    this.#host = host;
  }

  timer(run: () => void): ReturnType<LuaHost['timer']> {
    return this.#host.timer(run);
  }
}

const owners = new WeakMap<LuaHost, Sockets>();

/** The connections that the scripts of a configuration have opened; those that are left are closed with it. */
export function socketsOf(host: LuaHost): StreamOwner {
  let owner = owners.get(host);
  if (owner === undefined) {
    const made = new Sockets(host);
    owners.set(host, (owner = made));
    host.onClose(() => {
      for (const stream of made.sockets) stream.destroy();
    });
  }
  return owner;
}
