import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createProxy } from '../../../core/index.ts';
import { definePlugin, type Backend, type Plugin, type ServerState } from '../../../core/api/index.ts';
import { formatServerStates } from '../../../plugins/checks/state-file.ts';
import { RunningProcess } from '../../support/process.ts';
import { until } from '../../support/wait.ts';
import { missing, title, which } from '../../support/which.ts';

const absent = missing('haproxy');

/** Nothing listens there, and the first checks of all but the first server are far away. */
const CONFIGURATION = `defaults
  mode http
  timeout connect 1s
  timeout client 1s
  timeout server 1s
backend a
  server s0 127.9.9.9:9 check inter 600s
  server s1 127.9.9.9:9 check inter 600s rise 3 fall 4 weight 20
  server s2 127.9.9.9:9 weight 10
  server s3 127.9.9.9:9 check inter 600s disabled
  server s4 127.9.9.9:9 track s1
  server s5 127.9.9.9:9 check inter 600s agent-check agent-port 9 agent-inter 600s backup
backend b
  server s1 127.9.9.9:9 track a/s4
  server s2 127.9.9.9:9 track a/s3
backend c
  server s1 127.9.9.9:9
`;

type Command = readonly [server: string, command: string];

/** `set server <server> …` after the server, or another command whose first argument it is. */
const COMMANDS: readonly Command[] = [
  ['a/s1', 'state drain'],
  ['a/s1', 'state maint'],
  ['a/s1', 'state ready'],
  ['a/s1', 'state maint'],
  ['b/s1', 'state maint'],
  ['a/s1', 'state drain'],
  ['b/s1', 'state ready'],
  ['b/s1', 'state drain'],
  ['a/s1', 'state ready'],
  ['b/s1', 'state ready'],
  ['a/s1', 'health down'],
  ['a/s1', 'state drain'],
  ['a/s1', 'state ready'],
  ['a/s1', 'health stopping'],
  ['a/s1', 'health up'],
  ['a/s1', 'health stopping'],
  ['a/s1', 'state maint'],
  ['a/s1', 'health up'],
  ['a/s1', 'state ready'],
  ['a/s4', 'health down'],
  ['a/s1', 'agent down'],
  ['a/s1', 'weight 50%'],
  ['a/s1', 'weight 0'],
  ['a/s1', 'weight 300'],
  ['a/s1', 'weight foo'],
  ['a/s1', 'weight 5x'],
  ['a/s1', 'weight -1'],
  ['a/s1', 'weight -1%'],
  ['a/s1', 'weight 3000%'],
  ['a/s1', 'weight 100%'],
  ['a/s2', 'weight 15%'],
  ['a/s2', 'health down'],
  ['a/s2', 'health up'],
  ['a/s2', 'state maint'],
  ['a/s2', 'state maint'],
  ['a/s2', 'state ready'],
  ['a/s3', 'state ready'],
  ['a/s3', 'state maint'],
  ['a/s3', 'state drain'],
  ['a/s3', 'state ready'],
  ['a/s5', 'agent down'],
  ['a/s5', 'health down'],
  ['a/s5', 'health up'],
  ['a/s5', 'agent up'],
  ['a/s5', 'state drain'],
  ['a/s5', 'weight 5'],
  ['a/s5', 'agent down'],
  ['a/s5', 'state maint'],
  ['a/s5', 'state ready'],
  ['a/s5', 'agent up'],
  ['a/s1', 'disable health'],
  ['a/s1', 'health down'],
  ['a/s1', 'enable health'],
  ['a/s1', 'health up'],
  ['a/s5', 'disable agent'],
  ['a/s5', 'agent up'],
  ['a/s5', 'enable agent'],
  ['a/s2', 'enable health'],
  ['a/s2', 'enable agent'],
  ['a/s2', 'disable health'],
  ['a/s2', 'addr 127.9.9.8'],
  ['a/s2', 'addr 127.9.9.8 port 9'],
  ['a/s2', 'addr 127.9.9.7 port 10'],
  ['a/s2', 'addr 127.9.9.7 port 11'],
  ['a/s2', 'addr ::1 port 11'],
  ['a/s2', 'addr ::1'],
  ['c/s1', 'weight 0'],
  ['c/s1', 'weight 1'],
  ['c/s1', 'state maint'],
  ['c/s1', 'state ready'],
];

