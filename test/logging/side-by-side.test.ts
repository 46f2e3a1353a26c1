import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listenAnywhere } from '../support/free-port.ts';
import { RawClient } from '../support/raw-client.ts';
import { startProxy, type ProxyProgram } from '../support/proxy.ts';
import { mergeKeywords } from '../../core/plugin/registry.ts';
import { stockPlugins } from '../../core/plugin/stock.ts';

const { actions } = mergeKeywords(stockPlugins);
const withRules = test.runIf(actions.has('deny') && actions.has('set-log-level'));

let origin: Server;
let originPort: number;
beforeAll(async () => {
  origin = createServer((request, response) => {
    const status = Number(/\d{3}/.exec(request.url ?? '')?.[0] ?? 200);
    response.writeHead(status, { 'content-type': 'text/plain', 'content-length': 2, date: 'x' });
    response.end('ok');
  });
  originPort = await listenAnywhere(origin);
});
afterAll(() => origin.close());

// One thread: two would log in the order they like.
const DEFAULTS = `global
  nbthread 1
defaults
  mode http
  timeout client 5s
  timeout server 5s
  timeout connect 1s
  retries 0
`;
const GET = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: example\r\nConnection: close\r\n\r\n`;

/** How a connection without a request is logged: those that found out whether the program listens, too. */
const PROBE = / CR(?:--)? | 0 (?:--|CC) /;

/**
 * Starts the program on `configuration`, plays each exchange on a connection of its own, and answers what was logged to
 * stdout until `count` lines were there, without what differs from run to run.
 */
async function logged(
  program: ProxyProgram,
  configuration: (port: number) => string,
  exchanges: readonly string[],
  count: number,
): Promise<string[]> {
  const proxy = await startProxy(1, ([port]) => configuration(port!), program);
  try {
    for (const bytes of exchanges) {
      const client = await RawClient.connect(proxy.ports[0]!);
      if (bytes === '') client.destroy();
      else client.send(bytes);
      await client.when(() => client.closed !== 'open', 3000);
      client.destroy();
    }
    const lines = (): string[] =>
      proxy.process.stdout
        .split('\n')
        .slice(0, -1)
        .filter((line) => !PROBE.test(line));
    await proxy.process.when(() => lines().length >= count, 3000);
    return lines().map((line) => mask(line, proxy.ports[0]!));
  } finally {
    await proxy.stop();
  }
}

function mask(line: string, port: number): string {
  return (
    line
      .replaceAll(`:${port}`, ':FRONT')
      .replace(/\b127\.0\.0\.1:\d{4,5}\b/g, '127.0.0.1:PORT')
      .replace(/\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d( [+-]\d{4}|\.\d{3})/g, 'DATE')
      .replace(/[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d/g, 'DATE')
      .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}[+-]\d\d:\d\d/g, 'DATE')
      .replace(/(haproxy|own)\[\d+\]/g, '$1[PID]')
      // In the Common Log Format: the port, the milliseconds, the timers and the counts.
      .replace(/^(127.*) \d+ \d+ ("f" "b" "s")( \d+){5} ----( \d+){5} /, '$1 PORT MS $2 TIMERS ---- COUNTS ')
      .replace(/(^<\d+>1 DATE \S+ \S+) \d+/, '$1 PID')
      // The size of a response as HAProxy counts it, which is not what it sends.
      .replace(/ (\d{3}|-1) \+?\d+( \S+ \S+ )/, ' $1 BYTES$2')
      // Timers: how long, not whether.
      .replace(/ ((?:\+?\d+|-1)\/){2,4}(\+?\d+|-1) /g, (timers) => timers.replace(/(?<![-\d])\d+/g, 'T'))
  );
}

async function compare(
  configuration: (port: number) => string,
  exchanges: readonly string[],
  count: number,
): Promise<string[]> {
  const theirs = await logged('haproxy', configuration, exchanges, count);
  const ours = await logged('sluice', configuration, exchanges, count);
  expect(ours).toEqual(theirs);
  expect(theirs).toHaveLength(count);
  return ours;
}

const frontend = (port: number, lines: string): string =>
  `${DEFAULTS}frontend f\n  bind 127.0.0.1:${port}\n  log stdout format raw local0\n${lines}` +
  `  default_backend b\nbackend b\n  server s 127.0.0.1:${originPort}\n`;

const tcp = (port: number): string =>
  frontend(port, '  mode tcp\n').replace('\nbackend b\n', '\nbackend b\n  mode tcp\n');

describe('lines, beside HAProxy', () => {
  test('option httplog', async () => {
    const lines = await compare(
      (port) => frontend(port, '  option httplog\n'),
      [GET('/x'), GET('/404'), GET('/503')],
      3,
    );
    expect(lines[0]).toMatch(
      /^127\.0\.0\.1:PORT \[DATE\] f b\/s T\/T\/T\/T\/T 200 BYTES - - ---- .* "GET \/x HTTP\/1\.1"$/,
    );
  });

  withRules('option httplog of requests that are refused', async () => {
    await compare(
      (port) => frontend(port, '  option httplog\n  http-request deny if { path /deny }\n'),
      [GET('/deny')],
      1,
    );
  });

  test('option httpslog of a connection in clear', async () => {
    const lines = await compare((port) => frontend(port, '  option httpslog\n'), [GET('/x')], 1);
    expect(lines[0]).toMatch(/ "GET \/x HTTP\/1\.1" 0\/-\/-\/-\/0 -\/-\/-$/);
  });

  test('option httplog of what is no request', async () => {
    await compare((port) => frontend(port, '  option httplog\n'), ['nonsense\r\n\r\n'], 1);
  });

  test('option httplog clf', async () => {
    await compare((port) => frontend(port, '  option httplog clf\n'), [GET('/x')], 1);
  });

  test('option tcplog, and httplog where it does not fit', async () => {
    for (const option of ['tcplog', 'httplog']) {
      await compare(
        (port) =>
          frontend(port, `  mode tcp\n  option ${option}\n`).replace('\nbackend b\n', '\nbackend b\n  mode tcp\n'),
        [GET('/x')],
        1,
      );
    }
  });

  test('no format: a line for each request', async () => {
    const lines = await compare((port) => frontend(port, ''), [GET('/x'), GET('/y')], 2);
    expect(lines[0]).toBe('Connect from 127.0.0.1:PORT to 127.0.0.1:FRONT (f/HTTP)');
  });

  test('no format, in TCP mode: a line for each connection', async () => {
    // Those of the probes are among them, however many there were.
    const [theirs, ours] = [await logged('haproxy', tcp, [GET('/x')], 2), await logged('sluice', tcp, [GET('/x')], 2)];
    expect(new Set(ours)).toEqual(new Set(theirs));
    expect(ours).toContain('Connect from 127.0.0.1:PORT to 127.0.0.1:FRONT (f/TCP)');
  });

  test('log-format', async () => {
    await compare(
      (port) => frontend(port, '  log-format "%ST %HM %HP %b %s %ts {%[capture.req.uri]} %{+Q}r"\n'),
      [GET('/x?y=1')],
      1,
    );
  });

  test('a server that does not answer', async () => {
    const [refused] = [1];
    await compare(
      (port) => frontend(port, '  option httplog\n').replace(`127.0.0.1:${originPort}`, `127.0.0.1:${refused}`),
      [GET('/x')],
      1,
    );
  });
});

const levels = (lines: string) => (port: number) =>
  frontend(port, `  option httplog\n${lines}`).replace('format raw', 'format priority');

describe('levels and choice, beside HAProxy', () => {
  test('dontlognull', async () => {
    const lines = '  option dontlognull\n  log-format "%ST %ts %{+Q}r"\n';
    await compare((port) => frontend(port, lines), ['', GET('/x'), ''], 1);
  });

  test('log-separate-errors', async () => {
    await compare(
      levels('  option log-separate-errors\n'),
      [GET('/x'), GET('/404'), GET('/500'), 'nonsense\r\n\r\n'],
      4,
    );
  });

  test('dontlog-normal', async () => {
    await compare(levels('  option dontlog-normal\n'), [GET('/x'), GET('/500'), GET('/404'), 'nonsense\r\n\r\n'], 2);
  });

  withRules('a level that is asked for, a cap, and what is silent', async () => {
    const rules =
      '  http-request set-log-level emerg if { path /e }\n  http-request set-log-level silent if { path /s }\n';
    await compare(
      (port) => levels(rules)(port).replace('local0\n', 'local0\n  log stdout format short user crit alert\n'),
      [GET('/x'), GET('/s'), GET('/e')],
      3,
    );
  });

  test('samples', async () => {
    await compare(
      (port) =>
        frontend(port, '  option dontlognull\n  option httplog\n').replace('format raw', 'format raw sample 1,3:3'),
      ['/1', '/2', '/3', '/4', '/5'].map(GET),
      3,
    );
  });
});

describe('headers, beside HAProxy', () => {
  test.each(['local', 'rfc3164', 'rfc5424', 'priority', 'short', 'timed', 'iso', 'raw'])('%s', async (format) => {
    await compare(
      (port) => frontend(port, '  option httplog\n').replace('format raw', `format ${format}`),
      [GET('/x')],
      1,
    );
  });

  test('log-tag, log-send-hostname, structured data, length', async () => {
    const global =
      'global\n  log-send-hostname here\n  log-tag general\n  log stdout len 80 local3\n  log stdout format rfc5424 local3\n';
    const own =
      '  option httplog\n  option dontlognull\n  log-tag own\n  log global\n  log-format-sd "[a@1 status=\\"%ST\\"]"\n';
    await compare((port) => global + frontend(port, own), [GET('/x')], 3);
  });
});
