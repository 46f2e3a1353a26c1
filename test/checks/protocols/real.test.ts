import { execFileSync, type ExecFileSyncOptions } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../../support/free-port.ts';
import { RunningProcess } from '../../support/process.ts';
import { startProxy, type RunningProxy } from '../../support/proxy.ts';
import { until } from '../../support/wait.ts';
import { missing, title, which } from '../../support/which.ts';

/** A real server: how it is started in a folder of its own, and what checks find of it while it works. */
interface Peer {
  readonly name: string;
  readonly programs: readonly string[];
  /** Words of the command that runs it in the foreground. */
  command(folder: string, port: number): string[];
  prepare?(folder: string): void;
  /** When it takes connections. */
  settle?(folder: string): void;
  readonly checks: readonly (readonly [lines: readonly string[], found: string])[];
  /** What checks find when it does not answer any more. */
  readonly hangs: string;
  /** It is run by this user, as it refuses root. */
  readonly user?: string;
}

const root = process.getuid?.() === 0;

function run(command: string, args: readonly string[], options: ExecFileSyncOptions = {}): void {
  execFileSync(command, args, { stdio: 'ignore', timeout: 20_000, ...options });
}

/** Debian keeps PostgreSQL's programs by version, out of the path. */
function postgresFolder(): string | undefined {
  try {
    const versions = readdirSync('/usr/lib/postgresql');
    return versions.length === 0 ? undefined : `/usr/lib/postgresql/${versions.toSorted().at(-1)}/bin`;
  } catch {
    return undefined;
  }
}

/** The words that run a command as another user, if we can and must. */
const as = (user: string, ...command: string[]): string[] =>
  root ? ['setpriv', `--reuid=${user}`, `--regid=${user}`, '--clear-groups', ...command] : command;

const postgres = postgresFolder() ?? '';
const LDAP_CONFIGURATION = `moduleload back_mdb
modulepath /usr/lib/ldap
include /etc/ldap/schema/core.schema
database mdb
suffix "dc=example,dc=org"
`;