/** As the Runtime API is to do it. */
function obey(state: ServerState, command: string): string {
  const [what, value = ''] = command.split(' ') as [string, string?];
  switch (what) {
    case 'state':
      state.set(value as 'ready');
      return '';
    case 'health':
      return state.setHealth(value as 'up') ?? '';
    case 'agent':
      return state.setAgent(value as 'up') ?? '';
    case 'addr': {
      const family = value.includes(':') ? 6 : 4;
      const port = /port (\d+)/.exec(command)?.[1];
      const address = { family, address: value, port: 0 } as const;
      return state.setAddress(address, port === undefined ? undefined : Number(port), 'stats socket command');
    }
    case 'weight':
      return state.setWeight(value) ?? '';
    default:
      return state.enable(value as 'health', what === 'enable') ?? '';
  }
}

const spoken = ([server, command]: Command): string =>
  /^(?:en|dis)able/.test(command) ? `${command} ${server}` : `set server ${server} ${command}`;

interface Step {
  readonly command: string;
  readonly answer: string;
  /** Without the server that is checked, and the times. */
  readonly states: readonly string[];
  /** The status column of each server, and its weight. */
  readonly status: readonly string[];
}

const rows = (text: string): string[] =>
  text
    .split('\n')
    .filter((line) => /^\d+ /.test(line) && !/ s0 /.test(line))
    .map((line) => line.replace(/^((?:\S+ ){9})\d+/, '$1…'));

test(
  title('every command changes what it changes in HAProxy, with the same words', absent),
  async ({ skip }) => {
    if (absent.length > 0) skip();
    const theirs = await askHaproxy();
    const ours = await commandOurs();
    for (const [index, step] of theirs.steps.entries()) expect.soft(ours.steps[index]).toEqual(step);
    expect(ours.messages).toEqual(theirs.messages);
  },
  30_000,
);

async function commandOurs(): Promise<{ steps: Step[]; messages: string[] }> {
  let backends: readonly Backend[] = [];
  const watcher: Plugin = definePlugin({ name: 'watcher', api: 1, setup: (context) => void ({ backends } = context) });
  const messages: string[] = [];
  const proxy = await createProxy({
    config: { name: 'commands.cfg', text: CONFIGURATION },
    plugins: [watcher],
    on: { message: ({ severity, text }) => messages.push(`[${severity.toUpperCase()}] ${text}`) },
  });
  const servers = backends.flatMap((backend) => backend.servers);
  servers[0]!.state.setHealth('down');
  messages.length = 0;
  const steps = COMMANDS.map(([path, command]): Step => {
    const server = servers.find(({ name, backend }) => `${backend.name}/${name}` === path)!;
    const answer = obey(server.state, command);
    const status = servers
      .filter(({ name }) => name !== 's0')
      .map((one) => `${one.backend.name}/${one.name} ${one.state.text} ${one.effectiveWeight}`);
    return { command: spoken([path, command]), answer, states: rows(formatServerStates(backends)), status };
  });
  await proxy.stop();
  return { steps, messages };
}

async function askHaproxy(): Promise<{ steps: Step[]; messages: string[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-commands-'));
  const socket = join(folder, 'socket');
  const file = join(folder, 'haproxy.cfg');
  writeFileSync(file, `global\n  stats socket ${socket} level admin\n${CONFIGURATION}`);
  const haproxy = new RunningProcess(which('haproxy')!, ['-f', file, '-db']);
  try {
    await until('the first check', async () =>
      (await ask(socket, 'show servers state')).includes('a 1 s0 127.9.9.9 0 '),
    );
    const before = haproxy.stderr.length;
    const steps: Step[] = [];
    for (const command of COMMANDS) {
      const answer = (await ask(socket, spoken(command))).trim();
      const states = rows(await ask(socket, 'show servers state'));
      const status = (await ask(socket, 'show stat'))
        .split('\n')
        .map((line) => line.split(','))
        .filter(([, name]) => /^s[1-9]$/.test(name ?? ''))
        .map((fields) => `${fields[0]}/${fields[1]} ${fields[17]} ${fields[18]}`);
      steps.push({ command: spoken(command), answer, states, status });
    }
    const messages = [...haproxy.stderr.slice(before).matchAll(/^(\[\w+\]) +\(\d+\) : (.*)$/gm)].map(
      ([, severity, text]) => `${severity} ${text}`,
    );
    return { steps, messages };
  } finally {
    await haproxy.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

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
