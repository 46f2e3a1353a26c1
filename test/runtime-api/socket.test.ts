import { mkdtempSync, rmSync, statSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { definePlugin } from '../../core/api/index.ts';
import { createProxy } from '../../core/index.ts';
import { startProxy, type RunningProxy } from '../support/proxy.ts';
import { until } from '../support/wait.ts';
import { missing, title } from '../support/which.ts';

const folder = mkdtempSync(join(tmpdir(), 'sluice-api-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Sends text and gives all that comes until the other side closes, or has been silent for a while. */
function ask(path: string, text: string, quiet = 2000): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = net.connect(path, () => socket.write(text, 'latin1'));
    const timer = setTimeout(() => socket.destroy(), quiet);
    socket.setEncoding('latin1').on('data', (more) => (answer += String(more)));
    socket.on('error', reject).on('close', () => {
      clearTimeout(timer);
      resolve(answer);
    });
  });
}

/** What a client sees of the protocol itself: commands that both programs have. */
const LINES: readonly (readonly [name: string, sent: string])[] = [
  ['a command', 'show cli level\n'],
  ['two commands', 'show cli level;show cli level\n'],
  ['two lines at once', 'show cli level\nshow cli level\n'],
  ['a carriage return', 'show cli level\r\n'],
  ['blanks', '  show \t cli   level  \n'],
  ['a prompt', 'prompt\nshow cli level\nquit\n'],
  ['a prompt that is switched off again', 'prompt\nprompt\n'],
  ['a prompt and a command on a line', 'prompt;show cli level;quit\n'],
  ['an empty line at the prompt', 'prompt\n\nquit\n'],
  ['levels', 'show cli level;operator;show cli level;user;show cli level\n'],
  ['a payload', 'show cli level <<\nabc\n\n'],
  ['a payload at the prompt', 'prompt\nshow cli level <<\nabc\ndef\n\nshow cli level\nquit\n'],
  ['severity as a number', 'set severity-output number;show cli level\n'],
  ['severity as a word', 'set severity-output string;show cli level\n'],
  ['expert mode', 'expert-mode;expert-mode on;expert-mode;expert-mode off;expert-mode\n'],
  ['quit before the end', 'show cli level;quit;show cli level\n'],
  ['an environment variable', 'show env HOME\n'],
  ['an escaped blank', 'show cli\\ level\n'],
];

const absent = missing('haproxy');
describe.skipIf(absent.length > 0)(title('beside HAProxy', absent), () => {
  let ours: RunningProxy;
  let theirs: RunningProxy;
  const configuration =
    (name: string) =>
    ([port]: readonly number[]): string =>
      `global\n stats socket ${join(folder, name)} mode 600 level admin\n stats socket ${join(folder, `${name}-user`)} level user\n` +
      `defaults\n timeout connect 1s\n timeout client 1s\n timeout server 1s\nfrontend f\n bind 127.0.0.1:${port}\n`;
  beforeAll(async () => {
    ours = await startProxy(1, configuration('ours'), 'sluice');
    theirs = await startProxy(1, configuration('theirs'), 'haproxy');
  });
  afterAll(async () => {
    await ours.stop();
    await theirs.stop();
  });

  test.for(LINES)('%s', async ([, sent]) => {
    const [mine, reference] = await Promise.all([ask(join(folder, 'ours'), sent), ask(join(folder, 'theirs'), sent)]);
    // A word that means nothing to either is answered with the list of commands, of which the two have not the same.
    const first = (text: string): string => text.replace(/Unknown command[^]*?\n\n/, 'Unknown command');
    expect(first(mine)).toBe(first(reference));
    expect(mine).not.toBe('');
  });

  test('a level that does not suffice', async () => {
    const line = 'expert-mode on\n';
    expect(await ask(join(folder, 'ours-user'), line)).toBe('Permission denied\n\n');
  });

  test('the mode of the file', () => {
    expect(statSync(join(folder, 'ours')).mode & 0o777).toBe(0o600);
  });

  test('unknown commands name the likes of them', async () => {
    expect(await ask(join(folder, 'ours'), 'show cachee\n')).toMatch(
      /^Unknown command, but maybe one of the following ones is a better match:\n {2}show cache .*\n/,
    );
    expect(await ask(join(folder, 'ours'), '\n')).toMatch(
      /^Unknown command\. Please enter one of the following commands only:\n/,
    );
  });

  test('help lists what the level allows', async () => {
    const all = await ask(join(folder, 'ours'), 'help\n');
    expect(all).toContain('  show cli level                          : display the level of the current CLI session\n');
    expect(all).toContain('  expert-mode ');
    expect(await ask(join(folder, 'ours-user'), 'help\n')).not.toContain('  expert-mode ');
    expect(await ask(join(folder, 'ours'), 'help show cli\n')).not.toContain('purge cache');
  });
});