const PEERS: Peer[] = [
  {
    name: 'Redis',
    programs: ['redis-server'],
    command: (folder, port) => ['redis-server', '--port', String(port), '--save', '', '--dir', folder],
    checks: [
      [['option redis-check'], 'Layer7 check passed, code: 0, info: "Redis server is ok"'],
      [
        [
          'option tcp-check',
          String.raw`tcp-check send PING\r\n`,
          'tcp-check expect string +PONG',
          String.raw`tcp-check send info\ replication\r\n`,
          'tcp-check expect string role:master',
          String.raw`tcp-check send QUIT\r\n`,
          'tcp-check expect string +OK',
        ],
        'Layer7 check passed, code: 0, info: "(tcp-check)"',
      ],
      [['option ldap-check'], 'Layer7 timeout'],
    ],
    hangs: 'Layer7 timeout',
  },
  {
    name: 'PostgreSQL',
    programs: ['setpriv', ...(postgres === '' ? ['postgres'] : [])],
    user: 'postgres',
    prepare: (folder) => {
      const [command, ...args] = as('postgres', join(postgres, 'initdb'), '-D', join(folder, 'data'), '-A', 'trust');
      run(command!, args);
    },
    command: (folder, port) =>
      as(
        'postgres',
        join(postgres, 'postgres'),
        '-D',
        join(folder, 'data'),
        '-p',
        String(port),
        '-k',
        folder,
        '-h',
        '127.0.0.1',
      ),
    checks: [[['option pgsql-check user postgres'], 'Layer7 check passed, code: 0, info: "PostgreSQL server is ok"']],
    hangs: 'Layer7 timeout',
  },
  {
    name: 'MariaDB',
    programs: ['mariadbd', 'mariadb-install-db', 'mariadb', 'setpriv'],
    user: 'mysql',
    prepare: (folder) => {
      const data = `--datadir=${join(folder, 'data')}`;
      const [command, ...args] = as(
        'mysql',
        'mariadb-install-db',
        '--no-defaults',
        data,
        '--auth-root-authentication-method=normal',
      );
      run(command!, args);
    },
    command: (folder, port) =>
      as(
        'mysql',
        which('mariadbd') ?? 'mariadbd',
        '--no-defaults',
        `--datadir=${join(folder, 'data')}`,
        `--port=${port}`,
        '--bind-address=127.0.0.1',
        `--socket=${join(folder, 'socket')}`,
      ),
    settle: (folder) =>
      run('mariadb', ['--no-defaults', '-uroot', '-S', join(folder, 'socket'), '-e', "create user haproxy@'%'"]),
    checks: [
      [['option mysql-check'], 'Layer7 check passed, code: 0, info: "VERSION"'],
      [['option mysql-check user haproxy'], 'Layer7 check passed, code: 0, info: "VERSION"'],
      [['option mysql-check user haproxy post-80'], 'Layer7 check passed, code: 0, info: "VERSION"'],
      [['option mysql-check user haproxy pre-41'], 'Layer7 check passed, code: 0, info: "VERSION"'],
    ],
    hangs: 'Layer7 timeout',
  },
  {
    name: 'OpenLDAP',
    programs: ['slapd'],
    prepare: (folder) => {
      mkdirSync(join(folder, 'data'), { recursive: true });
      writeFileSync(join(folder, 'slapd.conf'), `${LDAP_CONFIGURATION}directory ${join(folder, 'data')}\n`);
    },
    command: (folder, port) => ['slapd', '-h', `ldap://127.0.0.1:${port}`, '-f', join(folder, 'slapd.conf'), '-d', '0'],
    checks: [[['option ldap-check'], 'Layer7 check passed, code: 0, info: "Success"']],
    hangs: 'Layer7 timeout',
  },
  {
    name: 'OpenSSL',
    programs: ['openssl'],
    prepare: (folder) =>
      run(
        'openssl',
        ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'key', '-out', 'cert', '-subj', '/CN=x'],
        {
          cwd: folder,
        },
      ),
    command: (folder, port) => [
      'openssl',
      's_server',
      '-accept',
      `127.0.0.1:${port}`,
      '-key',
      join(folder, 'key'),
      '-cert',
      join(folder, 'cert'),
      '-quiet',
    ],
    checks: [[['option ssl-hello-chk'], 'Layer6 check passed']],
    hangs: 'Layer6 timeout',
  },
  {
    name: 'nginx',
    programs: ['nginx'],
    prepare: () => undefined,
    command: (folder, port) => {
      writeFileSync(
        join(folder, 'nginx.conf'),
        `daemon off; master_process off; pid ${folder}/pid; error_log /dev/null; events {}
http { access_log off; client_body_temp_path ${folder}/a; proxy_temp_path ${folder}/b; fastcgi_temp_path ${folder}/c;
  uwsgi_temp_path ${folder}/d; scgi_temp_path ${folder}/e;
  server { listen 127.0.0.1:${port}; location / { return 200 "all is well"; } location /bad { return 503; } } }
`,
      );
      return ['nginx', '-c', join(folder, 'nginx.conf')];
    },
    checks: [
      [['option httpchk GET /', 'http-check expect string well'], 'Layer7 check passed, code: 200'],
      [['option httpchk GET / HTTP/1.1', 'http-check send hdr Host x'], 'Layer7 check passed, code: 200'],
      [['option httpchk GET /bad'], 'Layer7 wrong status, code: 503, info: "Service Temporarily Unavailable"'],
      [['option redis-check'], 'Layer7 wrong status, code: 0, info: "HTTP/1.1 400 Bad Request"'],
    ],
    hangs: 'Layer7 timeout',
  },
  {
    name: 'OpenSMTPD',
    programs: ['smtpd', ...(root ? [] : ['root'])],
    prepare: () => undefined,
    command: (folder, port) => {
      writeFileSync(
        join(folder, 'smtpd.conf'),
        `listen on 127.0.0.1 port ${port} hostname mail.example.org\naction "l" mbox\nmatch from local for local action "l"\n`,
      );
      return ['smtpd', '-d', '-f', join(folder, 'smtpd.conf')];
    },
    checks: [
      [['option smtpchk'], 'Layer7 check passed, code: 221, info: "2.0.0 Bye"'],
      [['option smtpchk EHLO my.example.org'], 'Layer7 check passed, code: 221, info: "2.0.0 Bye"'],
    ],
    hangs: 'Layer7 timeout',
  },
];

