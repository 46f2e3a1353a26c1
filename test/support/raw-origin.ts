import { createServer, type Server, type Socket } from 'node:net';
import { listenAnywhere } from './free-port.ts';
import { Changing } from './wait.ts';

/** One connection to a {@link RawOrigin}: the bytes that arrived, and hands to answer with. */
export class Conversation extends Changing {
  readonly socket: Socket;
  /** Everything received so far, as a byte string. */
  received = '';
  closed: 'open' | 'end' | 'reset' = 'open';

  constructor(socket: Socket, onChange: () => void) {
    super();
    this.socket = socket;
    const change = (): void => {
      this.changed();
      onChange();
    };
    const close = (how: 'end' | 'reset') => (): void => {
      if (this.closed === 'open') this.closed = how;
      change();
    };
    socket.setNoDelay(true);
    socket.setEncoding('latin1');
    socket.on('data', (bytes) => {
      this.received += String(bytes);
      change();
    });
    socket.on('end', close('end'));
    socket.on('error', close('reset'));
    socket.on('close', close('end'));
  }

  send(bytes: string): void {
    if (!this.socket.destroyed && this.socket.writable) this.socket.write(bytes, 'latin1');
  }

  /** Sends FIN and goes on reading. */
  end(): void {
    this.socket.end();
  }

  reset(): void {
    this.socket.resetAndDestroy();
  }

  /** Resolves true once the bytes received contain `text`, false after `ms` milliseconds. */
  sees(text: string, ms?: number): Promise<boolean> {
    return this.when(() => this.received.includes(text), ms);
  }
}

/** A TCP server whose side of each connection is played by a function. */
export class RawOrigin extends Changing {
  readonly server: Server;
  readonly port: number;
  /** The connections since the last {@link forget}, oldest first. */
  conversations: Conversation[] = [];

  private constructor(server: Server, port: number) {
    super();
    this.server = server;
    this.port = port;
  }

  /** Starts on a port the system chooses. `play` is called for each connection; its rejections surface as uncaught. */
  static async start(play: (conversation: Conversation, index: number) => void | Promise<void>): Promise<RawOrigin> {
    const server = createServer({ allowHalfOpen: true });
    const origin = new RawOrigin(server, await listenAnywhere(server));
    server.on('connection', (socket) => {
      const conversation = new Conversation(socket, () => origin.changed());
      const index = origin.conversations.push(conversation) - 1;
      origin.changed();
      void play(conversation, index);
    });
    return origin;
  }

  /** Closes all connections and starts counting anew. */
  forget(): void {
    for (const { socket } of this.conversations) socket.destroy();
    this.conversations = [];
  }

  async stop(): Promise<void> {
    this.forget();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
