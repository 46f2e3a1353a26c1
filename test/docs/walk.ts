import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../support/free-port.ts';
import { sleep } from '../support/wait.ts';
import { blocksOf, matches, readDocument, ROOT, stepsOf, type Block, type Step } from './document.ts';

/** Milliseconds after which a page is taken for wrong. */
const PATIENCE = 10_000;

/**
 * Does what a page tells its reader to do, from top to bottom, in one empty folder: writes the files (blocks whose fence names
 * one) and runs the commands (`console` blocks). The page's ports, all of the form 80xx, become free ones.
 */
export class Walk {
  readonly #folder: string = mkdtempSync(join(tmpdir(), 'sluice-docs-'));
  readonly #ports = new Map<string, string>();
  readonly #page: string;

  constructor(page: string) {
    this.#page = page;
    // As `npm install` of this folder would leave it.
    mkdirSync(join(this.#folder, 'node_modules'));
    symlinkSync(ROOT, join(this.#folder, 'node_modules', 'sluice'));
    mkdirSync(join(this.#folder, 'bin'));
    const program = `#!/bin/sh\nexec '${process.execPath}' '${ROOT}/dist/core/cli/main.js' "$@"\n`;
    writeFileSync(join(this.#folder, 'bin', 'sluice'), program, { mode: 0o755 });
  }

  /** Answers what was not as the page says, undefined when all was. */
  async run(): Promise<string | undefined> {
    const text = readDocument(this.#page);
    const named = [...new Set(text.match(/\b80\d\d\b/g))];
    const free = await freePorts(named.length);
    for (const [index, port] of named.entries()) this.#ports.set(port, String(free[index]));
    for (const block of blocksOf(text)) {
      if (block.language === 'console') {
        for (const step of stepsOf(block)) {
          const wrong = await this.#step(step);
          if (wrong !== undefined) return wrong;
        }
      } else if (block.info !== '') this.#write(block);
    }
    return undefined;
  }

  #write({ info, text }: Block): void {
    writeFileSync(join(this.#folder, info), this.#toReal(text));
  }

  /** Runs a command, again and again while it has not the result yet: a reader's fingers are slower than a process's start. */
  async #step({ command, output, line }: Step): Promise<string | undefined> {
    const deadline = Date.now() + PATIENCE;
    for (;;) {
      const actual = await this.#shell(command);
      if (command.endsWith('&') || matches(output, actual)) return undefined;
      if (Date.now() > deadline)
        return `${this.#page}:${line}: ${command}\nshould print\n${output}and prints\n${actual}\n${this.#logs()}`;
      await sleep(100);
    }
  }

  #shell(command: string): Promise<string> {
    const path = `${join(this.#folder, 'bin')}:${process.env['PATH']}`;
    const options = { cwd: this.#folder, env: { ...process.env, PATH: path, NODE_NO_WARNINGS: '1' } };
    return new Promise((resolve) => {
      execFile('bash', ['-c', this.#toReal(command)], options, (_error, stdout, stderr) => {
        resolve(this.#toPage(stdout + stderr));
      });
    });
  }

  #logs(): string {
    const names = readdirSync(this.#folder).filter((name) => name.endsWith('.log'));
    return names.map((name) => `${name}:\n${readFileSync(join(this.#folder, name), 'latin1')}`).join('\n');
  }

  #toReal(text: string): string {
    return text.replace(/\b80\d\d\b/g, (port) => this.#ports.get(port) ?? port);
  }

  #toPage(text: string): string {
    let result = text;
    for (const [page, real] of this.#ports) result = result.replaceAll(`:${real}`, `:${page}`);
    return result;
  }

  /** Ends what the page left running (its pid files say what) and removes the folder. */
  end(): void {
    for (const name of readdirSync(this.#folder).filter((file) => file.endsWith('.pid'))) {
      const pid = readFileSync(join(this.#folder, name), 'latin1').trim();
      try {
        // The page may have ended it, and its number be somebody else's by now.
        const running = execFileSync('ps', ['-o', 'args=', '-p', pid], { encoding: 'utf8' });
        if (running.includes(` -p ${name}`)) process.kill(Number(pid), 'SIGKILL');
      } catch {
        // There is no such process.
      }
    }
    rmSync(this.#folder, { recursive: true });
  }
}
