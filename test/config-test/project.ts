import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { onTestFinished } from 'vitest';
import { RunningProcess } from '../support/process.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const PROGRAM = join(ROOT, 'dist/core/cli/main.js');

export interface Ran {
  readonly code: number | string | undefined;
  /** As a terminal shows it, without times. */
  readonly text: string;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder with a user's files in it. */
export class Project {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'sluice-config-test-'));

  constructor(files: Readonly<Record<string, string>>) {
    onTestFinished(() => rmSync(this.folder, { recursive: true, force: true }));
    this.write(files);
  }

  write(files: Readonly<Record<string, string>>): void {
    for (const [name, text] of Object.entries(files)) {
      const path = join(this.folder, name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    }
  }

  /** As `npm install sluice` would. */
  installSluice(): void {
    mkdirSync(join(this.folder, 'node_modules'));
    symlinkSync(ROOT, join(this.folder, 'node_modules/sluice'));
  }

  start(args: readonly string[], env: NodeJS.ProcessEnv = {}): RunningProcess {
    return startTest(args, this.folder, env);
  }

  run(args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Promise<Ran> {
    return runTest(args, this.folder, env);
  }
}

function startTest(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv): RunningProcess {
  return new RunningProcess(process.execPath, [PROGRAM, 'test', ...args], { cwd, env: { ...process.env, ...env } });
}

/** `sluice test …` in a folder. */
export async function runTest(args: readonly string[], cwd: string = ROOT, env: NodeJS.ProcessEnv = {}): Promise<Ran> {
  const process_ = startTest(args, cwd, env);
  const code = await process_.ended(60_000);
  const [stdout, stderr] = [process_.stdout, process_.stderr].map((text) =>
    Buffer.from(text, 'latin1').toString('utf8'),
  );
  return { code, stdout: stdout!, stderr: stderr!, text: timeless(stdout! + stderr!) };
}

/** Without what differs from run to run. */
export function timeless(text: string): string {
  return text.replaceAll(/\d+(?:\.\d+)? m?s\b(?! are)/g, 'N ms').replaceAll(/time="[\d.]+"/g, 'time="N"');
}

/** A site with two backends, for cases of any kind. */
export const SITE = `defaults
    mode http
    log 127.0.0.1:514 local0
    option httplog
    timeout connect 1s
    timeout client 10s
    timeout server 10s
    timeout queue 1s

frontend web
    bind :80
    acl is_static path_beg /static/
    acl is_secret path_beg /secret
    capture request header Host len 40
    http-request set-var(txn.kind) str(static) if is_static
    http-request set-header X-Client %[src]:%[src_port]
    http-request set-header X-Place %[dst]:%[dst_port]
    http-request deny if is_secret
    http-request reject if { path /reject }
    http-request silent-drop if { path /drop }
    http-request redirect location /new code 301 if { path /old }
    http-response set-header X-Served yes
    use_backend static if is_static
    default_backend app

backend app
    balance roundrobin
    server a1 app1.example.com:80 check inter 1s
    server a2 app2.example.com:80 check inter 1s

backend static
    http-request set-path %[path,regsub(^/static,)]
    server s1 10.0.0.1:80
`;
