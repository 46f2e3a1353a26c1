import { describe, expect, test, vi } from 'vitest';
import { missing } from '../support/which.ts';
import { Project, SITE } from './project.ts';

// Whole programs are run, on machines that may be busy.
vi.setConfig({ testTimeout: 90_000 });

const PROGRAMS = ['sluice', ...(missing('haproxy').length > 0 ? [] : ['haproxy'])];

/** All cases hold in both programs, or are passed over for a reason. */
async function holds(
  program: string,
  config: string,
  tests: string,
  files: Record<string, string> = {},
): Promise<string> {
  const project = new Project({
    'haproxy.cfg': config,
    'x.cfgtest.yaml': `configuration: haproxy.cfg\n${tests}`,
    ...files,
  });
  const { code, text } = await project.run(['--against', program]);
  expect(text).not.toContain('×');
  expect(code).toBe(0);
  return text;
}

describe.each(PROGRAMS)('cases, against %s', (program) => {
  test('stand-ins do as they are told', () =>
    holds(
      program,
      SITE.replace('timeout connect 1s', 'timeout connect 100ms\n    retries 1').replace(
        '10.0.0.1:80',
        '10.0.0.1:80 check',
      ),
      `
origins:
  "*": { headers: { X-All: "yes" } }
  static: { status: 404, reason: Nowhere, headers: { Set-Cookie: [a=1, b=2] }, body: { hex: "ff 00" } }
cases:
  - name: what is said of all
    request: GET /
    expect: { headers: { x-all: "yes" }, body: { starts-with: origin app/a } }
  - name: of a backend
    request: GET /static/a
    expect: { status: 404, reason: Nowhere, headers: { x-all: false, set-cookie: "a=1, b=2" }, body: "\\u00ff\\u0000" }
  - name: of a server, in this case
    origins: { app/a1: { status: 201 }, app/a2: { status: 202 } }
    steps:
      - { request: GET /, expect: { status: 201, server: a1 } }
      - { request: GET /, expect: { status: 202, server: a2 } }
  - name: one after the other, and the last stays
    origins: { static: { sequence: [{ status: 500 }, { status: 501 }, { body: fine }] } }
    steps:
      - { request: GET /static/, expect: { status: 500 } }
      - { request: GET /static/, expect: { status: 501 } }
      - { request: GET /static/, expect: { status: 200, body: fine } }
      - { request: GET /static/, expect: { status: 200, body: fine } }
  - name: closed without an answer
    origins: { static: { close: true } }
    request: GET /static/
    expect: { status: 502, answered-by: proxy, log: { termination: SH-- } }
  - name: reset
    origins: { static: { reset: true } }
    request: GET /static/
    expect: { status: 502, answered-by: proxy }
  - name: refused
    origins: { static: { refuse: true } }
    request: GET /static/
    expect: { status: 503, answered-by: proxy, origin: none, log: { termination: SC-- } }
  - name: closed behind the answer
    origins: { static: { body: bye, close: true } }
    request: GET /static/
    expect: { status: 200, body: bye }
  - name: any bytes
    origins: { static: { send: "HTTP/1.1 299 Odd\\r\\nContent-Length: 2\\r\\n\\r\\nok" } }
    request: GET /static/
    expect: { status: 299, body: ok }
  - name: no HTTP at all
    origins: { static: { send: "SSH-2.0\\r\\n" } }
    request: GET /static/
    expect: { status: 502, log: { termination: PH-- } }
  - name: slowly
    origins: { static: { delay: 50ms } }
    request: GET /static/
    expect: { status: 200 }
`,
    ));

  test('servers are as they are given', () =>
    holds(
      program,
      SITE,
      `
cases:
  - name: down, by a table
    given: { app/a1: down }
    request: GET /
    repeat: 4
    expect: { servers: { a2: 4 } }
  - name: drained and in maintenance, by sentences
    given: [server app/a1 is drain, app/a2 is maint]
    request: GET /
    expect: { status: 503, origin: none }
  - name: a whole backend
    given: backend app is down
    request: GET /
    expect: { status: 503 }
  - name: and up again
    steps:
      - { given: { app: maint }, request: GET /, expect: { status: 503 } }
      - { given: { app/a2: up }, request: GET /, expect: { server: a2 } }
      - { given: { app: up }, request: GET /, repeat: 4, expect: { servers: { a1: 2, a2: 2 } } }
      - { given: { app: down }, request: GET /, expect: { status: 503 } }
      - { given: { app: up }, request: GET /, repeat: 4, expect: { servers: { a1: 2, a2: 2 } } }
  - name: every case begins anew
    request: GET /
    expect: { server: a1 }
`,
    ));

  test('connections, cookies, requests of all kinds', () =>
    holds(
      program,
      `${SITE}
frontend second
    bind 192.0.2.7:8080-8082
    bind /run/second.sock
    http-request set-header X-Requests %[http_first_req]
    http-request set-header X-Place %[dst]:%[dst_port]
    http-response set-header Set-Cookie "seen=%[src_port]; Path=/" if { src_port 1:65535 }
    default_backend app
`,
      `
request:
  frontend: web
  headers: { Host: www.example.com, X-Every: one }
cases:
  - name: steps share a connection
    steps:
      - { request: { frontend: second }, expect: { origin: { headers: { x-requests: 1 } } } }
      - { request: { frontend: second }, expect: { origin: { headers: { x-requests: 0 } } } }
      - { request: { frontend: second }, connection: new, expect: { origin: { headers: { x-requests: 1 } } } }
      - { request: { frontend: second, source: 10.0.0.1 }, expect: { origin: { headers: { x-requests: 1 } } } }
  - name: repeated on one connection
    request: { frontend: second }
    connection: same
    repeat: 3
    expect: { status: 200, connection: open }
  - name: cookies are kept
    cookies: keep
    steps:
      - { request: { frontend: second }, expect: { origin: { headers: { cookie: false } } } }
      - { request: { frontend: second }, expect: { origin: { headers: { cookie: "seen=40001" } } } }
      - { request: { frontend: second, headers: { Cookie: a=b } }, expect: { origin: { headers: { cookie: "a=b; seen=40001" } } } }
  - name: or not
    steps:
      - { request: { frontend: second }, expect: { status: 200 } }
      - { request: { frontend: second }, expect: { origin: { headers: { cookie: false } } } }
  - name: an address of a range
    request: { address: "192.0.2.7:8081" }
    expect: { frontend: second, origin: { headers: { x-place: "192.0.2.7:8081" } } }
  - name: the port of a URL
    request: GET http://example.com:8082/
    expect: { frontend: web }
  - name: a UNIX socket
    request: { address: /run/second.sock }
    expect: { frontend: second }
  - name: what all requests have, and how one is different
    steps:
      - { request: GET /, expect: { origin: { headers: { host: www.example.com, x-every: one } } } }
      - { request: { headers: { X-Every: false, host: other } }, expect: { origin: { headers: { host: other, x-every: false } } } }
      - { request: GET http://third.example/, expect: { origin: { headers: { host: third.example } } } }
  - name: numbers are what is written
    request: { headers: { X-Number: 1.10, X-Code: 007 } }
    expect: { origin: { headers: { x-number: 1.10, x-code: "007" } } }
  - name: several fields of a name
    request: { headers: { X-List: [a, b] } }
    expect: { origin: { headers: { x-list: "a, b" } } }
  - name: a password
    request: { auth: "me:secret" }
    expect: { origin: { headers: { authorization: Basic bWU6c2VjcmV0 } } }
  - name: HEAD has no body
    request: HEAD /
    expect: { status: 200, body: "", headers: { content-length: 14 } }
  - name: a body
    request: { method: POST, body: "ä" }
    expect: { origin: { body: "ä", headers: { content-length: 2 } } }
`,
    ));

  test('mode tcp', () =>
    holds(
      program,
      `defaults
    mode tcp
    log 127.0.0.1:514 local0
    option tcplog
    timeout connect 1s
    timeout client 10s
    timeout server 10s
listen db
    bind 10.0.0.5:5432
    tcp-request connection reject if { src 192.0.2.66 }
    server one db1:5432 check send-proxy
    server two db2:5432 check backup
frontend mail
    bind :25
    default_backend mx
backend mx
    server mx1 10.0.0.9:25
`,
      `
cases:
  - name: bytes come back
    tcp: { frontend: db, send: hello }
    expect:
      frontend: db
      backend: db
      server: one
      receive: hello
      origin: { receive: hello, source: 198.51.100.7 }
      log: { termination: --, server: one, retries: 0 }
  - name: bytes that are no text
    tcp: { frontend: db, send: { hex: "00 ff 10" } }
    expect: { origin: { receive: { matches: "^\\u0000" } } }
  - name: the server speaks first
    origins: { mx: { greeting: "220 hello\\r\\n" } }
    tcp: { frontend: mail }
    expect: { server: mx/mx1, receive: "220 hello\\r\\n" }
  - name: the server has the last word
    origins: { mx: { send: "221 bye\\r\\n", close: true } }
    tcp: { frontend: mail, send: "QUIT\\r\\n" }
    expect: { receive: "221 bye\\r\\n", connection: closed }
  - name: who is not let in
    tcp: { frontend: db, send: x, source: 192.0.2.66 }
    expect: { origin: none, receive: "", connection: closed }
  - name: the reserve
    given: { db/one: down }
    tcp: { frontend: db, send: x }
    expect: { server: two, receive: x }
  - name: HTTP over it
    request: { frontend: mail, url: /a }
    expect: { status: 200, answered-by: origin, origin: { path: /a } }
`,
    ));

  test('files, environment, and lines that are left out', () =>
    holds(
      program,
      `global
    log /dev/log local0
    user nobody
    chroot /var/empty
    stats socket /run/x.sock level admin
    ca-base /etc/ssl
    ssl-default-bind-options ssl-min-ver TLSv1.2
defaults
    mode http
    timeout connect 1s
    timeout client 10s
    timeout server 10s
resolvers dns
    nameserver a 10.0.0.53:53
peers friends
    peer other 10.0.0.54:1024
frontend web
    bind "\${ADDRESS}:80" interface eth0 # here
    .if defined(STAGING)
    http-request set-header X-Stage staging
    .else
    http-request set-header X-Stage "\${STAGE}"
    .endif
    http-request set-header X-Map %[path,map(/etc/haproxy/maps/a.map,none)]
    http-request set-header X-Own %[path,map(own.map,none)]
    http-request deny if { src -f /etc/haproxy/bad.lst }
    http-request frobnicate if everything
    default_backend app
backend app
    option httpchk GET /health
    http-check expect status 204
    source 10.0.0.99
    default-server check inter 2s resolvers dns init-addr none
    server a a.example.invalid:443 ssl verify required ca-file /nowhere.pem sni str(a.example) alpn h2
    server-template t 1-2 t.example.invalid:443 ssl verify none
`,
      `
environment: { ADDRESS: 192.0.2.1, STAGE: test 1 }
paths: { /etc/haproxy: conf }
without: [http-request frobnicate]
cases:
  - name: all of it
    request: GET /x
    expect: { status: 200, origin: { headers: { x-stage: test 1, x-map: mapped, x-own: owned } } }
  - name: a list
    request: { source: 203.0.113.1 }
    expect: { status: 403 }
  - name: servers of a template
    request: GET /x
    repeat: 6
    expect: { servers: { a: 2, t1: 2, t2: 2 } }
`,
      { 'conf/maps/a.map': '/x mapped\n', 'own.map': '/x owned\n', 'conf/bad.lst': '203.0.113.0/24\n' },
    ));

  test('time passes', async () => {
    const text = await holds(
      program,
      `defaults
    mode http
    log 127.0.0.1:514 local0
    option httplog
    timeout connect 1s
    timeout client 10s
    timeout server 1s
    timeout tarpit 1s
    timeout http-keep-alive 1s
frontend web
    bind :80
    http-request tarpit if { path /tar }
    http-request set-header X-Hour %[date,utime(%H)]
    default_backend app
backend app
    server a 10.0.0.1:80
`,
      `
cases:
  - name: a tarpit
    request: GET /tar
    meanwhile: 1s
    expect: { status: 500, log: { termination: PT-- } }
  - name: a server that is slow
    origins: { app: { delay: 10m } }
    request: GET /
    meanwhile: 1s
    expect: { status: 504, log: { termination: sH-- } }
  - name: an idle connection ends
    steps:
      - { request: GET /, expect: { connection: open } }
      - { after: 1100ms }
      - { request: GET /, expect: { status: 200 } }
  - name: a day later
    after: 1d
    request: GET /
    expect: { status: 200 }
  - name: at another time
    at: 2026-12-24T18:30:00Z
    request: GET /
    expect: { origin: { headers: { x-hour: 18 } } }
`,
    );
    if (program === 'sluice') expect(text).not.toContain('not checked');
    else {
      expect(text).toContain(
        '↓ a day later [skipped: the time of HAProxy cannot be moved, and 86400 seconds are too long to wait]',
      );
      expect(text).toContain('↓ at another time [skipped: the date of HAProxy is that of the system]');
    }
  });
});
