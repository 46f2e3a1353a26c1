import { createSocket, type Socket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { inetAddress, nativeDatagrams, unixAddress, type NativeSocket } from './native-datagrams.ts';
import type { Sink } from './sink.ts';
import type { Target } from './target.ts';

/** Lines to a datagram socket, one in each. A server that is away loses them, as with every syslog over UDP. */
export class NativeSink implements Sink {
  dropped = 0;
  readonly #target: Extract<Target, { kind: 'udp' | 'unix' }>;
  #socket: NativeSocket | undefined;

  constructor(target: Extract<Target, { kind: 'udp' | 'unix' }>) {
    this.#target = target;
  }

  async open(): Promise<void> {
    const native = await nativeDatagrams();
    if (!native) throw new Error(`logging to ${describe(this.#target)} needs the package koffi: npm install koffi`);
    if (this.#target.kind === 'unix') {
      this.#socket = native.open(unixAddress(this.#target.path));
    } else {
      const { address, family } = await resolve(this.#target);
      this.#socket = native.open(inetAddress(address, family, this.#target.port));
    }
  }

  write(line: string): void {
    if (!this.#socket?.send(Buffer.from(line, 'latin1'))) this.dropped++;
  }

  close(): void {
    this.#socket?.close();
    this.#socket = undefined;
  }
}

/** The same for UDP through Node alone, where koffi is missing. */
export class NodeUdpSink implements Sink {
  dropped = 0;
  readonly #target: Extract<Target, { kind: 'udp' }>;
  #socket: Socket | undefined;
  #address = '';

  constructor(target: Extract<Target, { kind: 'udp' }>) {
    this.#target = target;
  }

  async open(): Promise<void> {
    const { address, family } = await resolve(this.#target);
    this.#address = address;
    this.#socket = createSocket(family === 6 ? 'udp6' : 'udp4');
    this.#socket.unref();
    this.#socket.on('error', () => this.dropped++);
  }

  write(line: string): void {
    this.#socket?.send(Buffer.from(line, 'latin1'), this.#target.port, this.#address, (error) => {
      if (error) this.dropped++;
    });
  }

  close(): void {
    this.#socket?.close();
    this.#socket = undefined;
  }
}

async function resolve({
  host,
  family,
}: Extract<Target, { kind: 'udp' }>): Promise<{ address: string; family: 4 | 6 }> {
  const known = isIP(host);
  if (known === 4 || known === 6) return { address: host, family: known };
  const found = await lookup(host === '*' ? 'localhost' : host, { family: family ?? 0 });
  return { address: found.address, family: found.family === 6 ? 6 : 4 };
}

function describe(target: Extract<Target, { kind: 'udp' | 'unix' }>): string {
  return target.kind === 'unix' ? `'${target.path.replace('\0', 'abns@')}'` : `${target.host}:${target.port}`;
}
