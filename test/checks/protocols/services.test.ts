import { type Case, DEAD, checks, reply, say, silent, talk } from './check-arena.ts';

/** As MariaDB 10.11 and MySQL 5.7 send it: the length, the packet's number, the protocol's version, the server's. */
const packet = (number: number, body: string): string => String.fromCharCode(body.length, 0, 0, number) + body;
const GREETING = packet(
  0,
  '\x0a5.7.30-log\0\x2a\0\0\0abcdefgh\0\xff\xf7\x08\x02\0\x7f\x80\x15\0\0\0\0\0\0\0\0\0\0abcdefghijkl\0mysql_native_password\0',
);
const LOGGED_IN = packet(2, '\0\0\0\x02\0\0\0');
const error = (number: number, code: number, text: string): string =>
  packet(number, `\xff${String.fromCharCode(code & 255, code >> 8)}${text}`);
const QUIT = '\x01\0\0\0\x01';
const LOGIN_41 = packet(1, `\0\x82\0\0\0\x80\0\x01!${'\0'.repeat(23)}haproxy\0\0`) + QUIT;
const LOGIN_OLD = packet(1, '\0\x80\0\0\x01haproxy\0\0') + QUIT;
const MYSQL = ['option mysql-check'];
const USER = ['option mysql-check user haproxy'];
const EMPTY = (step: number): string => `L7RSP "TCPCHK got an empty response at step ${step}"`;

const mysql: Case[] = [
  { lines: MYSQL, origin: say(GREETING.slice(0, 20), GREETING.slice(20)), found: 'L7OK 0 "5.7.30-log"' },
  {
    lines: MYSQL,
    origin: say(error(0, 1040, '#08004Too many connections'), null),
    found: 'L7STS 1040 "#08004Too many connections"',
  },
  { lines: MYSQL, origin: say(GREETING.slice(0, 20), null), found: 'L7RSP' },
  { lines: MYSQL, origin: say(null), found: EMPTY(2) },
  { lines: MYSQL, origin: say('garbage garbage\r\n'), found: 'L7TOUT' },
  { lines: USER, origin: talk(GREETING, LOGGED_IN), found: 'L7OK 0 "5.7.30-log"', sent: [LOGIN_41] },
  {
    lines: ['option mysql-check user haproxy pre-41'],
    origin: talk(GREETING, LOGGED_IN),
    found: 'L7OK 0 "5.7.30-log"',
    sent: [LOGIN_OLD],
  },
  {
    lines: USER,
    origin: talk(GREETING, error(2, 1045, '#28000Access denied')),
    found: 'L7STS 1045 "#28000Access denied"',
  },
  {
    title: 'the server wants another way to log in',
    lines: USER,
    origin: talk(GREETING, packet(2, '\xfex\0')),
    found: 'L7OK 0 "5.7.30-log"',
  },
  { lines: USER, origin: say(null), found: EMPTY(3) },
  { lines: USER, origin: DEAD, found: 'L4CON "Connection refused"' },
];

const PG = ['option pgsql-check user pg'];
const pgsql: Case[] = [
  {
    lines: PG,
    origin: reply('R\0\0\0\x08\0\0\0\0', false),
    found: 'L7OK 0 "PostgreSQL server is ok"',
    sent: ['\0\0\0\x11\0\x03\0\0user\0pg\0\0'],
  },
  { lines: PG, origin: reply('R\0\0\0\x0c\0\0\0\x05abcd', false), found: 'L7OK 0 "PostgreSQL server is ok"' },
  {
    lines: PG,
    origin: reply('R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0', false),
    found: 'L7OK 0 "PostgreSQL server is ok"',
  },
  { lines: PG, origin: reply('R\0\0\0\x08\0\0\0\x0b', false), found: 'L7STS 0 "PostgreSQL unknown error"' },
  { lines: PG, origin: reply('E\0\0\0\x20SFATAL\0C28P01\0Mno such user\0\0'), found: 'L7RSP "FATAL"' },
  { lines: PG, origin: reply('R\0\0\0', false), found: 'L7TOUT' },
  { lines: PG, origin: say('garbage garbage\r\n'), found: 'L7STS 0 "PostgreSQL unknown error"' },
  { lines: PG, origin: say(null), found: EMPTY(3) },
];

