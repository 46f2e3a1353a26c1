import { type Case, GET, request, type Want } from '../case.ts';

const fields = (count: number): string[] => Array.from({ length: count }, (_, i) => `X-${i}: 1`);

const limit = (name: string, send: Case['send'], want: Want, why?: string): Case => ({
  name,
  rfc: '9110 5.4',
  send,
  want,
  ...(why === undefined ? {} : { why }),
});

export const limits: readonly Case[] = [
  limit('50 fields', request('GET / HTTP/1.1', ...fields(49)), 'same'),
  limit('100 fields', request('GET / HTTP/1.1', ...fields(99)), 'same'),
  limit('101 fields', request('GET / HTTP/1.1', ...fields(100)), 'same'),
  limit('102 fields', request('GET / HTTP/1.1', ...fields(101)), 'same'),
  limit('103 fields', request('GET / HTTP/1.1', ...fields(102)), 'same'),
  limit('200 fields', request('GET / HTTP/1.1', ...fields(199)), 'refuse'),
  limit('target of 8000 bytes', request(`GET /${'a'.repeat(8000)} HTTP/1.1`), 'same'),
  limit('target of 14000 bytes', request(`GET /${'a'.repeat(14000)} HTTP/1.1`), 'same'),
  limit('target of 20000 bytes', request(`GET /${'a'.repeat(20000)} HTTP/1.1`), 'refuse'),
  limit('value of 8000 bytes', request('GET / HTTP/1.1', `X: ${'a'.repeat(8000)}`), 'same'),
  limit('value of 14000 bytes', request('GET / HTTP/1.1', `X: ${'a'.repeat(14000)}`), 'same'),
  limit('head of 15000 bytes', request('GET / HTTP/1.1', `X: ${'a'.repeat(15000 - 33)}`), 'same'),
  limit('head of 15400 bytes', request('GET / HTTP/1.1', `X: ${'a'.repeat(15400 - 33)}`), 'same'),
  limit('value of 17000 bytes', request('GET / HTTP/1.1', `X: ${'a'.repeat(17000)}`), 'refuse'),
  limit('value of 40000 bytes', request('GET / HTTP/1.1', `X: ${'a'.repeat(40000)}`), 'refuse'),
  limit('name of 127 bytes', request('GET / HTTP/1.1', `${'X'.repeat(127)}: 1`), 'same'),
  limit('name of 255 bytes', request('GET / HTTP/1.1', `${'X'.repeat(255)}: 1`), 'same'),
  limit('name of 256 bytes', request('GET / HTTP/1.1', `${'X'.repeat(256)}: 1`), 'same'),
  limit('name of 1000 bytes', request('GET / HTTP/1.1', `${'X'.repeat(1000)}: 1`), 'same'),
  limit('name of 5000 bytes', request('GET / HTTP/1.1', `${'X'.repeat(5000)}: 1`), 'same'),
  limit('name of 20000 bytes', request('GET / HTTP/1.1', `${'X'.repeat(20000)}: 1`), 'refuse'),
  limit('method of 3000 bytes', request(`${'M'.repeat(3000)} / HTTP/1.1`), 'same'),
  limit('method of 20000 bytes', request(`${'M'.repeat(20000)} / HTTP/1.1`), 'refuse'),
  limit(
    'head of 60 fields of 300 bytes',
    request('GET / HTTP/1.1', ...fields(60).map((field) => field + 'a'.repeat(300))),
    'refuse',
  ),
  limit(
    'head of many writes, too large',
    [GET.slice(0, -2), ...Array.from({ length: 20 }, (_, i) => `X-${i}: ${'a'.repeat(1000)}\r\n`), '\r\n'],
    'refuse',
  ),
  limit('thousand empty lines first', '\r\n'.repeat(1000) + GET, 'same'),
  limit('head without end', `GET / HTTP/1.1\r\nHost: h\r\nX: 1\r\n`, 'same', 'the rest may still come'),
  { ...limit('second head too large', GET + request('GET / HTTP/1.1', `X: ${'a'.repeat(20000)}`), 'refuse'), good: 1 },
];
