import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { get, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { freePorts } from '../support/free-port.ts';
import { commandLine } from '../support/proxy.ts';
import { RunningProcess } from '../support/process.ts';
import { RawClient } from '../support/raw-client.ts';

const EXAMPLES = resolve(import.meta.dirname, '../../lua-examples');

let folder: string | undefined;
let running: RunningProcess | undefined;
afterEach(async () => {
  await running?.stop();
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  folder = running = undefined;
});

/** Runs an example with free ports in the place of its own; gives what replaced each of them. */
async function start(name: string): Promise<(port: number) => number> {
  folder = mkdtempSync(join(tmpdir(), 'lua-example-'));
  cpSync(EXAMPLES, folder, { recursive: true });
  const files = [`${name}.lua`, `${name}.cfg`].map((file) => join(folder!, file));
  const texts = files.map((file) => readFileSync(file, 'latin1'));
  const written = [...new Set(texts.join('').match(/127\.0\.0\.1:81\d\d/g))].map((address) =>
    Number(address.slice(10)),
  );
  const ports = await freePorts(written.length);
  const portOf = (port: number): number => ports[written.indexOf(port)]!;
  files.forEach((file, i) =>
    writeFileSync(
      file,
      texts[i]!.replaceAll(/127\.0\.0\.1:(81\d\d)/g, (_, port) => `127.0.0.1:${portOf(Number(port))}`),
    ),
  );
  const [command, ...args] = commandLine('sluice');
  running = new RunningProcess(command!, [...args, '-C', folder, '-f', `${name}.cfg`]);
  const listened = new Set(
    [...texts[1]!.matchAll(/(?:bind|stats socket) (?:ipv4@)?127\.0\.0\.1:(81\d\d)/g)].map(([, port]) =>
      portOf(Number(port)),
    ),
  );
  await running.listening([...listened]);
  return portOf;
}

function fetchText(port: number, path = '/', headers: Record<string, string> = {}): Promise<string> {
  return new Promise((done, fail) => {
    get({ host: '127.0.0.1', port, path, headers, agent: false }, (answer) => {
      let text = `${answer.statusCode} `;
      answer.setEncoding('latin1').on('data', (piece: string) => (text += piece));
      answer.on('end', () => done(text));
    }).on('error', fail);
  });
}

function post(port: number, path: string, body: string): Promise<string> {
  return new Promise((done, fail) => {
    const sent = request({ host: '127.0.0.1', port, path, method: 'POST', agent: false }, (answer) => {
      let text = '';
      answer.setEncoding('latin1').on('data', (piece: string) => (text += piece));
      answer.on('end', () => done(text));
    });
    sent.on('error', fail);
    sent.end(body);
  });
}

describe('Examples in Lua', () => {
  test('action', async () => {
    const port = (await start('action'))(8101);
    expect(await fetchText(port)).toBe('200 Hello, visitor\n');
    expect(await fetchText(port, '/', { 'user-agent': 'evil' })).toBe('403 No, visitor.\n');
  });

  test('fetch', async () => {
    const port = (await start('fetch'))(8102);
    expect(await fetchText(port, '/', { 'user-agent': 'curl/8' })).toBe('200 Hello, tool\n');
    expect(await fetchText(port, '/', { 'user-agent': 'Googlebot' })).toMatch(/^403 /);
  });

  test('converter', async () => {
    const port = (await start('converter'))(8103);
    expect(await fetchText(port)).toBe('200 127.0.x.x\n');
  });

  test('service-http', async () => {
    const port = (await start('service-http'))(8104);
    expect(await post(port, '/path', 'hello')).toBe('POST /path: 5 bytes\n');
  });

  test('service-tcp', async () => {
    const port = (await start('service-tcp'))(8105);
    const client = await RawClient.connect(port);
    client.socket.write('hello\nabc\n\n');
    await expect.poll(() => client.closed).toBe('end');
    expect(client.received).toBe('send me lines\nolleh\ncba\n');
  });

  test('task', async () => {
    const port = (await start('task'))(8106);
    await expect.poll(() => fetchText(port).then((text) => Number(text.slice(4)))).toBeGreaterThan(2);
  });

  test('cli', async () => {
    const port = (await start('cli'))(8107);
    const client = await RawClient.connect(port);
    client.socket.write('show sum 1 2 3\n');
    await expect.poll(() => client.received).toContain('the sum is 6\n');
    client.socket.destroy();
  });

  test('filter', async () => {
    const port = (await start('filter'))(8108);
    expect(await fetchText(port)).toBe('200 card **** **** **** 3456\n');
  });

  test('event', async () => {
    const port = (await start('event'))(8109);
    expect(await fetchText(port)).toBe('200 nothing yet\n');
    expect(await fetchText(port, '/down')).toBe('200 be/s1 SERVER_DOWN\n');
    expect(await fetchText(port, '/up')).toBe('200 be/s1 SERVER_UP\n');
  });

  test('http-client', async () => {
    const port = (await start('http-client'))(8110);
    expect(await fetchText(port, '/', { authorization: 'secret' })).toBe('200 Hello, alice\n');
    expect(await fetchText(port)).toBe('401 who are you?\n');
  });

  test('socket', async () => {
    const port = (await start('socket'))(8111);
    expect(await fetchText(port, '/x')).toBe('200 you said GET /x\n');
  });

  test('map', async () => {
    const port = (await start('map'))(8112);
    expect(await fetchText(port)).toBe('200 loopback\n');
  });

  test('queue', async () => {
    const port = (await start('queue'))(8113);
    await fetchText(port, '/one');
    await fetchText(port, '/two');
    await expect.poll(() => fetchText(port)).toBe('200 /ONE /TWO\n');
  });

  test('every example has its configuration, and is run here', () => {
    const names = readdirSync(EXAMPLES);
    const scripts = names.filter((name) => name.endsWith('.lua')).map((name) => name.slice(0, -4));
    expect(names.filter((name) => name.endsWith('.cfg')).map((name) => name.slice(0, -4))).toEqual(scripts);
    const tests = readFileSync(import.meta.filename, 'utf8');
    for (const name of scripts) expect(tests, name).toContain(`start('${name}')`);
  });
});
