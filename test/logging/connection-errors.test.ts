import { describe, expect, test } from 'vitest';
import { RawClient } from '../support/raw-client.ts';
import { startProxy, type ProxyProgram } from '../support/proxy.ts';
import { missing, title } from '../support/which.ts';

const V2 = '\r\n\r\n\0\r\nQUIT\n';
const MAGIC = 0x3c_af_2c_4f;
const PROXY_HEADERS = [
  'GARBAGE',
  'GARBAGE GARBAGE GARBAGE\r\n',
  `PROXY ${'x'.repeat(120)}`,
  'PROXY TCP4 1.2.3.4 1.2.3.4 1 2 3\r\n',
  'PROXY TCP5 1.2.3.4 1.2.3.4 1 2\r\n',
  'PROXY TCP4 1.2.3.4 1.2.3.4 1',
  'PROXY UNKNOWN\n',
  V2,
  `${V2}\x31\x11\0\x0c`,
  `${V2}\x21\x11\0\x0c1234`,
  `${V2}\x21\x51\0\x0c123412341212`,
  `${V2}\x21\x11\0\x02ab`,
];
const NETSCALER_HEADERS = ['x', '12345678', 'GARBAGEGARBAGE', '<', '<\xaf,O', '<\xaf,O\0\0\0('];

const configuration = (ports: readonly number[], lines: string): string => `global
  nbthread 1
defaults
  mode http
  timeout client 150ms
  timeout server 1s
  timeout connect 1s
  log stdout format priority local0
  option httplog
  ${lines}
frontend proxied
  bind 127.0.0.1:${ports[0]} name door accept-proxy
frontend citrix
  bind 127.0.0.1:${ports[1]} accept-netscaler-cip ${MAGIC}
`;

const play = async (port: number, bytes: string, leave: boolean): Promise<void> => {
  const client = await RawClient.connect(port);
  client.send(bytes);
  if (leave) client.end();
  await client.sawClose(1000);
  client.destroy();
};

/** What is logged about each of these, one after the other, without what differs from run to run. */
async function logged(program: ProxyProgram, lines: string): Promise<string[]> {
  const proxy = await startProxy(2, (ports) => configuration(ports, lines), program);
  try {
    const { process } = proxy;
    await process.when(() => process.stdout.split('\n').length > 2, 500);
    const begin = process.stdout.length;
    for (const header of PROXY_HEADERS) await play(proxy.ports[0]!, header, true);
    for (const header of NETSCALER_HEADERS) await play(proxy.ports[1]!, header, true);
    for (const port of proxy.ports) {
      await play(port, '', true);
      await play(port, '', false);
      // The end, by which the last line is known.
      await play(port, 'GARBAGE GARBAGE GARBAGE\r\n', true);
    }
    const mine = (): string => process.stdout.slice(begin);
    await process.when(() => mine().split('magic number').length >= 3, 2000);
    return mine()
      .split('\n')
      .slice(0, -1)
      .map((line) => line.replace(/127\.0\.0\.1:\d+ \[[^\]]+\]/, 'CLIENT [DATE]'));
  } finally {
    await proxy.stop();
  }
}

const absent = missing('haproxy');

describe.skipIf(absent.length > 0)(title('connections that fail before they can be used', absent), () => {
  test.each([
    ['by themselves', ''],
    ['with dontlognull', 'option dontlognull'],
    ['with log-separate-errors', 'option log-separate-errors'],
    [
      'with error-log-format',
      'error-log-format "%ci %ft %fc %b/%s %ts %ST %[fc_err] %[fc_err_str] %[bc_src] %B %U %TR/%Tw/%Tc/%Tr %ac %hr %r"',
    ],
  ])('%s', async (_name, lines) => {
    const [theirs, ours] = [await logged('haproxy', lines), await logged('sluice', lines)];
    expect(ours).toEqual(theirs);
    expect(theirs.length).toBeGreaterThan(PROXY_HEADERS.length + NETSCALER_HEADERS.length);
  });
});
