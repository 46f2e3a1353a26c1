import { closeSync, constants, fstatSync, openSync, writeSync } from 'node:fs';
import { nativeDatagrams, type NativeDatagrams } from './native-datagrams.ts';
import type { Sink } from './sink.ts';

/** Bytes kept for a reader that does not read. */
const BACKLOG = 1 << 20;
const RETRY_MS = 20;

/**
 * Lines to a file descriptor: those of one turn of the event loop in one write. A pipe or terminal is opened again without blocking,
 * and a socket (the journal of systemd) is written to through the C library, so that a reader that stalls cannot stop the traffic.
 */
export class DescriptorSink implements Sink {
  dropped = 0;
  readonly #fd: number;
  #out: number;
  #sendSome: NativeDatagrams['sendSome'] | undefined;
  #lines: string[] = [];
  #size = 0;
  #rest: Buffer | undefined;
  #turn: NodeJS.Immediate | undefined;
  #retry: NodeJS.Timeout | undefined;
  readonly #atExit = (): void => this.#flush();

  constructor(fd: number) {
    this.#fd = fd;
    this.#out = fd;
  }

  async open(): Promise<void> {
    this.#out = reopened(this.#fd);
    if (isSocket(this.#fd)) this.#sendSome = (await nativeDatagrams())?.sendSome;
    process.on('exit', this.#atExit);
  }

  write(line: string): void {
    if (this.#size > BACKLOG) {
      this.dropped++;
      return;
    }
    this.#lines.push(line);
    this.#size += line.length;
    if (this.#retry === undefined) this.#turn ??= setImmediate(() => this.#flush());
  }

  close(): void {
    this.#flush();
    clearTimeout(this.#retry);
    process.off('exit', this.#atExit);
    if (this.#out !== this.#fd) closeSync(this.#out);
    this.#out = this.#fd;
  }

  #flush(): void {
    clearImmediate(this.#turn);
    this.#turn = undefined;
    clearTimeout(this.#retry);
    this.#retry = undefined;
    const fresh = Buffer.from(this.#lines.join(''), 'latin1');
    let bytes = this.#rest ? Buffer.concat([this.#rest, fresh]) : fresh;
    const count = this.#lines.length;
    this.#lines = [];
    this.#rest = undefined;
    try {
      while (bytes.length > 0) {
        const sent = this.#sendSome === undefined ? writeSync(this.#out, bytes) : this.#sendSome(this.#out, bytes);
        if (sent < 0) break;
        bytes = bytes.subarray(sent);
      }
      this.#size = bytes.length;
      if (bytes.length > 0) this.#keep(bytes);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') {
        this.#keep(bytes);
      } else {
        // A closed pipe or a full disk is no reason to stop serving.
        this.dropped += count;
        this.#size = 0;
      }
    }
  }

  /** What could not be written is tried again in a moment; a socket that is gone for good fills the backlog and no more. */
  #keep(bytes: Buffer): void {
    this.#rest = bytes;
    this.#size = bytes.length;
    this.#retry = setTimeout(() => this.#flush(), RETRY_MS);
    this.#retry.unref();
  }
}

function isSocket(fd: number): boolean {
  try {
    return fstatSync(fd).isSocket();
  } catch {
    return false;
  }
}

/** A descriptor of our own on the same pipe: O_NONBLOCK belongs to the open file and would change it for others, too. */
function reopened(fd: number): number {
  try {
    const stat = fstatSync(fd);
    if (stat.isFIFO() || stat.isCharacterDevice())
      return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    // No /proc here, or no such descriptor: it is used as it is, and each write says whether it can.
  }
  return fd;
}
