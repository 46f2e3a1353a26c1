import { describe, expect, test } from 'vitest';
import { RawClient } from '../support/raw-client.ts';
import { RawOrigin } from '../support/raw-origin.ts';
import { startProxy, type ProxyProgram } from '../support/proxy.ts';
import { title } from '../support/which.ts';
import { absent, PROGRAMS } from './lines.ts';

/** What the origin answers to `/<index>`, and what the log has for `%B`. */
const RESPONSES: readonly (readonly [response: string, size: number])[] = [
  ['HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok', 51],
  ['HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', 49],
  // The rules take Server out and put one in, but it is the response as it came that counts.
  ['HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Foo: bar\r\nServer:   abc  \r\n\r\nhello', 71],
  ['HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nabc', 59],
  ['HTTP/1.1 204 No Content\r\nX: y\r\n\r\n', 44],
  ['HTTP/1.1 304 Not Modified\r\nETag: "a"\r\n\r\n', 51],
  ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n', 62],
  ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=1\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n', 66],
  ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 59],
  ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-T: a  b \r\nY:c\r\n\r\n', 71],
  ['HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok', 49],
  ['HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok', 51],
  ['HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil close!', 46],
  ['HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok', 51],
  [`HTTP/1.1 200 OK\r\nContent-Length: 50000\r\n\r\n${'x'.repeat(50_000)}`, 50_053],
  ['HTTP/1.1 200 OK\r\nContent-Length: 3\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n\r\nabc', 78],
  ['HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok', 91],
  ['HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok', 99],
];

const REST = 'Host: h\r\nConnection: close\r\n\r\n';

/** Requests, and what the log has for `%B` and `%U`. */
const REQUESTS: readonly (readonly [request: string, out: number, into: number])[] = [
  [`HEAD /0 HTTP/1.1\r\n${REST}`, 49, 40],
  [`HEAD /6 HTTP/1.1\r\n${REST}`, 58, 40],
  [`GET /deny HTTP/1.1\r\n${REST}`, 192, 42],
  [`GET /redirect HTTP/1.1\r\n${REST}`, 83, 46],
  [`GET /return HTTP/1.1\r\n${REST}`, 88, 44],
  [`HEAD /return HTTP/1.1\r\n${REST}`, 83, 45],
  [`POST /0 HTTP/1.1\r\nContent-Length: 4\r\n${REST}data`, 51, 59],
  [`POST /0 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n${REST}4\r\ndata\r\n0\r\n\r\n`, 51, 69],
  [`GET http://h:80/0 HTTP/1.1\r\n${REST}`, 51, 47],
  [`GET /0 HTTP/1.1\r\nTe: x\r\nKeep-Alive: 1\r\nX-Y:  z \r\n${REST}`, 51, 57],
  [`GET /changed HTTP/1.1\r\n${REST}`, 51, 45],
  [`GET / HTTP/1.1\r\nno colon\r\n${REST}`, 0, 0],
];

const configuration = (port: number, origin: number): string => `global
  nbthread 1
defaults
  mode http
  option dontlognull
  option http-ignore-probes
  timeout client 5s
  timeout server 5s
  timeout connect 1s
frontend f
  bind 127.0.0.1:${port}
  log stdout format raw local0
  log-format "%B %U %HM"
  http-request deny if { path /deny }
  http-request redirect location /x if { path /redirect }
  http-request return status 200 content-type text/plain string hello if { path /return }
  http-request set-header x-more abc
  http-request set-path /0 if { path /changed }
  http-response set-header x-added abc
  http-response del-header server
  http-after-response set-header x-late abcdef if { capture.req.uri /return }
  default_backend b
backend b
  http-reuse never
  option httpclose
  server s 127.0.0.1:${origin}
`;

async function sizes(program: ProxyProgram, requests: readonly string[]): Promise<string[]> {
  const origin = await RawOrigin.start(async (conversation) => {
    await conversation.when(() => /\r\n\r\n/.test(conversation.received));
    const index = Number(/\/(\d+) HTTP/.exec(conversation.received)?.[1]);
    let [response] = RESPONSES[index]!;
    if (conversation.received.startsWith('HEAD')) response = response.slice(0, response.indexOf('\r\n\r\n') + 4);
    conversation.send(response);
    if (response.includes('until close')) conversation.end();
  });
  const proxy = await startProxy(1, ([port]) => configuration(port!, origin.port), program);
  const lines = (): string[] => proxy.process.stdout.split('\n').slice(0, -1);
  try {
    for (const [index, request] of requests.entries()) {
      const client = await RawClient.connect(proxy.ports[0]!);
      client.send(request);
      await client.sawClose();
      client.destroy();
      await proxy.process.when(() => lines().length > index);
    }
    return lines();
  } finally {
    await proxy.stop();
    await origin.stop();
  }
}

describe(title('sizes of messages in logs', absent), () => {
  for (const program of PROGRAMS) {
    test(`responses: ${program}`, async () => {
      const requests = RESPONSES.map((_, index) => `GET /${index} HTTP/1.1\r\n${REST}`);
      const seen = await sizes(program, requests);
      expect(seen.map((line) => Number(line.split(' ')[0]))).toEqual(RESPONSES.map(([, size]) => size));
    });
    test(`requests and answers of the proxy: ${program}`, async () => {
      const seen = await sizes(
        program,
        REQUESTS.map(([request]) => request),
      );
      expect(seen.map((line) => line.replace(/ \S+$/, ''))).toEqual(REQUESTS.map(([, out, into]) => `${out} ${into}`));
    });
  }
});
