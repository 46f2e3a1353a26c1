import type { Socket } from 'node:net';
import type { CommandLevel, CommandSession, CommandTable, LogLevel, Timer } from 'sluice/plugin';
import { unknownText } from './help.ts';
import { payloadOf, splitLine } from './line.ts';
import type { RuntimeApiSettings, SocketSettings } from './settings.ts';

/** A command line may be so long: a buffer, as configuration.txt's tune.bufsize has it by default. */
const LONGEST_LINE = 16_384;
const SEVERITIES: readonly LogLevel[] = ['emerg', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug'];

/** One client: reads lines, runs their commands one after the other, and sends what they write. management.txt 9.3. */
export class Session implements CommandSession {
  level: CommandLevel;
  severity: SocketSettings['severity'];
  mode: CommandSession['mode'] = 'once';
  timed = false;
  timeout: number;
  payload: string | undefined = undefined;
  readonly modes: Set<string> = new Set();
  readonly #socket: Socket;
  readonly #commands: CommandTable;
  readonly #maxPayload: number;
  readonly #timer: Timer;
  readonly #abort: AbortController = new AbortController();
  #input: Buffer = Buffer.alloc(0);
  #ended = false;
  #working = false;
  /** A line has come; in mode `once` it is the only one that is waited for. */
  #began = false;
  /** A command waits for what the client sends. */
  #reader: (() => void) | undefined;
  /** A command line whose payload is being read. */
  #pending: { readonly command: string; readonly end: string; size: number; readonly lines: string[] } | undefined;

  constructor(
    socket: Socket,
    commands: CommandTable,
    own: SocketSettings,
    settings: RuntimeApiSettings,
    timer: (run: () => void) => Timer,
    closed: () => void,
  ) {
    this.#socket = socket;
    this.#commands = commands;
    this.level = own.level;
    this.severity = own.severity;
    this.timeout = settings.timeout;
    this.#maxPayload = settings.maxPayload;
    this.#timer = timer(() => socket.destroy());
    socket.on('data', (chunk: Buffer) => this.#received(chunk));
    socket.on('end', () => this.#finished());
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#timer.stop();
      this.#ended = true;
      this.#abort.abort();
      this.#reader?.();
      closed();
    });
    this.#timer.start(this.timeout);
    socket.resume();
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  close(): void {
    this.#socket.destroy();
  }

  end(): void {
    this.#input = Buffer.alloc(0);
    this.#ended = true;
    this.#socket.end();
  }

  write(text: string): boolean {
    return this.#socket.destroyed || this.#socket.write(text, 'latin1');
  }

  message(level: LogLevel, text: string): void {
    const number = SEVERITIES.indexOf(level);
    const severity = this.severity === 'none' ? '' : `[${this.severity === 'number' ? number : level}]: `;
    this.write(`${severity}${text.replace(/\n*$/, '\n')}`);
  }

  async ready(): Promise<boolean> {
    const socket = this.#socket;
    if (socket.writableNeedDrain) {
      await new Promise<void>((resolve) => {
        const done = (): void => {
          socket.off('drain', done).off('close', done);
          resolve();
        };
        socket.on('drain', done).on('close', done);
      });
    }
    return !socket.destroyed;
  }

  readNow(): Buffer | undefined {
    if (this.#input.length === 0) return undefined;
    const input = this.#input;
    this.#input = Buffer.alloc(0);
    return input;
  }

  async read(): Promise<Buffer | undefined> {
    while (this.#input.length === 0) {
      if (this.#ended || this.#socket.readableEnded) return undefined;
      await new Promise<void>((resolve) => {
        this.#reader = resolve;
      });
      this.#reader = undefined;
    }
    return this.readNow();
  }

  #received(chunk: Buffer): void {
    if (this.#ended) return;
    this.#timer.start(this.timeout);
    this.#input = this.#input.length === 0 ? chunk : Buffer.concat([this.#input, chunk]);
    // While a command is at work the client waits; what it sends may be meant for the command.
    if (this.#working && this.#input.length > LONGEST_LINE) this.#socket.pause();
    this.#reader?.();
    void this.#work();
  }

  #finished(): void {
    this.#reader?.();
    if (!this.#working) this.end();
  }

  /** Runs line after line while there are whole ones. */
  async #work(): Promise<void> {
    if (this.#working) return;
    this.#working = true;
    for (let line = this.#nextLine(); line !== undefined; line = this.#nextLine()) {
      await this.#line(line);
      this.#socket.resume();
    }
    this.#working = false;
    const over = this.#socket.readableEnded || (this.mode === 'once' && this.#began && this.#pending === undefined);
    if (!this.#ended && over) this.end();
  }

  #nextLine(): string | undefined {
    const end = this.#input.indexOf(10);
    if (end < 0) {
      if (this.#input.length > LONGEST_LINE) this.end();
      return undefined;
    }
    const line = this.#input.toString('latin1', 0, end).replace(/\r$/, '');
    this.#input = this.#input.subarray(end + 1);
    return line;
  }

  async #line(line: string): Promise<void> {
    if (this.#pending !== undefined) return this.#payloadLine(line);
    this.#began = true;
    const payload = payloadOf(line);
    if (payload === undefined) return this.#run(line, undefined);
    this.#pending = { ...payload, size: 0, lines: [] };
    if (this.mode === 'prompt') this.write('+ ');
  }

  async #payloadLine(line: string): Promise<void> {
    const pending = this.#pending!;
    if (line === pending.end) {
      this.#pending = undefined;
      return this.#run(pending.command, pending.lines.join('\n'));
    }
    pending.size += line.length + 1;
    if (pending.size > this.#maxPayload) return this.end();
    pending.lines.push(line);
    if (this.mode === 'prompt') this.write('+ ');
  }

  async #run(line: string, payload: string | undefined): Promise<void> {
    for (const words of splitLine(line)) {
      if (this.#ended) return;
      this.payload = payload;
      this.#timer.stop();
      await this.#command(words);
      if (this.#ended) return;
      this.#timer.start(this.timeout);
      this.write(this.mode === 'prompt' ? `\n${this.#prompt()}` : '\n');
      await this.ready();
    }
  }

  async #command(words: readonly string[]): Promise<void> {
    const found = this.#commands.find(words);
    if (found === undefined) {
      this.write(unknownText(this.#commands.all, this.level, words));
      return;
    }
    const refusal = await this.#commands.run(words, found[0], this);
    if (refusal !== undefined) this.message('err', refusal);
  }

  #prompt(): string {
    if (!this.timed) return '> ';
    const seconds = Math.floor(process.uptime());
    const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
    const clock = `${two((seconds / 3600) % 24)}:${two((seconds / 60) % 60)}:${two(seconds % 60)}`;
    return `[${Math.floor(seconds / 86_400)}:${clock}]> `;
  }
}