/** The children of a process, and theirs. */
function family(pid: number): number[] {
  const pids = [pid];
  for (const parent of pids) {
    for (const entry of readdirSync(`/proc/${parent}/task/${parent}`)) {
      if (entry !== 'children') continue;
      const children = execFileSync('cat', [`/proc/${parent}/task/${parent}/children`], { encoding: 'utf8' });
      pids.push(...children.trim().split(' ').filter(Boolean).map(Number));
    }
  }
  return pids;
}

/** Checks a server once in each of these ways; what the log says is found. */
async function check(port: number, ways: readonly (readonly string[])[]): Promise<(string | undefined)[]> {
  const proxy: RunningProxy = await startProxy(
    1,
    ([own]) => `global
  log stdout format raw local0
  max-spread-checks 200ms
defaults
  log global
  option log-health-checks
  timeout connect 1s
  timeout check 1s
  timeout client 5s
  timeout server 5s
frontend up
  bind 127.0.0.1:${own}
${ways.map((lines, index) => `backend c${index}x\n  ${lines.join('\n  ')}\n  server s 127.0.0.1:${port} check inter 60s\n`).join('')}`,
  );
  try {
    const reasons = (): (string | undefined)[] =>
      ways.map(
        (_, index) => new RegExp(`c${index}x/s .*?reason: (.*), check duration`).exec(proxy.process.stdout)?.[1],
      );
    await until('all checks', () => reasons().every((reason) => reason !== undefined));
    return reasons().map((reason) => reason?.replace(/info: "[^"]*MariaDB[^"]*"/, 'info: "VERSION"'));
  } finally {
    await proxy.stop();
  }
}

for (const peer of PEERS) {
  const absent = missing(...peer.programs);
  describe.skipIf(absent.length > 0)(title(`checks of ${peer.name}`, absent), () => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-real-'));
    let server: RunningProcess | undefined;
    let port = 0;
    const ways = peer.checks.map(([lines]) => lines);

    beforeAll(async () => {
      chmodSync(folder, 0o755);
      if (peer.user !== undefined && root) {
        const id = (flag: string): number => Number(execFileSync('id', [flag, peer.user!], { encoding: 'utf8' }));
        mkdirSync(join(folder, 'data'));
        for (const path of [folder, join(folder, 'data')]) chownSync(path, id('-u'), id('-g'));
      }
      peer.prepare?.(folder);
      port = await freePort();
      const [command, ...args] = peer.command(folder, port);
      server = new RunningProcess(command!, args, { cwd: folder });
      await server.listening([port]);
      peer.settle?.(folder);
    }, 60_000);
    afterAll(async () => {
      await server?.stop('SIGINT');
      rmSync(folder, { recursive: true, force: true });
    });

    test('at work', async () => {
      expect(await check(port, ways)).toEqual(peer.checks.map(([, found]) => found));
    });

    test('hung', async () => {
      const pids = family(server!.child.pid!);
      for (const pid of pids) process.kill(pid, 'SIGSTOP');
      try {
        const [found] = await check(port, ways.slice(0, 1));
        expect(found).toBe(peer.hangs);
      } finally {
        for (const pid of pids) process.kill(pid, 'SIGCONT');
      }
    });

    test('gone', async () => {
      await server!.stop('SIGINT');
      const [found] = await check(port, ways.slice(0, 1));
      expect(found).toMatch(/^Layer4 connection problem, info: "Connection refused/);
    });
  });
}
