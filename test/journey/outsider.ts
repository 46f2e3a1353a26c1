import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');

/** What one command came to. */
export interface Outcome {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A folder of somebody who has nothing of ours but a tarball, and a transcript of what he does there. */
export class Outsider {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'sluice-journey-'));
  readonly #lines: string[] = [];
  #began = performance.now();

  /** Packs this package as it would be published; the path of the tarball. */
  pack(): string {
    const made = join(this.folder, 'package');
    this.#must(process.execPath, [join(ROOT, 'scripts/package.js'), made], ROOT);
    const tarball = this.#packed(made);
    this.note(`# ${tarball}: ${kilobytes(statSync(tarball).size)} packed, ${kilobytes(sizeOf(made))} unpacked`);
    return tarball;
  }

  /** `npm pack` of a package: its tarball. */
  packed(folder: string): string {
    const { out } = this.run(folder, 'npm', 'pack', '--json');
    return join(this.folder, folder, tarballOf(out));
  }

  #packed(folder: string): string {
    const { out } = this.#must('npm', ['pack', '--json', '--ignore-scripts', folder], this.folder);
    return join(this.folder, tarballOf(out));
  }

  #must(command: string, args: readonly string[], cwd: string): Outcome {
    const outcome = spawn(command, args, cwd);
    if (outcome.code !== 0)
      throw new Error(`${command} ${args.join(' ')} ended with ${outcome.code}\n${outcome.out}${outcome.err}`);
    return outcome;
  }

  /** Runs a command in a folder of his own. What it says is in the transcript. */
  run(folder: string, command: string, ...args: string[]): Outcome {
    const before = performance.now();
    const outcome = spawn(command, args, join(this.folder, folder));
    const seconds = ((performance.now() - before) / 1000).toFixed(1);
    this.note(`${folder}$ ${[command, ...args].join(' ')}   # ${seconds} s`);
    const said = `${outcome.out}${outcome.err}`.replaceAll(this.folder, '…').trim();
    if (said !== '') this.note(said.split('\n').slice(-12).join('\n'));
    return outcome;
  }

  write(file: string, text: string): void {
    writeFileSync(join(this.folder, file), text);
  }

  note(line: string): void {
    this.#lines.push(line);
  }

  get transcript(): string {
    const seconds = ((performance.now() - this.#began) / 1000).toFixed(0);
    return `${this.#lines.join('\n')}\n# ${seconds} s in all\n`;
  }

  leave(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function spawn(command: string, args: readonly string[], cwd: string): Outcome {
  const env = {
    ...process.env,
    // For the example of geoip: its words are listed, and no database is opened.
    GEOIP_DATABASE: '/nowhere.mmdb',
    npm_config_update_notifier: 'false',
    npm_config_fund: 'false',
    npm_config_audit: 'false',
  };
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, env, encoding: 'utf8', timeout: 120_000 });
  if (error) throw error;
  return { code: status, out: stdout, err: stderr };
}

/** npm 11 gives a list, later ones a table by name. */
function tarballOf(json: string): string {
  const answer = JSON.parse(json.slice(json.search(/^[[{]/m))) as Record<string, { filename: string }>;
  return Object.values(answer)[0]!.filename;
}

/** Whether npm can fetch packages here. */
export function registryAnswers(): boolean {
  return spawnSync('npm', ['view', 'typescript', 'version'], { encoding: 'utf8', timeout: 20_000 }).status === 0;
}

export function sizeOf(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true, encoding: 'utf8' })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}

function kilobytes(bytes: number): string {
  return `${Math.round(bytes / 1000)} kB`;
}
