import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadLibc } from '../../core/net/libc.ts';
import { createProxy, type Diagnostic, type ProxyHandle } from '../../core/index.ts';
import { RawClient } from '../support/raw-client.ts';
import { type Conversation, RawOrigin } from '../support/raw-origin.ts';
import { missing, title } from '../support/which.ts';

// What the system says of a socket is asked of ss(8), which nobody here has written.
const absent = missing('ss');
const { libc, reason } = loadLibc();

interface Site {
  readonly handle: ProxyHandle;
  readonly port: number;
  readonly origin: RawOrigin;
  readonly diagnostics: readonly Diagnostic[];
  stop(): Promise<void>;
}

async function site(bind: string, server: string, more = '', global = '', address = '127.0.0.1'): Promise<Site> {
  const origin = await RawOrigin.start((conversation: Conversation) => conversation.send('hello'));
  const diagnostics: Diagnostic[] = [];
  const text = `global
  ${global}
defaults
  mode tcp
  timeout client 20s
  timeout server 20s
  timeout connect 5s
listen l
  bind ${address}:0 ${bind}
  ${more}
  server s 127.0.0.1:${origin.port} ${server}
`;
  const handle = await createProxy({
    config: { name: 'test.cfg', text },
    on: { diagnostics: (list) => diagnostics.push(...list) },
    portZero: true,
  });
  await handle.start();
  const port = handle.addresses[0]!.port!;
  const stop = async (): Promise<void> => {
    await handle.stop();
    await origin.stop();
  };
  return { handle, port, origin, diagnostics, stop };
}

const ss = (...args: string[]): string => execFileSync('ss', ['-tnOH', ...args], { encoding: 'latin1' });
const warnings = (diagnostics: readonly Diagnostic[]): string[] =>
  diagnostics.filter(({ severity }) => severity === 'warning').map(({ message }) => message);

const suite = libc === undefined ? `socket options (skipped: ${reason})` : title('socket options', absent);
describe.skipIf(absent.length > 0 || libc === undefined)(suite, () => {
  const open: Site[] = [];
  const opened = async (...args: Parameters<typeof site>): Promise<Site> => {
    const one = await site(...args);
    open.push(one);
    return one;
  };
  let plain: Site;
  beforeAll(async () => {
    plain = await opened('', '');
  });
  afterAll(async () => {
    for (const one of open) await one.stop();
  });

  test('mss', async () => {
    const one = await opened('mss 700', '');
    const client = await RawClient.connect(one.port);
    expect(await client.sees('hello')).toBe(true);
    // The client may send no larger segment than it was told.
    const mss = /\bmss:(\d+)/.exec(ss('-i', `dport = :${one.port}`))?.[1];
    expect(Number(mss)).toBeLessThanOrEqual(700);
    client.destroy();
    expect(warnings(one.diagnostics)).toEqual([]);
  });

  test('an mss that the system refuses is a warning', async () => {
    const one = await opened('mss 40', '');
    expect(warnings(one.diagnostics)).toEqual([expect.stringMatching(/^cannot set MSS to 40 \(EINVAL\) for \[127/)]);
    expect(one.diagnostics.find(({ severity }) => severity === 'warning')).toMatchObject({ line: 9, proxy: 'l' });
  });

  test('defer-accept: a connection without bytes is not seen', async () => {
    const one = await opened('defer-accept', '');
    const client = await RawClient.connect(one.port);
    const other = await RawClient.connect(plain.port);
    expect(await other.sees('hello')).toBe(true);
    expect(one.handle.stats().connections).toBe(0);
    client.send('x');
    expect(await client.sees('hello')).toBe(true);
    client.destroy();
    other.destroy();
  });

  test('tune.rcvbuf and tune.sndbuf, of clients and servers', async () => {
    const sizes =
      'tune.rcvbuf.client 20000\n  tune.sndbuf.client 22000\n  tune.rcvbuf.server 24000\n  tune.sndbuf.server 26000';
    const one = await opened('', '', '', sizes);
    const client = await RawClient.connect(one.port);
    expect(await client.sees('hello')).toBe(true);
    const memory = (filter: string): string[] => {
      const [, receive, send] = /skmem:\(r\d+,rb(\d+),t\d+,tb(\d+)/.exec(ss('-m', 'state', 'established', filter))!;
      return [receive!, send!];
    };
    // The system doubles them, for its own needs.
    expect(memory(`sport = :${one.port}`)).toEqual(['40000', '44000']);
    expect(memory(`dport = :${one.origin.port}`)).toEqual(['48000', '52000']);
    client.destroy();
  });

  test('interface: an address is listened on where it was asked for', async () => {
    const one = await opened('interface lo', '');
    expect(ss('-l', `sport = :${one.port}`)).toContain(`127.0.0.1%lo:${one.port}`);
    const client = await RawClient.connect(one.port);
    expect(await client.sees('hello')).toBe(true);
    client.destroy();
  });

  test('interface: one that is not there is a warning, as with HAProxy', async () => {
    const one = await opened('interface nosuch0', '');
    expect(warnings(one.diagnostics)).toEqual([
      expect.stringMatching(/^cannot bind receiver to device 'nosuch0' \(ENODEV\)/),
    ]);
  });

  test('source … interface, tcp-ut and a source address of a server', async () => {
    const one = await opened('tcp-ut 7s', 'tcp-ut 7s source 127.0.0.5 interface lo');
    const client = await RawClient.connect(one.port);
    expect(await client.sees('hello')).toBe(true);
    expect(one.origin.conversations.at(-1)!.socket.remoteAddress).toBe('127.0.0.5');
    expect(ss(`dport = :${one.origin.port}`)).toContain('127.0.0.5%lo:');
    client.destroy();
    expect(warnings(one.diagnostics)).toEqual([]);
  });

  test('source … interface: one that is not there is a warning, and connections fail or go anywhere', async () => {
    const one = await opened('', 'source 127.0.0.5 interface nosuch0');
    expect(warnings(one.diagnostics)).toEqual(["'server s' : cannot bind to the interface 'nosuch0' (ENODEV)"]);
  });

  test.skipIf(process.getuid?.() !== 0)('transparent: an address that is not the machine’s', async () => {
    const one = await opened('transparent', '', '', '', '198.51.100.7');
    expect(one.handle.addresses[0]!.text).toBe(`198.51.100.7:${one.port}`);
    expect(warnings(one.diagnostics)).toEqual([]);
  });

  test('tfo: the queue of early connections', async () => {
    const one = await opened('tfo', 'tfo');
    const client = await RawClient.connect(one.port);
    expect(await client.sees('hello')).toBe(true);
    client.destroy();
    expect(warnings(one.diagnostics)).toEqual([]);
  });
});
