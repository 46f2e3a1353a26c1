import { type Case, DEAD, checks, reply, say, silent, talk } from './check-arena.ts';

const tcp = (...rules: string[]): string[] => ['option tcp-check', ...rules.map((rule) => `tcp-check ${rule}`)];
const OK = 'L7OK 0 "(tcp-check)"';
const rsp = (info: string): string => `L7RSP "${info}"`;

const CONNECTING: Case[] = [
  { lines: [], origin: silent, found: 'L4OK' },
  { lines: [], origin: DEAD, found: 'L4CON "Connection refused"' },
  { lines: tcp(), origin: silent, found: 'L4OK' },
  { lines: tcp(), origin: DEAD, found: 'L4CON "Connection refused at initial connection step of tcp-check"' },
  { lines: tcp('connect'), origin: silent, found: 'L4OK "(tcp-check)"' },
  { lines: tcp('connect linger'), origin: silent, found: 'L4OK "(tcp-check)"' },
  {
    lines: tcp('connect comment hello'),
    origin: DEAD,
    found: `L4CON "Connection refused at step 1 of tcp-check (connect) comment: 'hello'"`,
  },
  {
    lines: tcp('comment hello', 'connect'),
    origin: DEAD,
    found: `L4CON "Connection refused at step 2 of tcp-check (connect) comment: 'hello'"`,
  },
  {
    lines: tcp('connect addr 127.9.9.9 port 99'),
    origin: silent,
    found: 'L4CON "Connection refused at step 1 of tcp-check (connect port 99)"',
  },
  { lines: tcp('connect port {port}', 'send hi'), origin: silent, found: OK, sent: ['hi'] },
  {
    lines: tcp('set-var(check.p) int(7)', 'connect addr 127.9.9.9 port var(check.p)'),
    origin: silent,
    found: 'L4CON "Connection refused at step 2 of tcp-check (connect)"',
  },
  {
    title: 'a second connection',
    lines: tcp('connect', 'send a', 'connect port {port}', 'send b'),
    origin: silent,
    found: OK,
    sent: ['a', 'b'],
  },
  {
    title: 'a header of version 2 speaks for the proxy itself',
    lines: tcp('connect send-proxy', 'send hi', 'expect string x'),
    server: 'send-proxy-v2',
    origin: reply('x'),
    found: OK,
    sent: ['\r\n\r\n\0\r\nQUIT\n \0\0\0hi'],
  },
  {
    title: "a rule's own connection has no header",
    lines: tcp('connect', 'send hi', 'expect string x'),
    server: 'check-send-proxy',
    origin: reply('x'),
    found: OK,
    sent: ['hi'],
  },
];

const SENDING: Case[] = [
  {
    lines: tcp(
      'send a',
      String.raw`send-lf "b %[int(3)]\r\n"`,
      'send-binary 63640A',
      'send-binary-lf 65%[str(66)]',
      'expect string x',
    ),
    origin: talk('', 'x'),
    found: OK,
    sent: ['ab 3\r\ncd\nef'],
  },
  {
    lines: tcp('send-binary-lf 6%[str(67)]', 'expect string x'),
    origin: silent,
    found: rsp('tcp-check send : failed to build log-format string at step 1'),
  },
  {
    title: 'variables of the check and of the session',
    lines: tcp(
      'set-var(check.a) str(A)',
      'set-var-fmt(sess.b) "B%[int(1)]"',
      'set-var(check.c) str(C)',
      'unset-var(check.c)',
      'send-lf "%[var(check.a)]%[var(sess.b)]%[var(check.c)]"',
      'expect string x',
    ),
    origin: talk('', 'x'),
    found: OK,
    sent: ['AB1'],
  },
  {
    lines: tcp('send-lf "%[srv_name] %[be_name] %[src]"', 'expect string x'),
    origin: talk('', 'x'),
    found: OK,
  },
];

