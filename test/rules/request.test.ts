import { arena } from '../http/arena.ts';
import { asking } from './exchange.ts';

const FIELDS = ['X-H: a', 'X-Hh: 1', 'X-R: a, b ,bb', 'X-H: b', 'X-R: b, "q,b" ,c', 'X-Empty:'];
const withFields = (...paths: readonly string[]): string[][] => paths.map((path) => [path, ...FIELDS]);

arena('http-request rules', ({ agree }) => {
  agree(
    'fields',
    `http-request add-header X-H c if { path /add }
  http-request add-header X-H "%[path] %[src] %{+Q}[req.hdr(x-h)]" if { path /add-format }
  http-request add-header X-New %[req.hdr(none)] if { path /add-empty }
  http-request set-header X-H c if { path /set }
  http-request set-header X-H "%[req.hdr(x-h)]+%[req.hdr(x-h,1)]+%[req.fhdr(x-r)]" if { path /set-itself }
  http-request set-header Host other.example if { path /set-host }
  http-request set-header Connection close if { path /set-connection }
  http-request set-header X-H %[req.hdr(none)] if { path /set-nothing }
  http-request del-header X-H if { path /del }
  http-request del-header x- -m beg if { path /del-beg }
  http-request del-header h -m end if { path /del-end }
  http-request del-header -h -m sub if { path /del-sub }
  http-request del-header ^x-(h|r)$ -m reg if { path /del-reg }
  http-request del-header ^X-H$ -m reg if { path /del-reg-case }
  http-request del-header X-H -m beg if { path /del-beg-case }
  http-request del-header x-h -m str if { path /del-str }
  http-request del-header None if { path /del-none }
  http-request replace-header X-H (.*) <\\1> if { path /replace }
  http-request replace-header X-H a "%[path]\\0\\\\" if { path /replace-format }
  http-request replace-header X-R "(.), (.)" "\\2-\\1" if { path /replace-groups }
  http-request replace-header X-None .* x if { path /replace-none }
  http-request replace-header X-Empty ^$ was-empty if { path /replace-empty }
  http-request replace-header Host h(.*) g\\1 if { path /replace-host }
  http-request replace-value X-R b (\\0) if { path /value }
  http-request replace-value X-R ^b+$ %[req.hdr(none)] if { path /value-gone }
  http-request replace-value X-R .* * if { path /value-all }
  http-request replace-value X-R ^\\"(.*)\\"$ \\1 if { path /value-quotes }
  http-request set-header X-Order 1 if { path /order }
  http-request add-header X-Order 2 if { path /order } { req.hdr(x-order) 1 }
  http-request set-header X-Order 3 if { path /order } { req.hdr(x-order) 9 } or { path /order } { req.hdr_cnt(x-order) 2 }
  http-request del-header X-Order unless { path /order }`,
    asking(
      ...withFields(
        '/add',
        '/add-format',
        '/add-empty',
        '/set',
        '/set-itself',
        '/set-host',
        '/set-connection',
        '/set-nothing',
        '/del',
        '/del-beg',
        '/del-end',
        '/del-sub',
        '/del-reg',
        '/del-reg-case',
        '/del-beg-case',
        '/del-str',
        '/del-none',
        '/replace',
        '/replace-format',
        '/replace-groups',
        '/replace-none',
        '/replace-empty',
        '/replace-host',
        '/value',
        '/value-gone',
        '/value-all',
        '/value-quotes',
        '/order',
        '/other',
      ),
    ),
    (seen, expect) => expect(seen).toMatchSnapshot(),
  );

  agree(
    'the request line',
    `http-request set-header X-Was "%[method] %[url]"
  http-request set-method PUT if { path /method }
  http-request set-method %[method,lower] if { path /method-format }
  http-request set-path /new if { path /path }
  http-request set-path "%[path,regsub(/,-,g)]" if { path /a/path }
  http-request set-pathq /new if { path /pathq }
  http-request set-pathq /new?q=%[query] if { path /pathq-format }
  http-request set-query a=1 if { path /query }
  http-request set-query %[req.hdr(none)] if { path /query-empty }
  http-request set-query %[query,regsub(%3D,=,g)] if { path /query-format }
  http-request set-uri /new?x if { path /uri }
  http-request set-uri http://other.example/new?x if { path /uri-absolute }
  http-request set-uri * if { path /uri-star }
  http-request replace-path (.*)/in/(.*) \\2/out\\1 if { path_sub /in/ }
  http-request replace-path ^$ /nothing
  http-request replace-pathq ([^?]*)(\\?(.*))? \\1/more\\2 if { path /replace-pathq }
  http-request replace-uri ^/(replace-uri.*) http://x.example/%[src]/\\1 if { path_beg /replace-uri }
  http-request replace-uri ([^/:]*://[^/]*)?(.*) \\1/foo\\2 if { path /prefix-uri }`,
    asking(
      '/method',
      '/method-format',
      '/path',
      '/path?q=1',
      '/a/path?q',
      '/pathq?old',
      '/pathq-format?old',
      '/query',
      '/query?old',
      '/query-empty',
      '/query-empty?',
      '/query-empty?x',
      '/query-format?a%3D1',
      '/uri',
      '/uri-absolute',
      '/uri-star',
      '/a/in/b?c',
      '/replace-pathq',
      '/replace-pathq?x=?',
      '/replace-uri?x',
      '/prefix-uri?a',
      '/none',
      'GET http://abs.example/path?q HTTP/1.1\r\nHost: abs.example\r\n\r\n',
      'GET http://abs.example/pathq?q HTTP/1.1\r\nHost: abs.example\r\n\r\n',
      'GET http://abs.example/query HTTP/1.1\r\nHost: abs.example\r\n\r\n',
      'GET http://abs.example/uri HTTP/1.1\r\nHost: abs.example\r\n\r\n',
      'GET http://abs.example/replace-pathq?z HTTP/1.1\r\nHost: abs.example\r\n\r\n',
      'GET http://abs.example/prefix-uri HTTP/1.1\r\nHost: abs.example\r\n\r\n',
      'OPTIONS * HTTP/1.1\r\nHost: h.example\r\n\r\n',
      'HEAD /path',
    ),
    (seen, expect) => expect(seen).toMatchSnapshot(),
  );

  agree(
    'answers',
    `timeout tarpit 40ms
  http-request deny if { path /deny }
  http-request deny deny_status 429 if { path /deny-429 }
  http-request deny status 404 if { path /deny-404 }
  http-request deny status 418 content-type text/plain string "tea: %[path]" hdr X-A %[path] hdr X-B b if { path /deny-string }
  http-request deny status 451 content-type text/plain lf-string "%[method] %[path]%[req.hdr(x-h)]" if { path /deny-format }
  http-request deny default-errorfiles if { path /deny-page }
  http-request return if { path /return }
  http-request return status 201 content-type text/plain string made hdr Location /x hdr Date now hdr X-Nothing %[req.hdr(none)] if { path /return-201 }
  http-request return status 204 hdr X-A 1 if { path /return-204 }
  http-request return status 304 hdr ETag "\\"x\\"" if { path /return-304 }
  http-request return status 503 default-errorfiles if { path /return-page }
  http-request return content-type text/plain lf-string "%[rand(1)]" hdr Connection close if { path /return-close }
  http-request return status 200 content-type text/html lf-string %[req.hdr(none)] if { path /return-empty }
  http-request tarpit if { path /tarpit }
  http-request tarpit deny_status 403 if { path /tarpit-403 }
  http-request tarpit status 429 content-type text/plain string slow hdr Retry-After 5 if { path /tarpit-429 }
  http-request auth if { path /auth }
  http-request auth realm "my \\"realm\\"" if { path /auth-realm }
  http-request reject if { path /reject }
  http-request silent-drop if { path /silent }
  http-request allow if { path /allow }
  http-request deny if { path /allow }
  http-request deny deny_status 410 unless { path_beg /a } or { path_beg /d } or { path_beg /r } or { path_beg /t }`,
    asking(
      '/deny',
      'HEAD /deny',
      '/deny-429',
      '/deny-404',
      '/deny-string',
      'HEAD /deny-string',
      '/deny-page',
      '/return',
      '/return-201',
      'HEAD /return-201',
      '/return-204',
      '/return-304',
      '/return-page',
      '/return-close',
      '/return-empty',
      '/tarpit',
      '/tarpit-403',
      '/tarpit-429',
      '/auth',
      '/auth-realm',
      '/reject',
      '/allow',
      '/x',
      '/passes',
      ['/deny-format', 'X-H: y'],
      'POST /deny HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc',
      'GET /deny HTTP/1.0\r\n\r\n',
      'GET /deny HTTP/1.0\r\nConnection: keep-alive\r\n\r\n',
      'GET /return-201 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n',
    ),
    (seen, expect) => expect(seen).toMatchSnapshot(),
  );

  agree(
    'redirections',
    `http-request redirect location /to if { path /location }
  http-request redirect location "http://%[req.hdr(host)]%[url]#x" code 301 if { path /format }
  http-request redirect location /to code 303 set-cookie A=1 if { path /cookie }
  http-request redirect location /to code 307 clear-cookie A= if { path /clear }
  http-request redirect location /to code 308 clear-cookie A if { path /clear-name }
  http-request redirect location %[req.hdr(to)] ignore-empty if { path /empty-ignored }
  http-request redirect location %[req.hdr(to)] if { path /empty }
  http-request redirect prefix http://p.example if { path /prefix }
  http-request redirect prefix http://p.example/%[method] drop-query if { path /prefix-drop }
  http-request redirect prefix http://p.example append-slash if { path /prefix-slash }
  http-request redirect prefix http://p.example drop-query append-slash code 301 if { path /prefix-both }
  http-request redirect prefix / drop-query set-cookie SEEN=1 if { path /root }
  http-request redirect scheme https if { path /scheme }
  http-request redirect scheme %[req.hdr(to)] code 301 if { path /scheme-format }
  redirect location /line if { path /line }
  redirect prefix http://line.example drop-query append-slash code 301 if { path /line-prefix }
  redirect scheme https code 308 set-cookie X if { path /line-scheme }
  redirect location /%[path] if { path /line-plain }`,
    asking(
      '/location',
      'HEAD /location',
      '/format?a=b',
      '/cookie',
      '/clear',
      '/clear-name',
      '/empty-ignored',
      '/empty',
      '/prefix?a',
      '/prefix-drop?a',
      '/prefix-slash',
      '/prefix-slash?x',
      '/prefix-both?x',
      '/root?x',
      '/scheme?x',
      '/line',
      '/line-prefix?x',
      '/line-scheme?x',
      '/line-plain',
      ['/empty', 'To: /there'],
      ['/empty-ignored', 'To: /there'],
      ['/scheme-format', 'To: ftp'],
      'GET http://abs.example/prefix?q HTTP/1.1\r\nHost: abs.example\r\n\r\n',
      'GET http://abs.example/scheme?q HTTP/1.1\r\nHost: abs.example\r\n\r\n',
      'POST /location HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc',
      'GET /location HTTP/1.0\r\n\r\n',
    ),
    (seen, expect) => expect(seen).toMatchSnapshot(),
  );

  agree(
    'variables, captures and addresses',
    `http-request set-var(txn.a) path
  http-request set-var(txn.n) int(5)
  http-request set-var(req.n) var(txn.n),add(1)
  http-request set-var-fmt(sess.f) "%[path]-%[var(req.n)]"
  http-request set-var(proc.p) str(p)
  http-request set-var(txn.none) req.hdr(none)
  http-request unset-var(txn.n) if { path /unset }
  http-request set-var(txn.a) str(again) if { path /again }
  http-request set-header X-Vars "%[var(txn.a)] %[var(txn.n)] %[var(req.n)] %[var(sess.f)] %[var(proc.p)] %[var(txn.none)]."
  http-request capture req.hdr(x-h) len 3
  http-request capture path len 64
  declare capture request len 5
  http-request capture method id 2
  capture request header X-Hh len 9
  capture response header X-Two len 9
  declare capture response len 4
  http-response capture res.hdr(server) id 1
  http-request set-header X-Captured "%[capture.req.hdr(0)] %[capture.req.hdr(1)] %[capture.req.hdr(2)] %[capture.req.hdr(3)]"
  http-response set-header X-Captured "%[capture.req.hdr(0)] %[capture.req.hdr(1)] %[capture.res.hdr(0)] %[capture.res.hdr(1)] %[capture.req.uri]"
  http-request set-src str(9.8.7.6) if { path /src }
  http-request set-src req.hdr(x-ip) if { path /src-header }
  http-request set-src-port int(77) if { path /src }
  http-request set-dst str(2001:db8::1) if { path /dst }
  http-request set-dst-port int(65537) if { path /dst }
  http-request set-header X-Ends "%[src] %[dst]"
  http-request set-header X-Ports %[src_port] if { path /src }
  http-request set-header X-Ports %[dst_port] if { path /dst }
  log-format "%ft %hr %hs %ST %[var(txn.a)] %[src]"`,
    asking(
      '/',
      '/unset',
      '/again',
      '/src',
      '/dst',
      ['/x', 'X-H: abcdef', 'X-Hh: 123'],
      ['/src-header', 'X-IP: 1.2.3.4'],
      ['/src-header', 'X-IP: nonsense'],
      ['/src-header', 'X-IP: 2001:db8::7'],
    ),
    (seen, expect) => expect(seen).toMatchSnapshot(),
  );
});
