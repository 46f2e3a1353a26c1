import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listenAnywhere } from '../support/free-port.ts';
import { RawClient } from '../support/raw-client.ts';
import { startProxy } from '../support/proxy.ts';

let origin: Server;
let originPort: number;
beforeAll(async () => {
  origin = createServer((_request, response) => response.end('ok'));
  originPort = await listenAnywhere(origin);
});
afterAll(() => origin.close());

/**
 * The lines of a frontend on stdout about one connection that sends `bytes`, once there are `count`. Every format says `@` in front, which is the client's
 * port and taken out again: others have found out whether the program listens.
 */
async function lines(count: number, frontend: string, bytes: string, sections = '', mode = 'http'): Promise<string[]> {
  const proxy = await startProxy(1, ([port]) =>
    `${sections}
defaults
  mode ${mode}
  timeout client 2s
  timeout server 2s
  timeout connect 1s
frontend f
  bind 127.0.0.1:${port}
${frontend}
  default_backend b
backend b
  server s 127.0.0.1:${originPort}
`.replaceAll('@', '%cp '),
  );
  try {
    const client = await RawClient.connect(proxy.ports[0]!);
    const mark = `${client.socket.localPort} `;
    const mine = (): string[] =>
      proxy.process.stdout
        .split('\n')
        .slice(0, -1)
        .filter((line) => line.includes(mark))
        .map((line) => line.replace(mark, ''));
    client.send(bytes);
    await client.sawClose(3000);
    client.destroy();
    await proxy.process.when(() => mine().length >= count, 2000);
    return mine();
  } finally {
    await proxy.stop();
  }
}

const GET = 'GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
const PROFILE = `log-profile p
  log-tag special
  on accept format "@at accept %[src]"
  on close format "@closed %ST %OG"
  on connect drop
  on any format "@any %OG %HM"
`;

describe('log-steps', () => {
  test('a line at each step, of where it comes from and what is known by then', async () => {
    const format = '  log stdout format raw daemon\n  log-format "@%OG %HM %s %ST %B"\n  log-steps all';
    expect(await lines(5, format, GET)).toEqual([
      'txn_accept <BADREQ> <NOSRV> -1 0',
      'txn_request GET <NOSRV> -1 0',
      'txn_connect GET s -1 0',
      expect.stringMatching(/^txn_response GET s 200 \d+$/),
      expect.stringMatching(/^txn_close GET s 200 \d+$/),
    ]);
  });

  test('some of them, in TCP mode', async () => {
    const format = '  log stdout format raw daemon\n  log-format "@%OG %s %B"\n  log-steps connect,close';
    const seen = await lines(2, format, GET, '', 'tcp');
    expect(seen.map((line) => line.replace(/ \d+/, ''))).toEqual(['txn_connect s', 'txn_close s']);
  });

  test('what could not be read is logged though the end is not asked for', async () => {
    const format = '  log stdout format raw daemon\n  log-format "@%OG %r"\n  log-steps request';
    expect(await lines(1, format, 'nonsense\r\n\r\n')).toEqual(['sess_error <BADREQ>']);
  });
});

describe('log-profile', () => {
  test('formats, drops and tags by step; without an entry for a step that of any', async () => {
    const format =
      '  log stdout profile p daemon\n  log-format "@%OG %s"\n  log-steps accept,request,connect,close\n  log-tag own';
    const seen = await lines(3, format, GET, PROFILE);
    expect(seen.map((line) => line.replace(/^<30>.{15} (special)\[\d+\]: /, '$1 '))).toEqual([
      'special at accept 127.0.0.1',
      'special any txn_request GET',
      'special closed 200 txn_close',
    ]);
  });

  test('each target has its own', async () => {
    const format =
      '  log stdout format raw profile p daemon\n  log stdout format short daemon\n  log-format "@plain %ST"';
    expect(await lines(2, format, GET, PROFILE)).toEqual(['closed 200 txn_close', '<6>plain 200']);
  });

  test('structured data, and what goes wrong', async () => {
    const profile = 'log-profile p\n  on error format "@bad %ci" sd "[x 1 y=\\"z\\"]"\n  on any sd any-sd\n';
    const format =
      '  log stdout format rfc5424 profile p daemon\n  log-format "@fine %ST"\n  log-format-sd "[own 1]"\n  log-tag own';
    const bare = (all: string[]): string[] => all.map((line) => line.replace(/^<30>1 \S+ - own \d+ - /, ''));
    expect(bare(await lines(1, format, GET, profile))).toEqual(['any-sd fine 200']);
    expect(bare(await lines(1, `${format}\n  error-log-format unused`, 'nonsense\r\n\r\n', profile))).toEqual([
      '[x 1 y="z"] bad 127.0.0.1',
    ]);
  });
});

describe('do-log', () => {
  test('in every rule set, with its step for %OG and for profiles, beside the line at the end', async () => {
    const rules = `
  log stdout format raw daemon
  log-format "@%OG %lc"
  tcp-request connection do-log
  tcp-request session do-log
  tcp-request content do-log if METH_GET
  http-request do-log profile p
  http-request do-log profile p if METH_POST
  http-response do-log
  http-after-response do-log`;
    const profile = 'log-profile p\n  on http-req format "@by profile %OG %HM"\n';
    expect(await lines(7, rules, GET, profile)).toEqual([
      expect.stringMatching(/^tcp-req-conn \d+$/),
      expect.stringMatching(/^tcp-req-sess \d+$/),
      expect.stringMatching(/^tcp-req-cont \d+$/),
      'by profile http-req GET',
      expect.stringMatching(/^http-res \d+$/),
      expect.stringMatching(/^http-after-res \d+$/),
      expect.stringMatching(/^txn_close \d+$/),
    ]);
  });

  test('obeys set-log-level', async () => {
    const rules = `
  log stdout format short daemon
  log-format "@%OG"
  http-request set-log-level alert
  http-request do-log
  http-request set-log-level silent
  http-request do-log
  http-response set-log-level info`;
    expect(await lines(2, rules, GET)).toEqual(['<1>http-req', '<6>txn_close']);
  });
});