describe('commands of plugins', () => {
  const stops: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const stop of stops.splice(0)) await stop();
  });
  const plugin = definePlugin({
    name: 'mine',
    api: 1,
    commands: {
      'show mine': {
        usage: 'show mine <word>',
        summary: 'Says the word.',
        level: 'user',
        run(words, session) {
          session.write(`${words.next('a word')} ${session.payload ?? '-'}\n`);
          words.end();
        },
      },
      'break mine': {
        usage: 'break mine',
        summary: 'Fails.',
        level: 'user',
        run: () => Promise.reject(new Error('x')),
      },
      'echo mine': {
        usage: 'echo mine',
        summary: 'Says what comes.',
        level: 'user',
        async run(_words, session) {
          session.write(`got ${(await session.read())?.toString('latin1')}`);
        },
      },
      'risk mine': {
        usage: 'risk mine',
        summary: '',
        level: 'user',
        needs: 'expert-mode',
        run: (_, to) => void to.write('done\n'),
      },
    },
    setup: () => ({
      commands: {
        'show late': { usage: 'show late', summary: '', level: 'user', run: (_, to) => void to.write('late\n') },
      },
    }),
  });
  async function start(name: string, more = ''): Promise<string> {
    const path = join(folder, name);
    const text = `global\n stats socket ${path} level admin\n${more}`;
    const proxy = await createProxy({ config: { name: 'api.cfg', text }, plugins: [plugin] });
    stops.push(() => proxy.stop());
    await proxy.start();
    return path;
  }

  test('words, payloads, refusals and failures', async () => {
    const path = await start('words');
    expect(await ask(path, 'show mine hello\n')).toBe('hello -\n\n');
    expect(await ask(path, 'show mine hello <<\na\nb\n\n')).toBe('hello a\nb\n\n');
    expect(await ask(path, 'show mine hello <<%END%\na\n\nb\n%END%\n')).toBe('hello a\n\nb\n\n');
    expect(await ask(path, 'show mine\n')).toBe("'show mine' expects a word\n\n");
    expect(await ask(path, 'break mine;show mine x\n')).toBe('Internal error.\n\nx -\n\n');
    expect(await ask(path, 'risk mine;expert-mode on;risk mine\n')).toBe(
      "Permission denied : this command needs 'expert-mode on' first.\n\n\ndone\n\n",
    );
    expect(await ask(path, 'show late\n')).toBe('late\n\n');
    expect(await ask(path, 'echo mine\nwhatever\n')).toBe('got whatever\n\n');
  });

  test('prompt takes several words', async () => {
    const path = await start('prompt');
    expect(await ask(path, 'prompt i\nshow late\nquit\n')).toBe('\nlate\n\n');
    expect(await ask(path, 'prompt p timed\nquit\n')).toMatch(/^\n\[0:00:\d\d:\d\d\]> $/);
    expect(await ask(path, 'prompt help\n')).toMatch(/^Usage: prompt .*\n {2}n {5}: /);
  });

  test('a silent client is closed, and there are not more than maxconn', async () => {
    const path = await start('limits', ' stats timeout 300ms\n stats maxconn 1\n');
    const silent = net.connect(path);
    let closed = false;
    silent
      .on('close', () => (closed = true))
      .on('error', () => undefined)
      .resume();
    await new Promise((resolve) => silent.once('connect', resolve));
    expect(await ask(path, 'show late\n').catch(() => '')).toBe('');
    await until('the silent client to be closed', () => closed);
    expect(await ask(path, 'show late\n')).toBe('late\n\n');
  });

  test('a reload keeps the socket', async () => {
    const path = join(folder, 'reload');
    const text = `global\n stats socket ${path} level admin\n`;
    const proxy = await createProxy({ config: { name: 'api.cfg', text }, plugins: [plugin] });
    stops.push(() => proxy.stop());
    await proxy.start();
    const inode = statSync(path).ino;
    await proxy.reload();
    expect(statSync(path).ino).toBe(inode);
    expect(await ask(path, 'show late\n')).toBe('late\n\n');
  });

  test('two plugins with one command are refused by name', async () => {
    const other = definePlugin({ name: 'other', api: 1, setup: () => ({ commands: plugin.commands ?? {} }) });
    const proxy = createProxy({ config: '', plugins: [plugin, other] });
    await expect(proxy).rejects.toThrow("the command 'show mine' is registered by both 'mine' and 'other'");
  });
});
