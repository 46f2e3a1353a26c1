import { afterEach, describe, expect, test } from 'vitest';
import { RawClient } from '../support/raw-client.ts';
import { cacheKey, keyOfUrl, sameOriginKey } from '../../plugins/cache/key.ts';
import { Site } from './site.ts';

const FRESH = { 'cache-control': 'max-age=600' };
let site: Site;
afterEach(() => site?.stop());

/** Whether the answer to the first request is given to the second. */
async function shared(
  lines: string,
  response: Readonly<Record<string, string | readonly string[]>>,
  first: Readonly<Record<string, string>>,
  second: Readonly<Record<string, string>> = first,
): Promise<boolean> {
  site = await Site.start(lines);
  site.script = () => ({ headers: response });
  await site.ask('/', first);
  return site.hits('/', second);
}

// Under both sets of rules.
describe.each([
  ['as HAProxy', 'process-vary on'],
  ['RFC 9111', 'rfc9111 on'],
])('%s: what one client was given, another is not', (_, lines) => {
  test.each([
    ['a private response', { 'cache-control': 'private, max-age=600' }, {}, {}],
    ['a private response, spelled otherwise', { 'cache-control': 'max-age=600 , PRIVATE' }, {}, {}],
    ['one not to be stored', { 'cache-control': 'max-age=600, no-store' }, {}, {}],
    ['one for which no-store stands in a second line', { 'cache-control': ['max-age=600', 'no-store'] }, {}, {}],
    ['one for which no-store follows a quote without end', { 'cache-control': 'max-age=600, x="a, no-store' }, {}, {}],
    ['an answer to credentials', FRESH, { authorization: 'Basic eDp5' }, { authorization: 'Basic eDp5' }],
    ['an answer to credentials, to nobody', FRESH, { authorization: 'Basic eDp5' }, {}],
    ['an answer to nobody, with credentials', FRESH, {}, { authorization: 'Basic eDp5' }],
    ['Vary: *', { ...FRESH, vary: '*' }, {}, {}],
    ['Vary: *, in company', { ...FRESH, vary: 'referer, *' }, {}, {}],
    ['Vary on another value', { ...FRESH, vary: 'origin' }, { origin: 'a' }, { origin: 'b' }],
    ['Vary on another case', { ...FRESH, vary: 'origin' }, { origin: 'a' }, { origin: 'A' }],
    ['Vary on absence', { ...FRESH, vary: 'origin' }, {}, { origin: 'a' }],
    ['Vary on presence', { ...FRESH, vary: 'origin' }, { origin: 'a' }, {}],
    [
      'Vary on the second of two',
      { ...FRESH, vary: 'origin, referer' },
      { origin: 'a', referer: 'b' },
      { origin: 'a', referer: 'c' },
    ],
    [
      'Vary in two lines',
      { ...FRESH, vary: ['origin', 'referer'] },
      { origin: 'a', referer: 'b' },
      { origin: 'a', referer: 'c' },
    ],
    ['Vary on cookies', { ...FRESH, vary: 'cookie' }, { cookie: 'a=1' }, { cookie: 'a=2' }],
    [
      'a coding the other does not take',
      { ...FRESH, vary: 'accept-encoding', 'content-encoding': 'gzip' },
      { 'accept-encoding': 'gzip' },
      { 'accept-encoding': 'br' },
    ],
    [
      'a coding the other refuses',
      { ...FRESH, vary: 'accept-encoding', 'content-encoding': 'gzip' },
      { 'accept-encoding': 'gzip' },
      { 'accept-encoding': 'gzip;q=0' },
    ],
    [
      'a cookie set without a word on caching',
      { etag: '"a"', 'set-cookie': 'a=b', 'cache-control': 'no-cache="set-cookie"' },
      {},
      {},
    ],
    ['an answer to no-store', FRESH, { 'cache-control': 'no-store' }, {}],
  ] as const)('%s', async (_name, response, first, second) => {
    expect(await shared(lines, response, first, second)).toBe(false);
  });

  test('the counter-check: what may be shared is', async () => {
    expect(await shared(lines, { ...FRESH, vary: 'origin' }, { origin: 'a' }, { origin: 'a' })).toBe(true);
  });

  test('fields that are private by name are not given to others', async () => {
    site = await Site.start(lines);
    site.script = () => ({
      headers: { 'cache-control': 'max-age=600, private="x-who, set-cookie"', 'x-who': 'me', 'set-cookie': 'a=b' },
    });
    expect((await site.ask('/')).headers['x-who']).toBe('me');
    const other = await site.ask('/');
    expect(site.seen.length).toBe(1);
    expect([other.headers['x-who'], other.headers['set-cookie'], other.body]).toEqual([undefined, undefined, '1']);
  });

  test('a body that was cut short is not stored', async () => {
    site = await Site.start(lines);
    site.script = (_seen, number) => ({
      headers: { ...FRESH, ...(number === 1 ? { 'content-length': '100' } : {}) },
      body: 'half',
      cut: number === 1,
    });
    await site.ask('/').catch(() => undefined);
    expect(await site.hits('/')).toBe(false);
  });

  test.each([
    ['another host', 'GET / HTTP/1.1\r\nHost: a', 'GET / HTTP/1.1\r\nHost: b'],
    ['another port', 'GET / HTTP/1.1\r\nHost: a:81', 'GET / HTTP/1.1\r\nHost: a:82'],
    ['another scheme', 'GET http://a/ HTTP/1.1\r\nHost: a', 'GET https://a/ HTTP/1.1\r\nHost: a'],
    ['an escaped slash', 'GET /a/b HTTP/1.1\r\nHost: a', 'GET /a%2Fb HTTP/1.1\r\nHost: a'],
    ['an escape spelled otherwise', 'GET /a%2fb HTTP/1.1\r\nHost: a', 'GET /a%2Fb HTTP/1.1\r\nHost: a'],
    ['dot segments', 'GET /b HTTP/1.1\r\nHost: a', 'GET /a/../b HTTP/1.1\r\nHost: a'],
    ['a double slash', 'GET /b HTTP/1.1\r\nHost: a', 'GET //b HTTP/1.1\r\nHost: a'],
    ['a host in the path', 'GET /b/c HTTP/1.1\r\nHost: a', 'GET //b/c HTTP/1.1\r\nHost: a'],
    ['the case of the path', 'GET /B HTTP/1.1\r\nHost: a', 'GET /b HTTP/1.1\r\nHost: a'],
    ['the order of the query', 'GET /?a=1&b=2 HTTP/1.1\r\nHost: a', 'GET /?b=2&a=1 HTTP/1.1\r\nHost: a'],
    ['an empty query', 'GET /a HTTP/1.1\r\nHost: a', 'GET /a? HTTP/1.1\r\nHost: a'],
    ['an escaped NUL', 'GET /a HTTP/1.1\r\nHost: a', 'GET /a%00 HTTP/1.1\r\nHost: a'],
  ])('keys are not confused by %s', async (_name, first, second) => {
    site = await Site.start(lines);
    site.script = () => ({ headers: FRESH });
    const ask = async (head: string): Promise<void> => {
      const client = await RawClient.connect(site.port());
      client.send(`${head}\r\nConnection: close\r\n\r\n`);
      await client.when(() => client.closed !== 'open');
    };
    await ask(first);
    const before = site.seen.length;
    await ask(second);
    // Two answers of the origin, or a request refused outright.
    expect(site.seen.length === before + 1 || before === 0).toBe(true);
    await ask(first);
    expect(site.seen.length).toBe(before + 1);
  });
});

