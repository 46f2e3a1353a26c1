import { type Case, DEAD, checks, reply, say, silent } from './check-arena.ts';

const http = (...rules: string[]): string[] => ['option httpchk', ...rules.map((rule) => `http-check ${rule}`)];
const page = (status: string, body = '', fields = ''): string =>
  `HTTP/1.1 ${status}\r\n${fields}Content-Length: ${body.length}\r\n\r\n${body}`;
const well = reply(page('200 OK', 'hello'), false);
const request = (lines: string[], sent: string): Case => ({ lines, origin: well, found: 'L7OK 200', sent: [sent] });
/** A header that rules describe, in a request of HTTP/1.1. */
const field = (rule: string, sent: string, uri = '/'): Case =>
  request(http(`send meth GET uri ${uri} ver HTTP/1.1 ${rule}`), `GET ${sent}\r\n\r\n`);

const REQUESTS: Case[] = [
  request(['option httpchk'], 'OPTIONS / HTTP/1.0\r\n\r\n'),
  request(['option httpchk /foo'], 'OPTIONS /foo HTTP/1.0\r\n\r\n'),
  request(['option httpchk GET /foo HTTP/1.1'], 'GET /foo HTTP/1.1\r\nconnection: close\r\n\r\n'),
  request(
    [String.raw`option httpchk GET /foo "HTTP/1.1\r\nHost: www\r\nUser-Agent: x\r\n\r\nbody"`],
    'GET /foo HTTP/1.1\r\nhost: www\r\nuser-agent: x\r\ncontent-length: 4\r\nconnection: close\r\n\r\nbody',
  ),
  request(['option httpchk POST /'], 'POST / HTTP/1.0\r\ncontent-length: 0\r\n\r\n'),
  request(['option httpchk get /foo HTTP/1.2'], 'get /foo HTTP/1.1\r\ncontent-length: 0\r\nconnection: close\r\n\r\n'),
  request(['option httpchk DELETE /'], 'DELETE / HTTP/1.0\r\n\r\n'),
  request(
    http('send meth POST uri /x ver HTTP/1.1 hdr Host a.b hdr X-y "v %[int(3)]" body "some body"'),
    'POST /x HTTP/1.1\r\nhost: a.b\r\nx-y: v 3\r\ncontent-length: 9\r\nconnection: close\r\n\r\nsome body',
  ),
  request(
    http('send uri-lf "/%[str(a b)]" body-lf "some %[int(3)]" hdr Empty "%[var(check.none)]"'),
    'OPTIONS /a b HTTP/1.0\r\ncontent-length: 6\r\n\r\nsome 3',
  ),
  request(http('send uri-lf "%[var(check.none)]"'), 'OPTIONS / HTTP/1.0\r\n\r\n'),
  request(
    http('send hdr Connection keep-alive hdr Content-Length 5 hdr Transfer-Encoding chunked hdr a b hdr a c'),
    'OPTIONS / HTTP/1.0\r\na: b\r\na: c\r\nconnection: keep-alive\r\n\r\n',
  ),
  field('hdr Connection keep-alive', '/ HTTP/1.1'),
  field('hdr Connection "close, x"', '/ HTTP/1.1\r\nconnection: x\r\nconnection: close'),
  field('hdr Connection Upgrade hdr Upgrade f', '/ HTTP/1.1\r\nconnection: Upgrade\r\nupgrade: f'),
  field('hdr Host www', 'http://www/p HTTP/1.1\r\nhost: www\r\nconnection: close', 'http://q.r:90/p'),
  request([...http('send uri /b'), 'option httpchk GET /a'], 'GET /a HTTP/1.0\r\n\r\n'),
  request(
    [String.raw`option httpchk GET /a "HTTP/1.1\r\nX: y\r\n\r\nbody"`, 'http-check send hdr Host www'],
    'GET /a HTTP/1.1\r\nhost: www\r\ncontent-length: 4\r\nconnection: close\r\n\r\nbody',
  ),
  request(['option httpchk GET /a HTTP/1.1', 'option httpchk'], 'OPTIONS / HTTP/1.0\r\n\r\n'),
  request(['option httpchk GET /a', 'option tcp-check', 'option httpchk'], 'OPTIONS / HTTP/1.0\r\n\r\n'),
  request(http('set-var(check.a) str(b)', 'send meth GET uri-lf "/%[var(check.a)]"'), 'GET /b HTTP/1.0\r\n\r\n'),
  {
    title: 'two requests',
    lines: http('connect', 'send uri /b', 'expect status 200', 'connect', 'send uri /c', 'expect status 201'),
    origin: well,
    found: 'L7STS 200 "OK"',
    sent: ['OPTIONS /b HTTP/1.0\r\n\r\n', 'OPTIONS /c HTTP/1.0\r\n\r\n'],
  },
];

const answers = (answer: string, found: string, ...rules: string[]): Case => ({
  title: `${rules.join(' | ')}: ${JSON.stringify(answer.slice(0, 60))}`,
  lines: http(...rules),
  origin: reply(answer, false),
  found,
});
const MISSED = 'L7RSP "HTTP content check did not match"';

