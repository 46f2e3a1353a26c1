import { createServer, type Server, type Socket } from 'node:net';
import { Changing } from '../../support/wait.ts';

/** A server at one port that can be taken down and brought up again, and answers as it is told. */
export class PlayedServer extends Changing {
  readonly port: number;
  /** What is sent when a connection comes, and closes it; undefined: nothing, and it stays open. */
  greeting: string | undefined;
  /** What is sent when something has been received; `reset` closes with RST, undefined says nothing. */
  answer: ((request: string) => string | undefined) | undefined;
  /** What is sent when something has been received, and leaves the connection open. */
  partial: string | undefined;
  /** How many connections came since the last change of what is said, and what was received in all. */
  connections = 0;
  received = '';
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;

  constructor(port: number) {
    super();
    this.port = port;
  }

  /** Sockets that are still there. */
  get open(): number {
    return this.#sockets.size;
  }

  async up(): Promise<void> {
    const server = createServer({ allowHalfOpen: true }, (socket) => this.#serve(socket));
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.port, '127.0.0.1', resolve);
    });
  }

  async down(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    for (const socket of this.#sockets) socket.destroy();
    if (server !== undefined) await new Promise((resolve) => server.close(resolve));
  }

  /** From now on says this, and waits until somebody has heard it `times` times. */
  async says(greeting: string | undefined, times = 2): Promise<void> {
    this.greeting = greeting;
    this.connections = 0;
    await this.when(() => this.connections >= times, 5000);
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    this.connections++;
    this.changed();
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#sockets.delete(socket);
      this.changed();
    });
    socket.on('end', () => socket.end());
    socket.on('data', (bytes) => {
      const request = bytes.toString('latin1');
      this.received += request;
      this.changed();
      if (this.partial !== undefined) socket.write(this.partial, 'latin1');
      const answer = this.answer?.(request);
      if (answer === 'reset') socket.resetAndDestroy();
      else if (answer !== undefined) socket.end(answer, 'latin1');
    });
    if (this.greeting !== undefined) socket.end(this.greeting, 'latin1');
  }
}