describe('keys', () => {
  test.each([
    ['/a', 'h', 'http://h /a'],
    ['/a', 'H', 'http://h /a'],
    ['/a', 'h:80', 'http://h /a'],
    ['/a', 'h:', 'http://h /a'],
    ['/a', 'h:080', 'http://h /a'],
    ['/a', 'h:8080', 'http://h:8080 /a'],
    ['/a', '[::1]:80', 'http://[::1] /a'],
    ['/a', '', 'http:// /a'],
    ['HTTP://H:80', 'h', 'http://h /'],
    ['http://h?q', 'H:80', 'http://h /?q'],
    ['https://h:443/a', 'h', 'https://h /a'],
    ['https://h:80/a', 'h:80', 'https://h:80 /a'],
    ['http://h/a', '', 'http://h /a'],
    ['/http://h/a', 'x', 'http://x /http://h/a'],
    ['/a#b', 'h', 'http://h /a'],
  ])('%s at %s', (target, host, key) => expect(cacheKey(target, host, false)).toBe(key));

  test.each([
    ['http://user@h/', ''],
    ['http://h/a', 'other'],
    ['http://h/a', 'h:81'],
    ['https://h/a', 'h:80'],
    ['*', 'h'],
    ['h:443', 'h'],
    ['/a', 'h h'],
    ['/a', 'h/b'],
    ['/a', 'a:b:c'],
    ['/a', 'h\0'],
    ['/a', ':80'],
    ['ftp://h/', 'h'],
  ])('%s at %s has none', (target, host) => expect(cacheKey(target, host, false)).toBeUndefined());

  test('of the same origin only', () => {
    expect(sameOriginKey('http://h /a/b?c', 'd')).toBe('http://h /a/d');
    expect(sameOriginKey('http://h /a/b', 'http://H:80/x?y')).toBe('http://h /x?y');
    expect(sameOriginKey('http://h /a/b', 'https://h/x')).toBeUndefined();
    expect(sameOriginKey('http://h /a/b', 'http://i/x')).toBeUndefined();
    expect(sameOriginKey('http://h /a/b', '//i/x')).toBeUndefined();
    expect(sameOriginKey('http://h:81 /a/b', 'http://h/x')).toBeUndefined();
    expect(sameOriginKey('http://h /a', 'http://[')).toBeUndefined();
  });

  test('of URLs that operators name', () => {
    expect(keyOfUrl('http://H/a')).toBe('http://h /a');
    expect(keyOfUrl('/a')).toBeUndefined();
  });
});