const RESPONSES: Case[] = [
  answers(page('503 Service Unavailable'), 'L7STS 503 "Service Unavailable"'),
  answers('HTTP/1.1 503 a\x01b"c\\d<e>\xe9\r\n\r\n', 'L7STS 503 "a<01>b<22>c\\d<3C>e<3E><E9>"'),
  { lines: http(), origin: DEAD, found: 'L4CON "Connection refused"' },
  { lines: http('connect comment foo', 'send uri /b comment bar'), origin: silent, found: 'L7TOUT' },
  { lines: http('expect status 200 comment c'), origin: say(null), found: 'L7RSP " comment: c"' },
  {
    title: 'a reset in the middle of a head',
    lines: http(),
    origin: (conversation) => {
      conversation.send('HTTP/1.1 200 OK\r\n');
      setTimeout(() => conversation.reset(), 60);
    },
    found: 'SOCKERR "Connection reset by peer"',
  },
  ...['garbage\r\n', ' HTTP/1.0 200 No\r\n\r\n', 'http/1.0 200 No\r\n\r\n', 'HTTP/1.0 2x0 No\r\n\r\n'].map((text) =>
    answers(text, 'L7RSP'),
  ),
  ...['HTTP/1.0 200 No\r\na : x\r\n\r\n', 'HTTP/1.0 200 No\r\nbad header\r\n\r\n', 'HTTP/1.0 200 No\rA: x\r\n\r\n'].map(
    (text) => answers(text, 'L7RSP'),
  ),
  answers('HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n', 'L7RSP'),
  answers('HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx', 'L7RSP'),
  answers('HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n', 'L7RSP'),
  answers('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\nzz\r\n', 'L7RSP'),
  answers(`HTTP/1.1 200 OK\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`, 'L7RSP'),
  ...['HTTP/1.0  200 No\r\n\r\n', '\r\nHTTP/1.0 200 No\r\n\r\n', 'HTTP/1.1 200\r\n\r\n', 'HTTP/1.1 200 OK\n\nx'].map(
    (text) => answers(text, 'L7OK 200'),
  ),
  answers('HTTP/1.0 200 No\r\nA: x\r\n b\r\n\r\nx', 'L7OK 200', 'expect hdr name a value "x   b"'),
  answers('HTTP/1.1 2000 Many\r\n\r\n', 'L7STS 2000 "Many"'),
  answers('HTTP/1.1 100 Continue\r\n\r\n', 'L7STS 100 "Continue"'),
];

const EXPECTS: Case[] = [
  answers(page('404 Not Found'), 'L7STS 404 "Not Found"', 'expect status 200,300-310'),
  answers(page('404 Not Found'), 'L7OK 404', 'expect ! status 200,300-310'),
  answers(page('404 Not Found'), 'L7STS 404 "Not Found comment: c"', 'expect ! rstatus ^4 comment c'),
  answers(page('404 Not Found', 'say hello'), 'L7OK 404', 'expect string hello'),
  answers(page('200 OK', 'hallo'), MISSED, 'expect string hello'),
  answers(page('200 OK', 'hello'), 'L7RSP "HTTP check matched unwanted content"', 'expect ! rstring h.llo'),
  answers(page('200 OK', 'hello'), 'L7OK 200', 'expect string-lf h%[str(ello)]'),
  answers(
    page('200 OK'),
    'L7RSP "HTTP content check could not find a response body comment: c"',
    'expect ! string x comment c',
  ),
  answers(
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n',
    'L7OK 200',
    'expect string hello',
  ),
  answers(
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n',
    'L7TOUT',
    'expect string hella',
  ),
  answers(page('200 OK', `${'a'.repeat(19_999)}q`), MISSED, 'expect string q'),
  answers(page('200 OK', 'abc'), 'L7OK 200', 'expect min-recv 10 ! string q'),
  answers('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nb', MISSED, 'expect min-recv 0 string a'),
  answers(page('200 OK', '', 'Foo: bar, baz\r\n'), 'L7OK 200', 'expect hdr name foo value baz'),
  answers(page('200 OK', '', 'Foo: bar, baz\r\n'), 'L7STS 200 "OK"', 'expect hdr name foo value Baz'),
  answers(page('200 OK', '', 'Foo: bar, baz\r\n'), 'L7STS 200 "OK"', 'expect fhdr name foo value bar'),
  answers(page('200 OK', '', 'Foo: bar, baz\r\n'), 'L7OK 200', 'expect fhdr name foo value -m beg bar'),
  answers(page('200 OK', '', 'Foo: bar, baz\r\n'), 'L7OK 200', 'expect hdr name -m reg ^FO value -m sub a'),
  answers(page('200 OK', '', 'Foo: bar, baz\r\n'), 'L7OK 200', 'expect hdr name -m beg fo value -m end az'),
  answers(page('200 OK', '', 'A: x,"q,r",b\r\n'), 'L7OK 200', `expect hdr name a value '"q,r"'`),
  answers(page('200 OK', '', 'Foo: bar\r\n'), 'L7OK 200', 'expect hdr name-lf %[str(foo)] value-lf %[str(bar)]'),
  answers(
    page('200 OK'),
    'L7RSP "log-format string evaluated to an empty string"',
    'expect hdr name-lf %[var(check.x)]',
  ),
  answers(page('200 OK'), 'L7OK 200', 'expect ! hdr name foo'),
  answers(page('404 No', 'x'), 'L7OKC 404', 'disable-on-404', 'expect string x'),
  answers(page('200 OK', 'ab'), 'L7OK 200', 'expect string a', 'expect status 200', 'expect string b'),
  answers(
    page('403 No', 'aa', 'Foo: gg\r\n'),
    'L7OK 403 "ok 403 gg aa"',
    'expect on-success "ok %[status] %[res.hdr(foo)] %[res.body]" string a',
  ),
  answers(page('403 No', 'aa'), 'L7RSP "er 403 comment: c"', 'expect on-error "er %[status]" string x comment c'),
  answers(page('403 No'), 'L6RSP "No"', 'expect error-status L6RSP status 200'),
  answers(page('403 No'), 'L7STS 7 "No"', 'expect status-code int(7) status 200'),
  answers(page('200 OK'), 'L4OK', 'expect ok-status L4OK status 200'),
];

checks('httpchk: requests', REQUESTS);
checks('httpchk: responses', RESPONSES);
checks('http-check expect', EXPECTS);
