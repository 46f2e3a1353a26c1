import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { createAgent, FRAME, Ip, silentLogger, SpopWriter, TestClient, writeHaproxyHello } from 'sluice/agent';
import { describe, expect, it, onTestFinished } from 'vitest';
import { freePorts } from '../support/free-port.ts';
import { RunningProcess } from '../support/process.ts';
import { commandLine } from '../support/proxy.ts';
import { missing, title } from '../support/which.ts';
import { file, folder } from './support.ts';

function sluice(args: readonly string[]): RunningProcess {
  const [command, ...rest] = commandLine('sluice');
  const running = new RunningProcess(command!, [...rest, ...args]);
  onTestFinished(() => running.stop());
  return running;
}

describe('sluice agent', () => {
  it('runs an agent at several places until it is told to stop', async () => {
    const [port] = await freePorts(1);
    const path = `${folder()}/agent.sock`;
    const list = file('list.txt', '192.0.2.1\n');
    const running = sluice([
      'agent',
      'ip-reputation',
      '--list',
      list,
      '--listen',
      `127.0.0.1:${port}`,
      '--listen',
      path,
    ]);
    await running.listening([port!]);
    await running.when(() => running.stderr.includes(path));
    for (const place of [{ port: port! }, { path }]) {
      const client = await TestClient.connect(place);
      const { vars } = await client.notify('check-client-ip', { ip: Ip.parse('192.0.2.1') });
      expect(vars).toMatchObject({ 'sess.ip_score': 0 });
      running.child.kill(place.port ? 'SIGHUP' : 'SIGTERM');
      if (!place.port) expect((await client.disconnected()).status).toBe(0);
      else await running.when(() => running.stderr.includes('read again'));
      client.destroy();
    }
    expect(await running.ended()).toBe(0);
    const lines = running.stderr.trim().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { message: string }).message)).toEqual([
      'agent ip-reputation listens',
      'agent ip-reputation listens',
      'read again',
    ]);
  });

  it.each([
    [['agent'], 2, 'NAME being auth, geoip, ip-reputation, mirror, rate-limit'],
    [['agent', 'toString'], 2, "There is no agent 'toString'."],
    [['agent', 'mirror'], 2, '--listen is needed'],
    [['agent', 'mirror', '--listen', '0'], 2, '--to is needed'],
    [['agent', 'mirror', '--too', 'x'], 2, "Unknown option '--too'"],
    [['agent', 'mirror', '--listen', '70000', '--to', 'http://x'], 2, '--listen expects [host:]port'],
    [
      ['agent', 'mirror', '--listen', '0', '--to', 'http://x', '--tls-cert', 'x'],
      2,
      '--tls-cert and --tls-key belong together',
    ],
    [['agent', 'mirror', '--listen', '192.0.2.1:0', '--to', 'http://x'], 1, 'EADDRNOTAVAIL'],
    [['agent', 'geoip', '--listen', '0', '--database', '/none'], 1, 'ENOENT'],
    [['agent', 'mirror', '--help'], 0, ''],
    [['spop-dump', '--listen', '1'], 2, '--listen and --connect stand together'],
    [['spop-dump', '/none'], 1, 'ENOENT'],
  ])('%j ends with %i: %s', async (args, code, text) => {
    const running = sluice(args);
    expect(await running.ended()).toBe(code);
    expect(running.stderr).toContain(text);
  });

  const absent = missing('openssl');
  it.skipIf(absent.length > 0)(title('listens with TLS, and asks the proxy for its certificate', absent), async () => {
    const [port] = await freePorts(1);
    const at = folder();
    const made = new RunningProcess('openssl', [
      ...'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=agent -days 2'.split(' '),
      ...`-keyout ${at}/key.pem -out ${at}/cert.pem`.split(' '),
    ]);
    expect(await made.ended()).toBe(0);
    const tlsWords = ['--tls-cert', `${at}/cert.pem`, '--tls-key', `${at}/key.pem`, '--tls-ca', `${at}/cert.pem`];
    const running = sluice([
      'agent',
      'mirror',
      '--to',
      'http://127.9.9.9:9',
      '--listen',
      `127.0.0.1:${port}`,
      ...tlsWords,
    ]);
    await running.listening([port!]);
    const [cert, key] = [readFileSync(`${at}/cert.pem`), readFileSync(`${at}/key.pem`)];
    const tls = { ca: cert, cert, key, checkServerIdentity: () => undefined };
    const client = await TestClient.connect({ port: port!, tls });
    expect((await client.notify('mirror', {})).actions).toEqual([]);
    client.destroy();
    await expect(
      TestClient.connect({ port: port!, tls: { ca: cert, checkServerIdentity: () => undefined } }),
    ).rejects.toThrow();
  });
});