const REDIS = ['option redis-check'];
const redis: Case[] = [
  {
    lines: REDIS,
    origin: reply('+PONG\r\n', false),
    found: 'L7OK 0 "Redis server is ok"',
    sent: ['*1\r\n$4\r\nPING\r\n'],
  },
  { lines: REDIS, origin: reply('-NOAUTH Authentication required.\r\n', false), found: 'L7TOUT' },
  { lines: REDIS, origin: reply('-LOADING Redis\r\nx'), found: 'L7STS 0 "-LOADING Redis"' },
  { lines: REDIS, origin: say(null), found: 'L7STS 0 "TCPCHK got an empty response at step 2"' },
  {
    lines: [...REDIS, 'tcp-check expect string q'],
    origin: reply('+PONG\r\n', false),
    found: 'L7OK 0 "Redis server is ok"',
  },
];

const SMTP = ['option smtpchk'];
const [HI, OK, BYE] = ['220 mail ESMTP\r\n', '250 mail\r\n', '221 bye\r\n'];
const smtp: Case[] = [
  { lines: SMTP, origin: talk(HI, OK, BYE), found: 'L7OK 221 "bye"', sent: ['HELO localhost\r\nQUIT\r\n'] },
  {
    lines: ['option smtpchk EHLO my.dom'],
    origin: talk(HI, '250-a\r\n250 b\r\n', BYE),
    found: 'L7OK 221 "bye"',
    sent: ['EHLO my.dom\r\nQUIT\r\n'],
  },
  {
    lines: ['option smtpchk FOO my.dom'],
    origin: talk(HI, OK, BYE),
    found: 'L7OK 221 "bye"',
    sent: ['HELO localhost\r\nQUIT\r\n'],
  },
  { lines: SMTP, origin: talk('421 too busy\r\n'), found: 'L7STS 421 "too busy"' },
  { lines: SMTP, origin: talk('220-mail\r\n'), found: 'L7RSP "220-mail"' },
  { lines: SMTP, origin: talk(HI, '502 no such\r\n'), found: 'L7TOUT' },
  { lines: SMTP, origin: talk(HI, null), found: 'L7STS 0 "TCPCHK got an empty response at step 5"' },
  { lines: SMTP, origin: talk(HI, OK, '421 x\r\n'), found: 'L7STS 421 "x"' },
  { lines: SMTP, origin: say('garbage garbage\r\n'), found: 'L7RSP "garbage garbage"' },
  { lines: SMTP, origin: say(null), found: EMPTY(2) },
];

const LDAP = ['option ldap-check'];
const BOUND = '0\x0c\x02\x01\x01a\x07\x0a\x01\0\x04\0\x04\0';
const ldap: Case[] = [
  {
    lines: LDAP,
    origin: reply(BOUND, false),
    found: 'L7OK 0 "Success"',
    sent: ['\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\0\x80\0'],
  },
  {
    title: 'as Active Directory writes lengths',
    lines: LDAP,
    origin: reply('0\x84\0\0\0\x10\x02\x01\x01a\x84\0\0\0\x07\x0a\x01\0\x04\0\x04\0', false),
    found: 'L7OK 0 "Success"',
  },
  {
    lines: LDAP,
    origin: reply(BOUND.replace('\x0a\x01\0', '\x0a\x01\x31'), false),
    found: 'L7STS 49 "See RFC: http://tools.ietf.org/html/rfc4511#section-4.1.9"',
  },
  {
    title: 'lengths of two kinds',
    lines: LDAP,
    origin: reply('0\x81\x0c\x02\x01\x01a\x07\x0a\x01\0\x04\0\x04\0', false),
    found: 'L7OK 0 "Success"',
    apart: 'L7RSP "Not LDAPv3 protocol"',
  },
  { lines: LDAP, origin: reply(BOUND.replace('a', 'b'), false), found: 'L7RSP "Not LDAPv3 protocol"' },
  { lines: LDAP, origin: reply(BOUND.slice(0, 5)), found: 'L7RSP' },
  { lines: LDAP, origin: say('garbage garbage\r\n'), found: 'L7RSP "Not LDAPv3 protocol"' },
  { lines: LDAP, origin: say(null), found: EMPTY(2) },
];

