import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { listenAnywhere } from '../support/free-port.ts';

/** `size` bytes that nobody confuses with others of the same size. */
export function bodyOf(name: string, size: number): Buffer {
  const seed = createHash('sha256').update(name).digest();
  return Buffer.concat(Array.from({ length: Math.ceil(size / seed.length) }, () => seed)).subarray(0, size);
}

/** An HTTP origin that can be killed and started again on its port, and that behaves as the path says. */
export class Origin {
  readonly port: number;
  #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
    this.#follow(server);
  }

  static async start(): Promise<Origin> {
    const server = createServer({ keepAliveTimeout: 60_000 }, answer);
    return new Origin(server, await listenAnywhere(server));
  }

  /** Connections open now. */
  get connections(): number {
    return this.#sockets.size;
  }

  async kill(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async restart(): Promise<void> {
    this.#server = createServer({ keepAliveTimeout: 60_000 }, answer);
    this.#follow(this.#server);
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.port, '127.0.0.1', resolve);
    });
  }

  #follow(server: Server): void {
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      socket.on('error', () => undefined);
    });
  }
}

/** `/length/<n>`, `/chunked/<n>`, `/cut/<n>`, `/reset/<n>`, `/garbage`, `/silent`; anything else echoes the body. */
function answer(request: IncomingMessage, response: ServerResponse): void {
  const [, what, count] = request.url!.split('/');
  const body = bodyOf(request.url!, Number(count ?? 0));
  switch (what) {
    case 'length':
      response.setHeader('content-length', body.length).end(body);
      break;
    case 'chunked':
      for (let i = 0; i < body.length; i += 5000) response.write(body.subarray(i, i + 5000));
      response.end();
      break;
    case 'cut':
      response.setHeader('content-length', body.length).write(body.subarray(0, body.length / 2));
      setTimeout(() => request.socket.end(), 2);
      break;
    case 'reset':
      response.setHeader('content-length', body.length).write(body.subarray(0, body.length / 2));
      setTimeout(() => request.socket.resetAndDestroy(), 2);
      break;
    case 'garbage':
      request.socket.end('\x16\x03\x01 this is no HTTP\r\n\r\n');
      break;
    case 'silent':
      break;
    default: {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        const all = Buffer.concat(parts);
        response.setHeader('content-length', all.length).end(all);
      });
    }
  }
}