const EXPECTING: Case[] = [
  { lines: tcp('expect string hello'), origin: say('hel', 'lo'), found: OK },
  {
    lines: tcp('expect string hello'),
    origin: say('hallo', null),
    found: rsp("TCPCHK did not match content 'hello' at step 1"),
  },
  {
    lines: tcp('expect string hello'),
    origin: say('hallo'),
    found: `L7TOUT " at step 1 of tcp-check (expect string 'hello')"`,
  },
  { lines: tcp('expect string hello'), origin: say(null), found: rsp('TCPCHK got an empty response at step 1') },
  {
    title: 'a reset without a byte',
    lines: tcp('expect string hello'),
    origin: (conversation) => void setTimeout(() => conversation.reset(), 50),
    found: `SOCKERR "Connection reset by peer at step 1 of tcp-check (expect string 'hello')"`,
  },
  {
    lines: tcp('send ping', 'expect string hello comment foo'),
    origin: say(null),
    found: rsp("TCPCHK got an empty response at step 2 comment: 'foo'"),
  },
  {
    lines: tcp('send ping', 'comment bar', 'expect string hello'),
    origin: say('x', null),
    found: rsp("TCPCHK did not match content 'hello' at step 3 comment: bar"),
  },
  { lines: tcp('expect ! string q'), origin: say('aq'), found: rsp("TCPCHK matched unwanted content 'q' at step 1") },
  { lines: tcp('expect ! string q'), origin: say('a', null), found: OK },
  { lines: tcp('expect rstring ^he..o'), origin: say('hello'), found: OK },
  {
    lines: tcp('expect rstring ^b'),
    origin: say('a\nb', null),
    found: rsp('TCPCHK did not match content (regex) at step 1'),
  },
  { lines: tcp('expect binary 000102'), origin: say('abc\0\x01\x02'), found: OK },
  {
    lines: tcp('expect binary 7a'),
    origin: say('x', null),
    found: rsp('TCPCHK did not match content (binary) at step 1'),
  },
  { lines: tcp('expect rbinary ^6C6C'), origin: say('ll'), found: OK },
  {
    lines: tcp('expect rbinary 6c'),
    origin: say('ll', null),
    found: rsp('TCPCHK did not match content (binary regex) at step 1'),
  },
  {
    lines: tcp('expect string-lf %[str(hello)]'),
    origin: say('halo', null),
    found: rsp('TCPCHK did not match content (log-format string) at step 1'),
  },
  {
    lines: tcp('expect binary-lf 6g'),
    origin: say('x'),
    found: rsp('Failed to parse hexastring resulting of eval of a log-format string'),
  },
  {
    lines: tcp('expect string-lf "%[var(check.none)]" comment foo'),
    origin: say('x'),
    found: rsp('log-format string evaluated to an empty string comment: foo'),
  },
  { lines: tcp('expect custom'), origin: say('anything'), found: OK },
  { lines: tcp('expect min-recv 5 string x'), origin: say('x1', '2345'), found: OK },
  {
    lines: tcp('expect min-recv 0 string x'),
    origin: say('y1'),
    found: rsp("TCPCHK did not match content 'x' at step 1"),
  },
  { lines: tcp('expect min-recv 5 ! string x'), origin: say('y1', '2345'), found: OK },
  {
    title: 'a full buffer is all there is',
    lines: tcp('expect ! string q'),
    origin: say('x'.repeat(17_000)),
    found: OK,
  },
  { lines: tcp('expect string hello', 'expect string bye'), origin: say('hello', 'bye'), found: OK },
  {
    title: 'what came before something was sent is forgotten',
    lines: tcp('expect string hello', 'send a', 'expect string hello'),
    origin: say('hello'),
    found: `L7TOUT " at step 3 of tcp-check (expect string 'hello')"`,
  },
];

const STATUSES: Case[] = [
  { lines: tcp('expect ok-status L4OK string x'), origin: say('x'), found: 'L4OK "(tcp-check)"' },
  { lines: tcp('expect ok-status L6OK string x'), origin: say('x'), found: 'L6OK "(tcp-check)"' },
  { lines: tcp('expect ok-status L7OKC string x'), origin: say('x'), found: 'L7OKC 0 "(tcp-check)"' },
  { lines: tcp('expect ok-status L7OKC string x', 'send a'), origin: say('x'), found: OK },
  {
    lines: tcp('expect error-status L7OKC string x'),
    origin: say('y', null),
    found: `L7OKC 0 "TCPCHK did not match content 'x' at step 1"`,
  },
  {
    lines: tcp('expect error-status L4CON string x'),
    origin: say(null),
    found: 'L4CON "TCPCHK got an empty response at step 1"',
  },
  {
    lines: tcp('expect tout-status L6TOUT string x'),
    origin: say('y'),
    found: `L6TOUT " at step 1 of tcp-check (expect string 'x')"`,
  },
  {
    lines: tcp('expect error-status L7STS status-code res.payload(0,3) string x'),
    origin: say('451 no', null),
    found: `L7STS 451 "TCPCHK did not match content 'x' at step 1"`,
  },
  { lines: tcp('expect status-code int(42) string x'), origin: say('x'), found: 'L7OK 42 "(tcp-check)"' },
  {
    lines: tcp('expect on-error "err %[int(4)] %[res.payload(0,0)]" string x comment c'),
    origin: say('y', null),
    found: rsp('err 4 y comment: c'),
  },
  {
    lines: tcp('expect on-success "a%[str(b c)]%[bin(0d01ff)]<>" string x', 'comment end'),
    origin: say('x'),
    found: 'L7OK 0 "ab c<0D><01><FF><3C><3E>"',
  },
  {
    title: 'long words are cut',
    lines: tcp(`expect on-error ${'y'.repeat(200)} string x`),
    origin: say('y', null),
    found: rsp('y'.repeat(127)),
  },
];

checks('tcp-check: connections', CONNECTING);
checks('tcp-check: send', SENDING);
checks('tcp-check: expect', EXPECTING);
checks('tcp-check: what a check ends with', STATUSES);
