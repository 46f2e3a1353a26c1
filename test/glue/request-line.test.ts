import { describe, expect, test } from 'vitest';
import { title } from '../support/which.ts';
import { absent, play, PROGRAMS } from './lines.ts';

const FORMAT =
  '%ST <%r> <%{+Q}HQ> HM=%HM HU=%HU HP=%HP HPO=%HPO HQ=%HQ HV=%HV m=%[capture.req.method] u=%[capture.req.uri] v=%[capture.req.ver]';

const configuration = (port: number, origin: number): string => `frontend f
  bind 127.0.0.1:${port}
  log stdout format raw local0
  log-format "${FORMAT}"
  http-request set-method PUT if { path /a }
  http-request set-uri /new?x=1 if { path /a }
  http-request set-path /np if { path /b }
  http-request set-query q=2 if { path /b }
  http-request replace-path (.*) /pre\\1 if { path /c }
  http-request deny if { path /d }
  default_backend b
backend b
  http-request set-uri /back if { path /e }
  server s 127.0.0.1:${origin}
`;

const REST = 'Host: h\r\nConnection: close\r\n\r\n';
const BAD =
  '<<BADREQ>> <"<BADREQ>"> HM=<BADREQ> HU=<BADREQ> HP=<BADREQ> HPO=<BADREQ> HQ=<BADREQ> HV=<BADREQ> m=- u=- v=-';

/** What a line says of a request that was read. */
const line = (
  method: string,
  uri: string,
  parts: { hp: string; hpo: string; hq: string; captured: string },
  version = '1.1',
): string =>
  `<${method} ${uri} HTTP/${version}> <"${parts.hq}"> HM=${method} HU=${uri} HP=${parts.hp} HPO=${parts.hpo} HQ=${parts.hq} ` +
  `HV=HTTP/${version} m=${method} u=${parts.captured} v=HTTP/${version}`;

const plain = (path: string): Parameters<typeof line>[2] => ({ hp: path, hpo: path, hq: '', captured: path });

const CASES: readonly (readonly [request: string, line: string])[] = [
  [
    `GET /a?b=c HTTP/1.1\r\n${REST}`,
    `200 ${line('GET', '/a?b=c', { hp: '/a', hpo: '/a', hq: '?b=c', captured: '/a?b=c' })}`,
  ],
  [
    `GET /b?b=c HTTP/1.1\r\n${REST}`,
    `200 ${line('GET', '/b?b=c', { hp: '/b', hpo: '/b', hq: '?b=c', captured: '/b?b=c' })}`,
  ],
  [`GET /c HTTP/1.1\r\n${REST}`, `200 ${line('GET', '/c', plain('/c'))}`],
  [`GET /d HTTP/1.1\r\n${REST}`, `403 ${line('GET', '/d', plain('/d'))}`],
  [`POST /e HTTP/1.0\r\nContent-Length: 0\r\n${REST}`, `200 ${line('POST', '/e', plain('/e'), '1.0')}`],
  [
    `GET http://h:80/abs?x HTTP/1.1\r\n${REST}`,
    `200 ${line('GET', 'http://h/abs?x', { hp: 'http://h/abs', hpo: '/abs', hq: '?x', captured: '/abs?x' })}`,
  ],
  [
    `GET http://h/a?x HTTP/1.1\r\n${REST}`,
    `200 ${line('GET', 'http://h/a?x', { hp: 'http://h/a', hpo: '/a', hq: '?x', captured: '/a?x' })}`,
  ],
  [
    `GET http://h HTTP/1.1\r\n${REST}`,
    `200 ${line('GET', 'http://h', { hp: 'http://h', hpo: '', hq: '', captured: '-' })}`,
  ],
  [`OPTIONS * HTTP/1.1\r\n${REST}`, `200 ${line('OPTIONS', '*', { hp: '*', hpo: '', hq: '', captured: '-' })}`],
  [`GET / HTTP/1.1\r\nbad header\r\n\r\n`, `400 ${BAD}`],
  [`GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n`, `400 ${BAD}`],
  [`GARBAGE\r\n\r\n`, `400 ${BAD}`],
  [`GET /part`, `408 ${BAD}`],
];

describe(title('the request line in logs is the one that came', absent), () => {
  for (const program of PROGRAMS) {
    test(program, async () => {
      const { lines } = await play(
        program,
        configuration,
        CASES.map(([request]) => request),
      );
      expect(lines).toEqual(CASES.map(([, expected]) => expected));
    });
  }
});

describe(title('the request line is known when the response comes, though nothing is logged', absent), () => {
  const quiet =
    (rule: string) =>
    (port: number, origin: number): string =>
      `listen l\n  bind 127.0.0.1:${port}\n  http-request set-path /x\n  ${rule}\n  server s 127.0.0.1:${origin}\n`;
  const RULES = [
    ['http-response set-header x-line "%[capture.req.method] %[capture.req.uri]"', 'x-line: GET /a?b'],
    ['http-response set-header x-get yes if { method GET }', 'x-get: yes'],
    ['http-after-response set-header x-line "%r"', 'x-line: GET /a?b HTTP/1.1'],
  ] as const;
  for (const program of PROGRAMS) {
    for (const [rule, field] of RULES) {
      test(`${rule}: ${program}`, async () => {
        const { answers } = await play(program, quiet(rule), [`GET /a?b HTTP/1.1\r\n${REST}`]);
        expect(answers[0]).toContain(`\r\n${field}\r\n`);
      });
    }
  }
});