const SSL = ['option ssl-hello-chk'];
const ssl: Case[] = [
  { title: 'an alert', lines: SSL, origin: reply('\x15\x03\0\0\x02\x02\x28', false), found: 'L6OK' },
  { title: 'a handshake', lines: SSL, origin: reply('\x16\x03\0\0\x02\x02\0', false), found: 'L6OK' },
  { lines: SSL, origin: say('garbage\r\n'), found: 'L6RSP' },
  { lines: SSL, origin: say(null), found: 'L6RSP "TCPCHK got an empty response at step 2"' },
  { lines: SSL, origin: silent, found: 'L6TOUT' },
];

const SPOP = ['option spop-check'];
const frame = (body: string): string => `\0\0\0${String.fromCharCode(body.length)}${body}`;
const text = (value: string): string => String.fromCharCode(value.length) + value;
const agentHello = (version: string, size: string, head = '\x65\0\0\0\x01\0\0'): string =>
  frame(
    `${head}${text('version')}\x08${text(version)}${text('max-frame-size')}\x03${size}${text('capabilities')}\x08\0`,
  );
const FRAME = '\xfc\xf0\x06';
const hello = frame(
  `\x01\0\0\0\x01\0\0${text('supported-versions')}\x08${text('2.0')}${text('max-frame-size')}\x03${FRAME}` +
    `${text('capabilities')}\x08\0${text('healthcheck')}\x11`,
);
const gone = (status: string): string => frame(`\x66\0\0\0\x01\0\0${text('status-code')}\x03${status}`);
const spop: Case[] = [
  { lines: SPOP, origin: reply(agentHello('2.0', FRAME), false), found: 'L7OK 0 "SPOA server is ok"', sent: [hello] },
  { lines: SPOP, origin: reply(agentHello('1.0', FRAME), false), found: 'L7RSP "unsupported version"' },
  {
    lines: SPOP,
    origin: reply(agentHello('2.0', '\x01'), false),
    found: 'L7RSP "max-frame-size too big or too small"',
  },
  {
    lines: SPOP,
    origin: reply(agentHello('2.0', FRAME, '\x65\0\0\0\0\0\0'), false),
    found: 'L7RSP "fragmentation not supported"',
  },
  { lines: SPOP, origin: reply(frame('\x65\0\0\0\x01\0\0'), false), found: 'L7RSP "version value not found"' },
  { lines: SPOP, origin: reply(gone('\x04'), false), found: 'L7RSP "invalid frame received"' },
  { lines: SPOP, origin: reply(gone('\x63'), false), found: 'L7RSP "an unknown error occurred"' },
  { lines: SPOP, origin: reply(frame('\x65\0\0\0'), false), found: 'L7RSP "invalid frame received"' },
  { lines: SPOP, origin: say('garbage garbage\r\n'), found: 'L7TOUT' },
  { lines: SPOP, origin: say(null), found: EMPTY(2) },
];

checks('mysql-check', mysql);
checks('pgsql-check', pgsql);
checks('redis-check', redis);
checks('smtpchk', smtp);
checks('ldap-check', ldap);
checks('ssl-hello-chk', ssl);
checks('spop-check', spop);
