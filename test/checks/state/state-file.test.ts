import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createProxy, type Diagnostic } from '../../../core/index.ts';
import { definePlugin, type Backend, type Plugin } from '../../../core/api/index.ts';
import { formatServerStates } from '../../../plugins/checks/state-file.ts';
import { freePort } from '../../support/free-port.ts';
import { RunningProcess } from '../../support/process.ts';
import { until } from '../../support/wait.ts';
import { missing, title, which } from '../../support/which.ts';

const absent = missing('haproxy');

/** One line for each kind of state that a server can be in when its process ends. */
const SAVED: readonly string[] = [
  '0 0 1 1 100 8 2 0 6 0',
  '0 1 1 1 200 6 3 0 14 0',
  '2 8 1 1 30 6 3 4 6 0',
  '2 0 5 1 30 6 3 4 6 0',
  '3 0 1 1 30 16 4 4 6 0',
  '2 0 5 2 30 6 3 4 6 0',
  '0 5 1 1 30 6 3 0 14 0',
  '2 0 1 1 30 6 3 4 2 0',
  '0 0 1 1 30 6 3 4 6 22',
  '2 4 1 1 30 6 3 4 6 0',
  '2 0 1 1 30 6 3 3 6 0',
  '0 2 1 1 30 8 2 0 14 0',
  '2 9 1 1 30 8 2 0 14 0',
  '0 0 1 1 30 1 0 2 0 0',
  '2 0 1 1 30 17 2 3 6 18',
];
const FIELDS =
  '# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight ' +
  'srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state ' +
  'bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl srv_check_port srv_check_addr srv_agent_addr ' +
  'srv_agent_port';

/** Behind the second: no check. The seventh and eighth are disabled, the ninth and the last have agents. */
const words = (index: number): string =>
  [
    index === 13 ? '' : 'check inter 60s',
    index === 6 || index === 7 ? 'disabled' : '',
    index === 8 || index === 14 ? 'agent-check agent-port 9 agent-inter 60s' : '',
  ].join(' ');

describe('server state files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-states-'));
  let port = 0;
  let backends: readonly Backend[] = [];
  const watcher: Plugin = definePlugin({
    name: 'watcher',
    api: 1,
    setup(context) {
      ({ backends } = context);
    },
  });
  const configuration = (socket: string): string => `global
  ${socket}
  server-state-base ${folder}
  server-state-file saved
defaults
  mode http
  timeout connect 1s
  timeout client 1s
  timeout server 1s
backend be
  load-server-state-from-file global
${SAVED.map((_, index) => `  server s${index + 1} 127.0.0.1:${port} ${words(index)}`).join('\n')}
backend own
  id 77
  load-server-state-from-file local
  server-state-file-name single
  server one 127.0.0.1:${port} id 9 check port 9 addr 127.0.0.2 inter 60s
  server unix /tmp/nowhere
`;

  beforeAll(async () => {
    port = await freePort();
    const rest = `0 0 - ${port} - 0 0 - - 0`;
    const lines = SAVED.map((line, index) => `2 be ${index + 1} s${index + 1} 127.0.0.1 ${line} ${rest}`);
    writeFileSync(join(folder, 'saved'), ['1', FIELDS, ...lines, ''].join('\n'));
    const single = `77 own 9 one 127.0.0.1 0 0 1 1 40 8 2 0 6 0 1 1 - ${port} - 0 9 127.0.0.2 - 9`;
    writeFileSync(join(folder, 'single'), ['1', FIELDS, single, ''].join('\n'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** What we make of the files, as `show servers state` would print it. */
  async function ours(): Promise<{ text: string; diagnostics: Diagnostic[]; messages: string[] }> {
    const diagnostics: Diagnostic[] = [];
    const messages: string[] = [];
    const proxy = await createProxy({
      config: { name: 'states.cfg', text: configuration('') },
      plugins: [watcher],
      on: {
        diagnostics: (list) => diagnostics.push(...list),
        message: ({ text: message }) => messages.push(message),
      },
    });
    const text = formatServerStates(backends);
    await proxy.stop();
    return { text, diagnostics, messages };
  }

  test('what a line cannot be is told, and the others count', async () => {
    const { text, diagnostics } = await ours();
    const told = diagnostics.filter(({ severity }) => severity === 'warning').map(({ message }) => message);
    expect(told).toContainEqual(
      expect.stringContaining("server-state application failed for server 'be/s13', invalid srv_admin_state value '9'"),
    );
    expect(text).toContain(`be 3 s3 127.0.0.1 2 8 `);
    expect(text).toContain(`77 own 9 one 127.0.0.1 0 0 1 1 40 8 2 0 6 0 1 1 - ${port} - 0 9 127.0.0.2 127.0.0.2 9\n`);
  });

  test('a file that is not there is told', async () => {
    const kept = readFileSync(join(folder, 'saved'));
    rmSync(join(folder, 'saved'));
    const { text, diagnostics } = await ours();
    writeFileSync(join(folder, 'saved'), kept);
    expect(diagnostics.map(({ message }) => message)).toContainEqual(
      expect.stringContaining(
        `Can't open global server state file '${join(folder, 'saved')}': No such file or directory`,
      ),
    );
    expect(text).toContain(`be 3 s3 127.0.0.1 2 0 1 1 0 1 0 2 6 0 `);
  });

  test(title('HAProxy makes the same of it, and says the same', absent), async ({ skip }) => {
    if (absent.length > 0) skip();
    const socket = join(folder, 'socket');
    const file = join(folder, 'haproxy.cfg');
    writeFileSync(file, configuration(`stats socket ${socket}`));
    const haproxy = new RunningProcess(which('haproxy')!, ['-f', file, '-db']);
    try {
      await until('the socket of HAProxy', async () => (await ask(socket, 'show version')) !== '');
      const theirs = await ask(socket, 'show servers state');
      const { text, messages } = await ours();
      // The first check runs at once.
      const steady = (state: string): string[] =>
        state
          .trim()
          .split('\n')
          .filter((line) => !/ s1 /.test(line));
      expect(steady(text)).toEqual(steady(theirs));
      const said = [...haproxy.stderr.matchAll(/\(\d+\) : (config : Server .*)/g)].map(([, line]) => line);
      expect(messages).toEqual(said);
    } finally {
      await haproxy.stop();
    }
  });
});

/** A command of the Runtime API, and its answer; empty when nobody listens. */
function ask(path: string, command: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = net.connect(path);
    let answer = '';
    socket.setEncoding('latin1');
    socket.on('data', (text) => (answer += String(text)));
    socket.on('error', () => resolve(''));
    socket.on('close', () => resolve(answer));
    socket.end(`${command}\n`);
  });
}
