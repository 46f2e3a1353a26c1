import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { freePorts } from '../support/free-port.ts';
import { type ProxyProgram, startProxy } from '../support/proxy.ts';
import { RawClient } from '../support/raw-client.ts';
import { sleep, until } from '../support/wait.ts';
import { missing, title } from '../support/which.ts';

const MEMBER = resolve(import.meta.dirname, 'backend-member.mjs');
const absent = missing('haproxy');

/** One of three servers: a process that can be killed, stopped, and told to misbehave. */
class Member {
  readonly port: number;
  readonly file: string;
  #child: ChildProcess | undefined;

  constructor(port: number, file: string) {
    this.port = port;
    this.file = file;
    writeFileSync(file, '');
  }

  async start(): Promise<void> {
    this.#child = spawn(process.execPath, [MEMBER, String(this.port), this.file], {
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    this.#child.stdin!.on('error', () => {});
    await until(`a member on ${this.port}`, async () => {
      try {
        (await RawClient.connect(this.port)).destroy();
        return true;
      } catch {
        return false;
      }
    });
  }

  tell(text: string): void {
    this.#child?.stdin!.write(`${text}\n`);
  }

  signal(name: NodeJS.Signals): void {
    this.#child?.kill(name);
  }

  /** The requests it has seen. */
  get notes(): string[] {
    return readFileSync(this.file, 'latin1').split('\n').slice(0, -1);
  }
}

/** What came of all requests of one method. */
interface Tally {
  sent: number;
  answered: number;
  /** By status, or what else happened. */
  readonly failed: Map<string, number>;
}

/** A client that asks one thing after the other on connections it keeps, each request with a path of its own. */
async function visitor(
  port: number,
  name: string,
  method: 'GET' | 'POST',
  tally: Tally,
  running: () => boolean,
): Promise<void> {
  let client: RawClient | undefined;
  for (let count = 0; running(); count++) {
    if (client === undefined || client.closed !== 'open') client = await RawClient.connect(port);
    const path = `/${name}-${count}`;
    client.received = '';
    tally.sent++;
    client.send(`${method} ${path} HTTP/1.1\r\nHost: h\r\n${method === 'POST' ? 'Content-Length: 0\r\n' : ''}\r\n`);
    const open = client;
    const done = await open.when(() => open.closed !== 'open' || /\r\n\r\n[^]*$/.test(open.received), 15_000);
    const status = open.received.slice(9, 12);
    if (status === '200' && open.received.endsWith(path)) tally.answered++;
    else {
      const what = !done ? 'hung' : status === '' ? 'closed' : status;
      tally.failed.set(what, (tally.failed.get(what) ?? 0) + 1);
      client.destroy();
      client = undefined;
    }
  }
  client?.destroy();
}

/** Members fall and rise under load; gives what came of the requests, and what the members saw. */
async function ordeal(
  program: ProxyProgram,
): Promise<{ get: Tally; post: Tally; seen: string[]; log: string; status: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-backend-'));
  const ports = await freePorts(3);
  const members = ports.map((port, index) => new Member(port, join(folder, `${index}`)));
  for (const member of members) await member.start();
  const proxy = await startProxy(
    1,
    ([port]) => `global
  log stdout format raw daemon
defaults
  mode http
  timeout connect 300ms
  timeout client 10s
  timeout server 600ms
  timeout queue 5s
  timeout check 300ms
  retries 3
  option redispatch 1
  retry-on all-retryable-errors
listen l
  bind 127.0.0.1:${port}
  log global
  log-format "%HM %ST %tsc %rc %s"
  http-request disable-l7-retry if METH_POST
  option httpchk GET /health
  default-server check inter 150ms fall 2 rise 2 maxconn 30
${members.map(({ port: at }, index) => `  server s${index + 1} 127.0.0.1:${at}`).join('\n')}
`,
    program,
  );
  const tally = (): Tally => ({ sent: 0, answered: 0, failed: new Map() });
  const [get, post] = [tally(), tally()];
  let on = true;
  const [port] = proxy.ports as [number];
  const visitors = Array.from({ length: 16 }, (_, index) =>
    index < 12 ? visitor(port, `g${index}`, 'GET', get, () => on) : visitor(port, `p${index}`, 'POST', post, () => on),
  );
  const [one, two, three] = members as [Member, Member, Member];
  try {
    for (let round = 0; round < 2; round++) {
      one.signal('SIGKILL');
      await sleep(500);
      two.signal('SIGSTOP');
      await sleep(900);
      await one.start();
      two.signal('SIGCONT');
      await sleep(700);
      three.tell('reset');
      await sleep(500);
      three.tell('slow 100');
      await sleep(500);
      three.tell('fine');
      await sleep(400);
    }
    on = false;
    await Promise.all(visitors);
    let status = '';
    if (program === 'sluice') {
      proxy.process.child.kill('SIGHUP');
      await until('its status', () => /SIGHUP: (\{.*\})/.test(proxy.process.stderr));
      status = /SIGHUP: (\{.*\})/.exec(proxy.process.stderr)![1]!;
    }
    return { get, post, seen: members.flatMap(({ notes }) => notes), log: proxy.process.stdout, status };
  } finally {
    on = false;
    await proxy.stop();
    for (const member of members) member.signal('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A line for the one who reads the test's output: retries and redispatches as the log has them. */
function summary(program: string, { get, post, log }: Awaited<ReturnType<typeof ordeal>>): string {
  const lines = log.split('\n').filter((line) => /^(?:GET|POST) /.test(line));
  const retries = lines.map((line) => / (\+?)(\d+) \S+$/.exec(line)).filter((match) => match !== null);
  const count = (pick: (match: RegExpExecArray) => number): number =>
    retries.reduce((sum, match) => sum + pick(match), 0);
  const show = (one: Tally): string =>
    `${one.answered}/${one.sent} answered, failed ${JSON.stringify([...one.failed])}`;
  return `${program}: GET ${show(get)}; POST ${show(post)}; ${count((match) => Number(match[2]))} retries, ${count((match) => (match[1] === '+' ? 1 : 0))} requests redispatched`;
}

describe(title('a backend whose servers are killed, stopped, reset and slowed', absent), () => {
  test('no GET fails, no POST comes twice, and nothing is left', { timeout: 60_000 }, async () => {
    const ours = await ordeal('sluice');
    console.log(summary('sluice', ours));
    if (absent.length === 0) console.log(summary('haproxy', await ordeal('haproxy')));
    expect(ours.get.failed, summary('sluice', ours)).toEqual(new Map());
    expect(ours.get.answered).toBeGreaterThan(500);
    const posts = ours.seen.filter((note) => note.startsWith('POST'));
    expect(posts.filter((note, index) => posts.indexOf(note) !== index)).toEqual([]);
    expect(ours.post.failed.has('hung')).toBe(false);
    // The members saw every request that was answered.
    expect(new Set(ours.seen).size).toBeGreaterThanOrEqual(ours.get.answered + ours.post.answered);
    expect(JSON.parse(ours.status)).toMatchObject({ queued: 0, activeServerStreams: 0 });
  });
});
