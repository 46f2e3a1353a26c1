// @ts-nocheck
import { test } from 'vitest';
import { RawClient } from '../support/raw-client.ts';
import { startProxy } from '../support/proxy.ts';
import { createServer } from 'node:http';
test('x', async () => {
  const origin = createServer((q, r) => {
    r.sendDate = false;
    r.end('ok');
  });
  await new Promise((r) => origin.listen(0, '127.0.0.1', r));
  const op = origin.address().port;
  const cfg = ([p]) => `global
  nbthread 1
defaults
  mode http
  timeout client 2s
  timeout http-request 500ms
  timeout server 5s
  timeout connect 1s
frontend f
  bind 127.0.0.1:${p}
  log stdout format raw local0
  log-format "r=%r {%{+Q}r} HM=%HM HU=%HU HP=%HP HPO=%HPO HQ=%HQ HV=%HV m=%[capture.req.method] u=%[capture.req.uri] v=%[capture.req.ver] ST=%ST ac=%ac fc=%fc bc=%bc sc=%sc %ts"
  http-request set-method PUT if { path /a }
  http-request set-uri /new?x=1 if { path /a }
  http-request set-path /np if { path /b }
  http-request set-query q=2 if { path /b }
  http-request replace-path (.*) /pre\\1 if { path /c }
  http-request deny if { path /d }
  default_backend b
backend b
  http-request set-uri /back if { path /e }
  http-response set-header x-uri "%[capture.req.uri] %[capture.req.method] %r"
  server s 127.0.0.1:${op}
`;
  const H = 'Host: h\r\nConnection: close\r\n\r\n';
  const ex = [
    `GET /a?b=c HTTP/1.1\r\n${H}`,
    `GET /b?b=c HTTP/1.1\r\n${H}`,
    `GET /c HTTP/1.1\r\n${H}`,
    `GET /d HTTP/1.1\r\n${H}`,
    `POST /e HTTP/1.0\r\nContent-Length: 0\r\n${H}`,
    `GET http://h:80/abs?x HTTP/1.1\r\n${H}`,
    `GET http://h/a?x HTTP/1.1\r\n${H}`,
    `OPTIONS * HTTP/1.1\r\n${H}`,
    `CONNECT h:80 HTTP/1.1\r\nHost: h:80\r\nConnection: close\r\n\r\n`,
    `GET /bad HTTP/1.1\r\nbad header\r\n\r\n`,
    `GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n`,
    `GARBAGE\r\n\r\n`,
    `GET /part`,
    `GET /x?a"b HTTP/1.1\r\n${H}`,
    `GET /q?a?b#c HTTP/1.1\r\n${H}`,
    `GET http://h HTTP/1.1\r\n${H}`,
  ];
  for (const prog of (process.env.PROGS ?? 'haproxy sluice').split(' ')) {
    const proxy = await startProxy(1, cfg, prog);
    for (const e of ex) {
      const c = await RawClient.connect(proxy.ports[0]);
      c.send(e);
      await c.when(() => c.closed !== 'open', 1500);
      c.destroy();
      const m = /x-uri.*/i.exec(c.received);
      if (m && /^GET .[ab]\?/.test(e)) console.log(m[0]);
    }
    await new Promise((r) => setTimeout(r, 300));
    console.log('==', prog);
    console.log(proxy.process.stdout);
    console.log(proxy.process.stderr);
    await proxy.stop();
  }
  origin.close();
}, 60000);
