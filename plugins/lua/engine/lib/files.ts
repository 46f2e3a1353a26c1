/** An open file or pipe as the io library has it, with C's buffering as far as one sees it. */
import { spawnSync } from 'node:child_process';
import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';

const CHUNK = 8192;

export type ReadFormat = 'n' | 'l' | 'L' | 'a' | number;

/** Numerals as `read("n")` takes them: the longest start that could be one. */
const NUMERAL =
  /^[ \t\n\v\f\r]*([+-]?(?:0[xX][0-9a-fA-F]*\.?[0-9a-fA-F]*(?:[pP][+-]?[0-9]*)?|[0-9]*\.?[0-9]*(?:[eE][+-]?[0-9]*)?))/;

/** Scripts leave files to the collector, which in PUC Lua closes them. */
const forgotten = new FinalizationRegistry<number>((fd) => closeSync(fd));

export class LuaFile {
  /** -1: closed. */
  fd: number;
  /** Of a pipe: what runs when it is closed, and its outcome. */
  readonly command: string | undefined;
  readonly standard: boolean;
  status: { kind: 'exit' | 'signal'; code: number } = { kind: 'exit', code: 0 };
  readonly #print: ((text: string) => void) | undefined;
  readonly #seekable: boolean;
  readonly #append: boolean;
  #position = 0;
  /** Read ahead, not yet taken. */
  #ahead = '';
  #ended = false;
  #written = '';

  constructor(
    fd: number,
    options: {
      command?: string;
      append?: boolean;
      standard?: boolean;
      content?: string;
      print?: (text: string) => void;
    } = {},
  ) {
    this.fd = fd;
    this.command = options.command;
    this.standard = options.standard ?? false;
    this.#append = options.append ?? false;
    this.#print = options.print;
    if (options.content !== undefined) {
      this.#ahead = options.content;
      this.#ended = true;
    }
    if (fd > 2) forgotten.register(this, fd, this);
    this.#seekable = fd >= 0 && !this.standard && fstatSync(fd).isFile();
  }

  static open(name: string, mode: string): LuaFile {
    const flags = mode.replace('b', '');
    return new LuaFile(openSync(Buffer.from(name, 'latin1'), flags), { append: flags.startsWith('a') });
  }

  /** A command whose output is read: it runs to its end first; or one that reads what is written, when the file is closed. */
  static pipe(command: string, mode: 'r' | 'w'): LuaFile {
    if (mode === 'w') return new LuaFile(-2, { command });
    const done = spawnSync('/bin/sh', ['-c', Buffer.from(command, 'latin1').toString()], {
      stdio: ['inherit', 'pipe', 'inherit'],
      maxBuffer: 64 << 20,
    });
    const file = new LuaFile(-2, { command, content: done.stdout.latin1Slice() });
    file.#finish(done);
    return file;
  }

  #finish(done: { status: number | null; signal: string | null }): void {
    this.status = done.signal === null ? { kind: 'exit', code: done.status ?? 0 } : { kind: 'signal', code: 15 };
  }

  get closed(): boolean {
    return this.fd === -1;
  }

  /** Reads ahead; false at the end. */
  #fill(): boolean {
    if (this.#ended) return false;
    const chunk = Buffer.allocUnsafe(CHUNK);
    const count = readSync(this.fd, chunk, 0, CHUNK, this.#seekable ? this.#position + this.#ahead.length : null);
    if (count === 0) {
      if (!this.#seekable) this.#ended = true;
      return false;
    }
    this.#ahead += chunk.latin1Slice(0, count);
    return true;
  }

  #take(length: number): string {
    const text = this.#ahead.slice(0, length);
    this.#ahead = this.#ahead.slice(length);
    this.#position += text.length;
    return text;
  }

  #line(keepEnd: boolean): string | undefined {
    let searched = 0;
    for (;;) {
      const end = this.#ahead.indexOf('\n', searched);
      if (end >= 0) {
        const line = this.#take(end + 1);
        return keepEnd ? line : line.slice(0, -1);
      }
      searched = this.#ahead.length;
      if (!this.#fill()) return searched === 0 ? undefined : this.#take(searched);
    }
  }

  /** A string, the text of a numeral, or undefined where there is nothing. */
  read(format: ReadFormat, longest: number): string | undefined {
    switch (format) {
      case 'l':
      case 'L':
        return this.#line(format === 'L');
      case 'a':
        while (this.#ahead.length <= longest && this.#fill());
        return this.#take(this.#ahead.length);
      case 'n': {
        while (this.#ahead.length < 400 && this.#fill());
        const match = NUMERAL.exec(this.#ahead)!;
        this.#take(match[0].length);
        return match[1]!.length > 200 ? '' : match[1]!;
      }
      default:
        while (this.#ahead.length < Math.max(format, 1) && this.#fill());
        if (this.#ahead.length === 0) return undefined;
        return this.#take(format);
    }
  }

  write(text: string): void {
    if (this.#print !== undefined) {
      this.#print(text);
      return;
    }
    if (this.fd === -2) {
      this.#written += text;
      return;
    }
    this.#ahead = '';
    const bytes = Buffer.from(text, 'latin1');
    for (let done = 0; done < bytes.length;) {
      const count = writeSync(
        this.fd,
        bytes,
        done,
        bytes.length - done,
        this.#seekable && !this.#append ? this.#position : null,
      );
      done += count;
      this.#position += count;
    }
  }

  seek(whence: 'set' | 'cur' | 'end', offset: number): number {
    if (!this.#seekable) throw Object.assign(new Error('Illegal seek'), { code: 'ESPIPE' });
    const base = whence === 'set' ? 0 : whence === 'cur' ? this.#position : fstatSync(this.fd).size;
    if (base + offset < 0) throw Object.assign(new Error('Invalid argument'), { code: 'EINVAL' });
    this.#position = base + offset;
    this.#ahead = '';
    this.#ended = false;
    return this.#position;
  }

  close(): void {
    const fd = this.fd;
    this.fd = -1;
    forgotten.unregister(this);
    if (fd >= 0) closeSync(fd);
    else if (fd === -2 && this.#written !== '') {
      const done = spawnSync('/bin/sh', ['-c', Buffer.from(this.command!, 'latin1').toString()], {
        input: Buffer.from(this.#written, 'latin1'),
        stdio: ['pipe', 'inherit', 'inherit'],
      });
      this.#finish(done);
    }
  }
}
