import { createServer as createHttp2, type Http2Server, type ServerHttp2Stream } from 'node:http2';
import { afterEach, describe, expect, test } from 'vitest';
import { listenAnywhere } from '../../support/free-port.ts';
import { startProxy } from '../../support/proxy.ts';
import { RawOrigin } from '../../support/raw-origin.ts';
import { until } from '../../support/wait.ts';

/** A message of gRPC: not compressed, its length, its bytes. */
const framed = (bytes: string): Buffer => Buffer.from(`\0\0\0\0${String.fromCharCode(bytes.length)}${bytes}`, 'latin1');
/** HealthCheckResponse: field 1, a varint. */
const status = (value: number): Buffer => framed(`\x08${String.fromCharCode(value)}`);
const TRAILERS = { ':status': 200, 'content-type': 'application/grpc' };

interface Seen {
  readonly path: string;
  readonly body: string;
  readonly te: string;
}

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

/** A server that hands each call to `answer` when it is complete. */
async function grpcServer(answer: (stream: ServerHttp2Stream) => void, seen: Seen[] = []): Promise<number> {
  const server: Http2Server = createHttp2();
  server.on('stream', (stream, headers) => {
    const chunks: Buffer[] = [];
    stream.on('error', () => undefined);
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => {
      seen.push({
        path: String(headers[':path']),
        te: String(headers.te),
        body: Buffer.concat(chunks).toString('latin1'),
      });
      answer(stream);
    });
  });
  const port = await listenAnywhere(server);
  closers.push(() => new Promise((resolve) => server.close(resolve)));
  return port;
}

/** Answers with a message and a code behind it. */
const saying =
  (message: Buffer | undefined, code: string, text?: string) =>
  (stream: ServerHttp2Stream): void => {
    const trailers = { 'grpc-status': code, ...(text === undefined ? {} : { 'grpc-message': text }) };
    if (message === undefined) {
      stream.respond({ ...TRAILERS, ...trailers }, { endStream: true });
      return;
    }
    stream.respond(TRAILERS, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers(trailers));
    stream.end(message);
  };

/** What the check of that server found, as the log says it. */
async function check(address: string, service = '', server = ''): Promise<string> {
  const proxy = await startProxy(
    1,
    ([port]) => `global
  log stdout format raw local0
defaults
  log global
  option log-health-checks
  timeout connect 1s
  timeout check 1s
  timeout client 1s
  timeout server 1s
listen web
  bind 127.0.0.1:${port}
  option grpc-check ${service}
  server s ${address} check inter 60s ${server}
`,
  );
  closers.push(() => proxy.stop());
  const line = (): string | undefined => /reason: (.*), check duration/.exec(proxy.process.stdout)?.[1];
  await until('the check to end', () => line() !== undefined);
  return line()!;
}

describe('grpc-check', () => {
  test('asks for the server, or for a service', async () => {
    const seen: Seen[] = [];
    const port = await grpcServer(saying(status(1), '0'), seen);
    expect(await check(`127.0.0.1:${port}`)).toBe('Layer7 check passed, code: 1, info: "SERVING"');
    expect(await check(`127.0.0.1:${port}`, 'my.Service')).toBe('Layer7 check passed, code: 1, info: "SERVING"');
    expect(seen).toEqual([
      { path: '/grpc.health.v1.Health/Check', te: 'trailers', body: '\0\0\0\0\0' },
      { path: '/grpc.health.v1.Health/Check', te: 'trailers', body: '\0\0\0\0\x0c\x0a\x0amy.Service' },
    ]);
  });

  test.each<[string, (stream: ServerHttp2Stream) => void, string]>([
    ['not serving', saying(status(2), '0'), 'Layer7 wrong status, code: 2, info: "NOT_SERVING"'],
    ['no status', saying(framed(''), '0'), 'Layer7 wrong status, code: 0, info: "UNKNOWN"'],
    ['an unknown service', saying(undefined, '5', 'no%20such'), 'Layer7 wrong status, code: 5, info: "no such"'],
    ['no health service', saying(undefined, '12'), 'Layer7 wrong status, code: 12, info: "UNIMPLEMENTED"'],
    ['no message', saying(Buffer.from('xx'), '0'), 'Layer7 invalid response, info: "not a HealthCheckResponse"'],
    [
      'no gRPC',
      (stream) => {
        stream.respond({ ':status': 200 });
        stream.end('hello');
      },
      'Layer7 invalid response, info: "no grpc-status: not a gRPC server"',
    ],
    [
      'an error of HTTP',
      (stream) => stream.respond({ ':status': 503 }, { endStream: true }),
      'Layer7 wrong status, code: 503, info: "HTTP status 503"',
    ],
    ['no answer', () => undefined, 'Layer7 timeout'],
  ])('%s', async (_, answer, found) => {
    expect(await check(`127.0.0.1:${await grpcServer(answer)}`)).toBe(found);
  });

  test('a refused connection', async () => {
    expect(await check('127.9.9.9:9')).toBe('Layer4 connection problem, info: "Connection refused"');
  });

  test('a server of HTTP/1, one that hangs up, one that resets', async () => {
    for (const [play, found] of [
      ['HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n', /^Layer7 invalid response/],
      ['', /^Layer7 invalid response/],
    ] as const) {
      const origin = await RawOrigin.start(async (conversation) => {
        await conversation.when(() => conversation.received !== '');
        conversation.send(play);
        conversation.end();
      });
      closers.push(() => origin.stop());
      expect(await check(`127.0.0.1:${origin.port}`)).toMatch(found);
    }
    const origin = await RawOrigin.start(async (conversation) => {
      await conversation.when(() => conversation.received !== '');
      conversation.reset();
    });
    closers.push(() => origin.stop());
    expect(await check(`127.0.0.1:${origin.port}`)).toMatch(/^Socket error, info: "Connection reset by peer"/);
  });

  test('a PROXY header comes before the preface', async () => {
    const origin = await RawOrigin.start(() => undefined);
    closers.push(() => origin.stop());
    expect(await check(`127.0.0.1:${origin.port}`, '', 'check-send-proxy')).toBe('Layer7 timeout');
    // The program's start was awaited with a connection, which came here as well.
    const received = (): string => origin.conversations.map((one) => one.received).join('');
    await until('the preface', () => received().includes('PRI'));
    expect(received()).toMatch(/^PROXY TCP4 127\.0\.0\.1 127\.0\.0\.1 \d+ \d+\r\nPRI \* HTTP\/2\.0\r\n/);
  });
});