describe('sluice spop-dump', () => {
  const frames = (): Buffer => {
    const writer = new SpopWriter();
    writeHaproxyHello(writer, { maxFrameSize: 16_380, capabilities: ['pipelining'], engineId: 'e' });
    writer.beginFrame(FRAME.NOTIFY, 0, 1);
    writer.beginMessage('check', 5);
    for (const value of [Ip.parse('2001:db8::1'), 'a"\n', Buffer.from([0, 255]), null, -(2n ** 60n)]) {
      writer.argument(value === null ? '' : 'x');
      writer.value(value);
    }
    writer.endFrame();
    writer.beginFrame(FRAME.ACK, 0, 1);
    writer.setVar('sess', 'score');
    writer.value(20);
    writer.unsetVar('txn', 'old');
    writer.endFrame();
    writer.beginFrame(FRAME.UNSET, 3, 1, 0);
    writer.raw(Buffer.from('more'));
    writer.endFrame();
    writer.beginFrame(77, 3, 1, 0x8000_0003);
    writer.endFrame();
    writer.beginFrame(FRAME.ACK, 5, 1);
    writer.raw(Buffer.from([9, 1]));
    writer.endFrame();
    return Buffer.from(writer.bytes());
  };
  const TEXT = `HAPROXY-HELLO stream=0 frame=0 88 bytes
  supported-versions = string "2.0"
  max-frame-size = uint32 16380
  capabilities = string "pipelining"
  engine-id = string "e"
NOTIFY stream=0 frame=1 61 bytes
  message check
    x = ipv6 2001:db8::1
    x = string "a\\"\\n"
    x = binary 00ff
    (unnamed) = null
    x = int64 -1152921504606846976
ACK stream=0 frame=1 25 bytes
  set-var sess.score = int64 20
  unset-var txn.old
UNSET stream=3 frame=1 flags=none 11 bytes
  payload 6d6f7265
frame type 77 stream=3 frame=1 flags=FIN+ABORT+0x80000000 7 bytes
  payload 
invalid frame (there is no action 9 with 1 arguments), type 103 stream=5 frame=1, 9 bytes
  670000000105010901
`;

  it('prints what a file holds, as it is or as digits', async () => {
    const hex = frames()
      .toString('hex')
      .replaceAll(/(.{60})/g, '$1\n');
    for (const bytes of [frames(), hex]) {
      const running = sluice(['spop-dump', file('capture', bytes)]);
      expect(await running.ended()).toBe(0);
      expect(running.stdout).toBe(TEXT);
      expect(running.stderr).toBe('');
    }
  });

  it('says where it stops understanding', async () => {
    const cut = sluice(['spop-dump', file('capture', frames().subarray(0, 100))]);
    expect(await cut.ended()).toBe(1);
    expect([cut.stdout.split('\n')[0], cut.stderr]).toEqual([TEXT.split('\n')[0], 'the last frame is not complete\n']);
    const other = sluice(['spop-dump', file('capture', 'GET / HTTP/1.1')]);
    expect(await other.ended()).toBe(1);
    expect(other.stderr).toContain('not SPOP: a frame of 1195725856 bytes');
  });

  it('stands between a proxy and an agent', async () => {
    const agent = createAgent({ name: 'a', logger: silentLogger }).on('m', (args, ctx) =>
      ctx.setVar('txn', 'n', args.number('n')),
    );
    onTestFinished(() => agent.close({ drainMs: 50 }));
    const address = await agent.listen({ port: 0, host: '127.0.0.1' });
    const [port] = await freePorts(1);
    const running = sluice([
      'spop-dump',
      '--listen',
      `127.0.0.1:${port}`,
      '--connect',
      `127.0.0.1:${'port' in address && address.port}`,
    ]);
    await running.when(() => running.stderr.includes('spop-dump listens on'));
    const client = await TestClient.connect({ port: port! });
    expect((await client.notify('m', { n: 5 })).vars).toEqual({ 'txn.n': 5 });
    await client.disconnect();
    const stray = connect({ port: port!, host: '127.0.0.1' });
    stray.write('GET / HTTP/1.0\r\n\r\n');
    await running.when(() => running.stdout.includes('#2 agent closed'));
    stray.destroy();
    const lines = running.stdout.replaceAll(/^\d+\.\d{3} /gm, '').split('\n');
    expect(lines.filter((line) => line.startsWith('#1')).map((line) => line.replace(/ \d+ bytes$/, ''))).toEqual([
      '#1 opened',
      '#1 proxy HAPROXY-HELLO stream=0 frame=0',
      '#1 agent AGENT-HELLO stream=0 frame=0',
      '#1 proxy NOTIFY stream=1 frame=1',
      '#1 agent ACK stream=1 frame=1',
      '#1 proxy HAPROXY-DISCONNECT stream=0 frame=0',
      '#1 agent AGENT-DISCONNECT stream=0 frame=0',
      '#1 agent closed',
      '#1 proxy closed',
    ]);
    expect(lines).toContain(
      '#2 proxy sends what is not SPOP: a frame of 1195725856 bytes, where at most 16777216 are allowed',
    );
    expect(lines).toContain('    n = int64 5');
    running.child.kill('SIGINT');
    expect(await running.ended()).toBe(0);
  });
});
