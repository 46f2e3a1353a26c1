import { formatDiagnostic, type Diagnostic } from '../config/index.ts';
import { COMPATIBLE_VERSION } from './version.ts';

type Label = 'ALERT' | 'WARNING' | 'NOTICE';

/** What the program says on stderr, in HAProxy's shape. Nothing with `-q`. */
export class Messages {
  quiet = false;
  /** `-dD` */
  diagnose = false;
  readonly #write: (text: string) => void;
  readonly #executable: string;
  #introduced = false;

  constructor(write: (text: string) => void, executable: string) {
    this.#write = write;
    this.#executable = executable;
  }

  alert(text: string): void {
    this.#say('ALERT', text);
  }

  warning(text: string): void {
    this.#say('WARNING', text);
  }

  notice(text: string): void {
    this.#say('NOTICE', text);
  }

  /** Everything said about a configuration. */
  diagnostics(list: readonly Diagnostic[]): void {
    for (const diagnostic of list) {
      if (diagnostic.severity === 'diag' && !this.diagnose) continue;
      this.#print(formatDiagnostic(diagnostic, process.pid));
    }
  }

  #say(label: Label, text: string): void {
    this.#print(`${`[${label}]`.padEnd(10)} (${process.pid}) : ${text}`);
  }

  /** Before the first line of all comes who is speaking, as bug reports begin with it. */
  #print(line: string): void {
    if (this.quiet) return;
    if (!this.#introduced) {
      this.#introduced = true;
      this.notice(`haproxy version is ${COMPATIBLE_VERSION}`);
      this.notice(`path to executable is ${this.#executable}`);
    }
    this.#write(`${line}\n`);
  }
}
