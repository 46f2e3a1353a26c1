import { arena } from '../http/arena.ts';
import { asking } from './exchange.ts';

const PATHS = 'http-request set-var(txn.p) path';
const on = (path: string): string => `if { var(txn.p) -m str ${path} }`;

arena('http-response and http-after-response rules', ({ agree, differ }) => {
  agree(
    'fields and status of the server’s response',
    `${PATHS}
  http-response add-header X-R "%[res.hdr(server)] %[var(txn.p)] %[status]" ${on('/add')}
  http-response set-header Server ours ${on('/set')}
  http-response set-header X-R "%[res.hdr(x-r)]|%[res.fhdr(x-r,1)]" ${on('/set-itself')}
  http-response set-header Connection close ${on('/close')}
  http-response set-header Connection foo ${on('/connection')}
  http-response del-header X-R ${on('/del')}
  http-response del-header x- -m beg ${on('/del-beg')}
  http-response del-header two -m end ${on('/del-end')}
  http-response del-header ^(x|s).*r -m reg ${on('/del-reg')}
  http-response replace-header X-R ^(.),(.*) \\2<\\1> ${on('/replace')}
  http-response replace-header Server .* "%[src] \\0" ${on('/replace-format')}
  http-response replace-value X-R b <\\0> ${on('/value')}
  http-response replace-value X-R [ac] - ${on('/value-class')}
  http-response set-status 201 ${on('/status')}
  http-response set-status 299 reason "Own reason" ${on('/status-reason')}
  http-response set-status 777 ${on('/status-unknown')}
  http-response set-var(txn.s) status
  http-response set-var-fmt(res.r) "%[var(txn.s)]-%[res.hdr(x-two)]"
  http-response set-header X-Vars %[var(res.r)] if { status 200 } ! { res.hdr_cnt(x-none) gt 0 }
  http-response unset-var(res.r)
  http-response set-header X-Gone "<%[var(res.r)]>" ${on('/gone')}
  http-response set-log-level silent ${on('/silent')}
  http-response set-log-level emerg ${on('/emerg')}
  http-response set-nice 5
  http-response allow ${on('/allow')}
  http-response set-header X-Last yes`,
    asking(
      '/add',
      '/set',
      '/set-itself',
      '/close',
      '/connection',
      '/del',
      '/del-beg',
      '/del-end',
      '/del-reg',
      '/replace',
      '/replace-format',
      '/value',
      '/value-class',
      '/status',
      '/status-reason',
      '/status-unknown',
      '/gone',
      '/emerg',
      '/allow',
      'HEAD /set',
      'HEAD /status',
      'GET /set HTTP/1.0\r\n\r\n',
    ),
    (seen, expect) => expect(seen).toMatchSnapshot(),
  );

  agree(
    'answers in the place of the server’s',
    `${PATHS}
  http-response deny ${on('/deny')}
  http-response deny deny_status 503 ${on('/deny-503')}
  http-response deny status 404 content-type text/plain lf-string "%[var(txn.p)] %[src]" hdr X-S "%[var(txn.p)]" ${on('/deny-format')}
  http-response return status 200 content-type text/plain string instead hdr X-A b ${on('/return')}
  http-response return status 410 default-errorfiles ${on('/return-page')}
  http-response return status 204 ${on('/return-204')}
  http-response redirect location /elsewhere ${on('/redirect')}
  http-response redirect location "/%[res.hdr(server)]" code 301 set-cookie A=b ${on('/redirect-format')}
  http-response silent-drop ${on('/drop')}
  http-response wait-for-body time 2s at-least 1
  http-response set-header X-Last yes`,
    asking(
      '/deny',
      'HEAD /deny',
      '/deny-503',
      '/deny-format',
      '/return',
      'HEAD /return',
      '/return-page',
      '/return-204',
      '/redirect',
      '/redirect-format',
      '/passes',
      'POST /deny HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc',
      'POST /redirect HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc',
      'POST /return HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc',
    ),
    (seen, expect) => expect(seen).toMatchSnapshot(),
  );

  agree(
    'after the response, whoever made it',
    `${PATHS}
  http-request deny ${on('/deny')}
  http-request return status 201 content-type text/plain string made hdr X-R a,b ${on('/return')}
  http-request redirect location /x ${on('/redirect')}
  http-after-response set-header X-After "%[status] %[var(txn.p)] %[res.hdr(x-r)]"
  http-after-response add-header X-After 2
  http-after-response replace-header X-After ^(.).*$ \\1 ${on('/replace')}
  http-after-response replace-value X-R b c
  http-after-response del-header server
  http-after-response del-header ^x-t -m reg ${on('/del-reg')}
  http-after-response set-status 202 ${on('/status')}
  http-after-response set-status 599 reason mine ${on('/return')}
  http-after-response set-header Connection close ${on('/close')}
  http-after-response set-var(txn.q) str(q)
  http-after-response set-header X-Q %[var(txn.q)]
  http-after-response unset-var(txn.q)
  http-after-response strict-mode on
  http-after-response allow ${on('/allow')}
  http-after-response set-header X-Last "<%[var(txn.q)]>"`,
    asking('/deny', '/return', '/redirect', '/replace', '/del-reg', '/status', '/close', '/allow', 'HEAD /deny', '/x'),
    (seen, expect) => expect(seen).toMatchSnapshot(),
  );

  agree(
    'frontend and backend, in HAProxy’s order',
    `frontend {name}
  bind {bind}
  http-request set-header X-Trace f1
  http-request add-header X-Trace f2 if { path_beg /a }
  http-request deny if { path /front }
  http-response add-header X-Trace f
  http-after-response add-header X-After f
  redirect location /line if { path /line }
  use_backend {name}-other if { path /other }
  default_backend {name}-back
backend {name}-back
  http-request add-header X-Trace b1
  http-request set-header X-Trace "%[req.fhdr(x-trace)]+%[req.fhdr(x-trace,1)]" if { path /abc }
  http-request deny deny_status 404 if { path /back }
  redirect location /bline if { path /bline }
  http-response set-header X-Trace b
  http-response deny if { res.hdr(x-two) 3 }
  http-after-response add-header X-After b
  server s {origin}
backend {name}-other
  http-request return status 200 content-type text/plain lf-string "%[req.hdr(x-trace)] %[be_name] %[fe_name]"
  http-after-response set-header X-After other`,
    asking('/a', '/b', '/abc', '/front', '/back', '/line', '/bline', '/other', ['/three', 'X-Answer: X-Two: 3']),
    (seen, expect) => expect(seen).toMatchSnapshot(),
  );

  differ(
    'option checkcache: 502, where HAProxy 2.6 answers with the page of the server’s status',
    `option checkcache
  http-response del-header Set-Cookie if { res.hdr(x-clean) 1 }`,
    asking(
      ['/cacheable', 'X-Answer: Set-Cookie: A=1', 'X-Answer: Cache-Control: max-age=10'],
      ['/validator', 'X-Answer: Set-Cookie: A=1', 'X-Answer: ETag: "a"'],
      ['/public', 'X-Answer: Set-Cookie: A=1', 'X-Answer: Cache-Control: no-cache, public, max-age=10'],
      ['/private', 'X-Answer: Set-Cookie: A=1', 'X-Answer: Cache-Control: max-age=10, private'],
      ['/no-cookie', 'X-Answer: Set-Cookie: A=1', 'X-Answer: Cache-Control: max-age=10, no-cache="set-cookie, x"'],
      ['/cleaned', 'X-Answer: Set-Cookie: A=1', 'X-Answer: ETag: "a"', 'X-Answer: X-Clean: 1'],
      ['/nothing', 'X-Answer: Set-Cookie: A=1'],
    ),
    {
      sluice: (seen, expect) =>
        expect(Object.values(seen.answers).map((answer) => answer.slice(9, 12))).toEqual([
          '502',
          '502',
          '502',
          '200',
          '200',
          '200',
          '200',
        ]),
      haproxy: (seen, expect) =>
        expect(Object.values(seen.answers).map((answer) => answer.includes('Service ready'))).toEqual([
          true,
          true,
          true,
          false,
          false,
          false,
          false,
        ]),
    },
  );

  agree(
    'captured cookies',
    `capture cookie SES len 12
  http-request set-header Cookie "SES=changed" if { path /changed }
  http-request deny if { path /deny }
  http-request return status 200 if { path /return }
  http-response add-header Set-Cookie SES=added ${on('/x')}
  log-format "%ft %ST CC=%CC CS=%CS"`,
    asking(
      ...['/changed', '/deny', '/return', '/plain'].map((path) => [path, 'Cookie: a=b; SESSION = abcdefghijk ; SES=2']),
      ['/two', 'Cookie: x=1,SES="a;\\"b";y', 'Cookie: SES=2'],
      ['/empty', 'Cookie: SES= ; x'],
      ['/none', 'Cookie: XSES=1; SES'],
      ['/set', 'X-Answer: Set-Cookie:  SESx = "a b;c" ; Path=/', 'X-Answer: Set-Cookie: SES=2'],
      ['/set-none', 'X-Answer: Set-Cookie: a=b; SES=2'],
    ),
    (seen, expect) => expect(seen).toMatchSnapshot(),
  );
});
