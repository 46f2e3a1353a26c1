import { createSocket, type Socket } from 'node:dgram';

/** Takes the lines that HAProxy logs over UDP. */
export class LogCollector {
  readonly #socket: Socket = createSocket('udp4');
  readonly #host: string;
  #lines: string[] = [];

  constructor(host: string) {
    this.#host = host;
    this.#socket.on('message', (bytes) => {
      // `format raw`: the message alone.
      for (const line of bytes.toString('latin1').split('\n')) if (line !== '') this.#lines.push(line);
    });
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#socket.once('error', reject);
      this.#socket.bind(0, this.#host, resolve);
    });
  }

  get address(): string {
    return `${this.#host}:${this.#socket.address().port}`;
  }

  take(): string[] {
    return this.#lines.splice(0);
  }

  /** The last line, which stays. */
  peek(): string | undefined {
    return this.#lines.at(-1);
  }

  close(): void {
    this.#socket.close();
  }
}
