import net from 'node:net';
import type { ConnectReader } from '../../core/net/fast-socket.ts';

const SHARED = Buffer.allocUnsafeSlow(65536);

/** A reader that records what it is told, and can be waited for. */
export class Recorder implements ConnectReader {
  events: string[] = [];
  data = '';
  error: NodeJS.ErrnoException | undefined = undefined;
  onBytes: ((text: string) => void) | undefined = undefined;
  #waiting: { ready: () => boolean; resolve: () => void }[] = [];

  buffer(): Uint8Array {
    return SHARED;
  }
  onData(n: number, buffer: Buffer): void {
    const text = buffer.toString('latin1', 0, n);
    this.data += text;
    this.onBytes?.(text);
    this.#note('data');
  }
  onEnd(): void {
    this.#note('end');
  }
  onError(error: NodeJS.ErrnoException): void {
    this.error = error;
    this.#note('error');
  }
  onClose(): void {
    this.#note('close');
  }
  onDrain(): void {
    this.#note('drain');
  }
  onConnect(): void {
    this.#note('connect');
  }
  #note(event: string): void {
    if (event !== 'data' || this.events.at(-1) !== 'data') this.events.push(event);
    const ready = this.#waiting.filter((waiter) => waiter.ready());
    this.#waiting = this.#waiting.filter((waiter) => !ready.includes(waiter));
    for (const waiter of ready) waiter.resolve();
  }
  async until(ready: () => boolean): Promise<void> {
    if (ready()) return;
    await new Promise<void>((resolve) => {
      this.#waiting.push({ ready, resolve });
    });
  }
  async event(name: string): Promise<void> {
    await this.until(() => this.events.includes(name));
  }
}

/** Connects with plain node:net and resolves when connected. */
export async function dial(target: number | string | net.NetConnectOpts): Promise<net.Socket> {
  const options =
    typeof target === 'number'
      ? { port: target, host: '127.0.0.1' }
      : typeof target === 'string'
        ? { path: target }
        : target;
  return new Promise((resolve, reject) => {
    const socket = net.connect({ ...options, allowHalfOpen: true } as net.NetConnectOpts, () => resolve(socket));
    socket.once('error', reject);
  });
}

/** All that a socket sends until it ends, as a byte string; the socket's own side stays open. */
export async function readAll(socket: net.Socket): Promise<string> {
  let text = '';
  await new Promise<void>((resolve, reject) => {
    socket.on('data', (chunk) => (text += chunk.toString('latin1')));
    socket.on('end', resolve);
    socket.on('error', reject);
    socket.resume();
  });
  return text;
}

/** Resolves when the condition holds, looking once per turn of the event loop. */
export async function eventually(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
