import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Peers for scripts that open connections. Each listens where `start` says. */
export class Peer {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Whole requests that HTTP peers were sent. */
  readonly seen: string[] = [];

  constructor(serve: (socket: Socket, peer: Peer) => void, tls = false) {
    const accept = (socket: Socket): void => {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => this.#sockets.delete(socket));
      serve(socket, this);
    };
    this.#server = tls ? createTlsServer(certificate(), accept) : createServer(accept);
  }

  /** Connections that are open. */
  get open(): number {
    return this.#sockets.size;
  }

  async start(path?: string): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      if (path === undefined) this.#server.listen(0, '127.0.0.1', resolve);
      else this.#server.listen(path, resolve);
    });
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

function certificate(): { key: Buffer; cert: Buffer } {
  const folder = join(import.meta.dirname, '../lua-modules');
  return { key: readFileSync(join(folder, 'key.pem')), cert: readFileSync(join(folder, 'certificate.pem')) };
}

/** Sends back what it gets; behind `CLOSE` it closes. */
export function echo(socket: Socket): void {
  let text = '';
  socket.on('data', (bytes) => {
    text += bytes.latin1Slice();
    if (text.includes('CLOSE')) socket.end(text.replace('CLOSE', ''), 'latin1');
    else {
      socket.write(text, 'latin1');
      text = '';
    }
  });
}

/** Answers by the path of the request, good and bad. */
const ANSWERS: Readonly<Record<string, string>> = {
  '/multi': 'HTTP/1.1 200 Fine Reason\r\nX-A: 1\r\nset-Cookie: a=b\r\nX-a: 2, 3\r\nContent-Length: 2\r\n\r\nok',
  '/chunked': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nX-T: v\r\n\r\n',
  '/close': 'HTTP/1.0 200 OK\r\n\r\nuntil close',
  '/cut-chunk': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n5\r\nde',
  '/cut': 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc',
  '/bad': 'garbage\r\n\r\n',
  '/empty': '',
  '/moved': 'HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n',
  '/nothing': 'HTTP/1.1 204 No Content\r\n\r\n',
  '/interim': 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
  '/large': `HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n${'q'.repeat(300_000)}`,
  '/ok': 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
};

export function http(socket: Socket, peer: Peer): void {
  let text = '';
  let done = false;
  socket.on('data', (bytes) => {
    text += bytes.latin1Slice();
    const end = text.indexOf('\r\n\r\n');
    if (done || end < 0) return;
    const head = text.slice(0, end);
    const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
    if (text.length < end + 4 + length) return;
    if (/transfer-encoding: chunked/i.test(head) && !text.endsWith('\r\n0\r\n\r\n')) return;
    done = true;
    peer.seen.push(text);
    const path = text.split(' ')[1]!.split('?')[0]!;
    if (path === '/slow') return;
    if (path === '/size') {
      const answer = String(text.length - end - 4);
      socket.end(`HTTP/1.1 200 OK\r\nContent-Length: ${answer.length}\r\n\r\n${answer}`);
    } else if (path === '/seen') {
      // What it was sent, without what differs from run to run.
      const shown = text.replace(/127\.0\.0\.1:\d+/, 'ADDRESS');
      socket.end(`HTTP/1.1 200 OK\r\nContent-Length: ${shown.length}\r\n\r\n${shown}`, 'latin1');
    } else socket.end(ANSWERS[path] ?? 'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n', 'latin1');
  });
}
