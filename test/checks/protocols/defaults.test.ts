import { type Case, checks, reply, silent } from './check-arena.ts';

/** What a backend takes over from its `defaults` section. */
const well = reply('HTTP/1.0 200 OK\r\n\r\nx', false);
const TCP = ['option tcp-check', 'tcp-check send a'];
const HTTP = ['option httpchk GET /x', 'http-check send hdr Host z', 'http-check expect status 201'];
const OK = 'L7OK 0 "(tcp-check)"';

const CASES: Case[] = [
  { defaults: TCP, lines: [], origin: silent, found: OK, sent: ['a'] },
  { defaults: TCP, lines: ['tcp-check send b'], origin: silent, found: OK, sent: ['b'] },
  { defaults: TCP, lines: ['option tcp-check'], origin: silent, found: OK, sent: ['a'] },
  { defaults: ['tcp-check send a'], lines: ['option tcp-check'], origin: silent, found: 'L4OK' },
  {
    defaults: ['tcp-check send a'],
    lines: TCP.toSpliced(1, 1, 'tcp-check send b'),
    origin: silent,
    found: OK,
    sent: ['b'],
  },
  { defaults: ['option redis-check', 'tcp-check send a'], lines: ['option tcp-check'], origin: silent, found: 'L4OK' },
  { defaults: HTTP, lines: [], origin: well, found: 'L7STS 200 "OK"', sent: ['GET /x HTTP/1.0\r\nhost: z\r\n\r\n'] },
  { defaults: HTTP, lines: ['option httpchk'], origin: well, found: 'L7OK 200', sent: ['OPTIONS / HTTP/1.0\r\n\r\n'] },
  {
    defaults: HTTP,
    lines: ['option httpchk GET /y'],
    origin: well,
    found: 'L7OK 200',
    sent: ['GET /y HTTP/1.0\r\n\r\n'],
  },
  {
    defaults: ['option httpchk GET /x'],
    lines: ['http-check send hdr Host y'],
    origin: well,
    found: 'L7OK 200',
    sent: ['OPTIONS / HTTP/1.0\r\nhost: y\r\n\r\n'],
  },
  { defaults: HTTP, lines: ['option tcp-check'], origin: silent, found: 'L4OK' },
  {
    defaults: HTTP,
    lines: ['option redis-check'],
    origin: reply('+PONG\r\n', false),
    found: 'L7OK 0 "Redis server is ok"',
  },
  {
    defaults: ['option redis-check'],
    lines: [],
    origin: reply('+PONG\r\n', false),
    found: 'L7OK 0 "Redis server is ok"',
  },
  {
    title: 'the request of the defaults section, where only the answer is described',
    defaults: HTTP,
    lines: ['http-check expect status 200'],
    // HAProxy sends nothing.
    origin: async (conversation) => {
      if (!(await conversation.when(() => conversation.received !== '', 500))) conversation.end();
      conversation.send('HTTP/1.0 200 OK\r\n\r\nx');
    },
    found: 'L7OK 200',
    apart: 'L7RSP',
  },
];

checks('checks and defaults sections', CASES);
