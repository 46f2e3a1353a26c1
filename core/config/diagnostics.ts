/** `diag` is shown with `-dD` only, and never counts. */
export type Severity = 'alert' | 'warning' | 'notice' | 'diag';

/** Something to tell about the configuration. An alert refuses it. */
export interface Diagnostic {
  readonly severity: Severity;
  /** Without a final line feed; further lines as they are to be printed. */
  readonly message: string;
  readonly file?: string | undefined;
  /** From 1; 0 for what concerns the whole file. */
  readonly line?: number | undefined;
  /** Of a `bind` line that could not be bound: the name of its proxy. */
  readonly proxy?: string | undefined;
  /** From 1: a byte of the line. */
  readonly column?: number | undefined;
}

/** Collects what is said while a configuration is read. */
export class Diagnostics {
  readonly #lines: Diagnostic[] = [];
  readonly #checks: Diagnostic[] = [];
  #reading = true;
  /** Files that lines of the configuration named, in the order of their reading. */
  readonly #included: string[] = [];
  #alerts = 0;

  add(diagnostic: Diagnostic): void {
    if (diagnostic.severity === 'alert') this.#alerts++;
    (this.#reading ? this.#lines : this.#checks).push(diagnostic);
  }

  alert(message: string): void {
    this.add({ severity: 'alert', message });
  }

  warn(message: string): void {
    this.add({ severity: 'warning', message });
  }

  /** All of it, as it came. */
  get said(): readonly Diagnostic[] {
    return [...this.#lines, ...this.#checks];
  }

  /** What is said of that file comes before all that is said of the others, each time as it was read. */
  include(file: string): void {
    if (!this.#included.includes(file)) this.#included.push(file);
  }

  /** How many there have been. */
  get alerts(): number {
    return this.#alerts;
  }

  /** Whether anything refuses the configuration. */
  get failed(): boolean {
    return this.said.some((diagnostic) => diagnostic.severity === 'alert');
  }

  /** All lines have been read: what comes now is about the whole and is listed after them. */
  checking(): void {
    this.#reading = false;
  }

  /**
   * Everything in the order of the files and their lines, whichever pass it came from, with HAProxy's closing lines.
   */
  list(files: readonly string[]): Diagnostic[] {
    const rank = new Map(files.map((file, index) => [file, index]));
    for (const [index, file] of this.#included.entries())
      if (!rank.has(file)) rank.set(file, index - this.#included.length - 1);
    const place = (diagnostic: Diagnostic): number => rank.get(diagnostic.file ?? '') ?? -1;
    const sorted = this.#lines.toSorted((a, b) => place(a) - place(b) || (a.line ?? 0) - (b.line ?? 0));
    const out: Diagnostic[] = sorted.filter((diagnostic) => place(diagnostic) < 0);
    for (const [file, index] of rank) {
      if (index < 0) continue;
      const own = sorted.filter((diagnostic) => place(diagnostic) === index);
      out.push(...own);
      if (own.some((diagnostic) => diagnostic.severity === 'alert'))
        out.push({ severity: 'alert', message: `Error(s) found in configuration file : ${file}` });
    }
    out.push(...this.#checks);
    if (this.failed) {
      const all = this.said;
      out.push({ severity: 'notice', message: `${count(all, 'alert')}, ${count(all, 'warning')}.` });
      out.push({ severity: 'alert', message: 'Fatal errors found in configuration.' });
    }
    return out;
  }
}

function count(diagnostics: readonly Diagnostic[], severity: 'alert' | 'warning'): string {
  const found = diagnostics.filter((diagnostic) => diagnostic.severity === severity).length;
  return `${found} ${severity === 'alert' ? 'error' : 'warning'}${found === 1 ? '' : 's'}`;
}

/**
 * One diagnostic in HAProxy's shape. The column stands at the end of the first line, so that what scripts look for
 * (`parsing [file:line] : unknown keyword …`) is where they look for it.
 */
export function formatDiagnostic(diagnostic: Diagnostic, pid: number): string {
  const label = `[${diagnostic.severity.toUpperCase()}]`.padEnd(10);
  const { proxy, file, line, message } = diagnostic;
  if (proxy !== undefined) return `${label} (${pid}) : Binding [${file}:${line}] for proxy ${proxy}: ${message}`;
  return `${label} (${pid}) : config : ${locateDiagnostic(diagnostic)}`;
}

/** A diagnostic without the severity and the process. */
export function locateDiagnostic(diagnostic: Diagnostic): string {
  const { file, line, column, message } = diagnostic;
  if (file === undefined) return message;
  const [first = '', ...more] = message.split('\n');
  const place = column === undefined ? '' : ` (column ${column})`;
  // A colon introduces the lines below it and stays last.
  const told = first.endsWith(':') ? `${first.slice(0, -1)}${place}:` : `${first}${place}`;
  const located = `parsing [${file}:${line ?? 0}] : ${told}`;
  return [located, ...more].join('\n');
}
