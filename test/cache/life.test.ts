import { afterEach, describe, expect, test } from 'vitest';
import { RawClient } from '../support/raw-client.ts';
import plugin from '../../plugins/cache/index.ts';
import type { CacheSection } from '../../plugins/cache/settings.ts';
import { Store } from '../../plugins/cache/store.ts';
import type { CommandSession, Names, Words } from '../../core/api/index.ts';
import { type Answer, type Script, Site } from './site.ts';

const FRESH = { 'cache-control': 'max-age=600' };
let site: Site;
afterEach(() => site?.stop());

/** A promise and what settles it. */
function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

const all = (count: number, path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer[]> =>
  Promise.all(Array.from({ length: count }, () => site.ask(path, headers)));

/** Until so many wait for the fetch of `/`. */
const waiting = (count: number): Promise<void> =>
  expect.poll(() => site.store('c').flights.find('http://h /')?.waiting).toBe(count);

describe('one fetch for many', () => {
  test('ten who ask at once are answered by one answer of the origin', async () => {
    site = await Site.start('rfc9111 on\ncache-status me');
    const { opened, open } = gate();
    site.script = () => ({ headers: FRESH, after: opened });
    const answers = all(10, '/');
    await waiting(9);
    open();
    const got = await answers;
    expect(new Set(got.map(({ body }) => body))).toEqual(new Set(['1']));
    expect(site.seen.length).toBe(1);
    expect(got.filter(({ headers }) => headers['cache-status']!.includes('; hit; collapsed')).length).toBe(9);
  });

  test('nobody waits for what is not stored longer than until its head is there, nor the next time', async () => {
    site = await Site.start('rfc9111 on');
    const { opened, open } = gate();
    site.script = (_seen, number) => ({
      headers: { 'cache-control': 'no-store' },
      ...(number === 1 ? { after: opened } : {}),
    });
    const answers = all(5, '/');
    await waiting(4);
    open();
    expect(new Set((await answers).map(({ body }) => body)).size).toBe(5);
    const second = gate();
    site.script = () => ({ headers: { 'cache-control': 'no-store' }, after: second.opened });
    const more = all(3, '/');
    await expect.poll(() => site.seen.length).toBe(8);
    second.open();
    await more;
  });

  test('waiting has an end', async () => {
    site = await Site.start('rfc9111 on\ncoalesce 50ms');
    const { opened, open } = gate();
    site.script = (_seen, number) => ({ headers: FRESH, ...(number === 1 ? { after: opened } : {}) });
    const first = site.ask('/');
    await expect.poll(() => site.seen.length).toBe(1);
    const second = site.ask('/');
    await waiting(1);
    await site.proxy.clock.advance(50);
    expect((await second).body).toBe('2');
    open();
    await first;
  });

  test('when the one who fetches leaves, the others go themselves', async () => {
    site = await Site.start('rfc9111 on');
    site.script = (_seen, number) => ({
      headers: FRESH,
      ...(number === 1 ? { after: new Promise(() => undefined) } : {}),
    });
    const client = await RawClient.connect(site.port());
    client.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n');
    await expect.poll(() => site.seen.length).toBe(1);
    const other = site.ask('/');
    await waiting(1);
    client.socket.resetAndDestroy();
    expect((await other).body).toBe('2');
  });

  test('one who waits may leave', async () => {
    site = await Site.start('rfc9111 on');
    const { opened, open } = gate();
    site.script = () => ({ headers: FRESH, after: opened });
    const first = site.ask('/');
    await expect.poll(() => site.seen.length).toBe(1);
    const client = await RawClient.connect(site.port());
    client.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n');
    await waiting(1);
    client.socket.resetAndDestroy();
    await waiting(0);
    open();
    expect((await first).status).toBe(200);
    expect(await site.hits('/')).toBe(true);
  });

  test('a stale one is validated once for all', async () => {
    site = await Site.start('rfc9111 on');
    const headers = { 'cache-control': 'max-age=10', etag: '"a"' };
    site.script = () => ({ headers, body: 'body' });
    await site.ask('/');
    site.pass(20);
    const { opened, open } = gate();
    site.script = () => ({ status: 304, headers, after: opened });
    const answers = all(5, '/');
    await waiting(4);
    open();
    expect((await answers).map(({ status, body }) => `${status} ${body}`)).toEqual(Array(5).fill('200 body'));
    expect(site.seen.length).toBe(2);
  });

  test('`coalesce off`', async () => {
    site = await Site.start('rfc9111 on\ncoalesce off');
    const { opened, open } = gate();
    site.script = () => ({ headers: FRESH, after: opened });
    const answers = all(3, '/');
    await expect.poll(() => site.seen.length).toBe(3);
    open();
    await answers;
  });
});

describe('bodies', () => {
  const big = Array.from({ length: 300_000 }, (_, i) => String(i).padStart(6, '.')).join('');

  test('a slow client gets all of a large one, and its next request is answered', async () => {
    site = await Site.start('rfc9111 on\nmax-object-size 2097152');
    site.script = ({ url }) => ({ headers: FRESH, body: url === '/big' ? big : 'small' });
    await site.ask('/big');
    const client = await RawClient.connect(site.port());
    client.socket.pause();
    client.send('GET /big HTTP/1.1\r\nHost: h\r\n\r\nGET /small HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n');
    await new Promise((resolve) => setTimeout(resolve, 100));
    client.socket.resume();
    await client.when(() => client.closed !== 'open');
    expect(client.received.includes(big)).toBe(true);
    expect(client.received.endsWith('\r\n\r\nsmall')).toBe(true);
    expect(site.seen.map(({ url }) => url)).toEqual(['/big', '/small']);
  });

  test('who reads one while it is replaced gets all of the old one', async () => {
    site = await Site.start('rfc9111 on\nmax-object-size 2097152');
    site.script = (_seen, number) => ({ headers: FRESH, body: number === 1 ? big : big.replaceAll('.', '_') });
    await site.ask('/');
    const clients = await Promise.all([1, 2, 3].map(() => RawClient.connect(site.port())));
    for (const client of clients) {
      client.socket.pause();
      client.send('GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n');
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
    await site.ask('/', { 'cache-control': 'no-cache' });
    for (const client of clients) client.socket.resume();
    for (const client of clients) {
      await client.when(() => client.closed !== 'open');
      expect(client.received.endsWith(big)).toBe(true);
    }
    expect((await site.ask('/')).body).toBe(big.replaceAll('.', '_'));
    expect(site.seen.length).toBe(2);
  });

  test('one that is too large passes and is not stored, with a length and without', async () => {
    site = await Site.start('rfc9111 on\nmax-object-size 1000');
    site.script = ({ url }) => ({ headers: FRESH, body: 'x'.repeat(2000), chunked: url === '/chunks' });
    for (const path of ['/', '/chunks']) {
      expect((await site.ask(path)).body.length).toBe(2000);
      expect(await site.hits(path)).toBe(false);
    }
  });

  test('HTTP/1.0 clients get them with a length', async () => {
    site = await Site.start('rfc9111 on');
    site.script = () => ({ headers: FRESH, body: 'chunks', chunked: true });
    await site.ask('/');
    const client = await RawClient.connect(site.port());
    client.send('GET / HTTP/1.0\r\nHost: h\r\n\r\n');
    await client.when(() => client.closed !== 'open');
    expect(client.received).toContain('content-length: 6\r\n');
    expect(client.received.endsWith('\r\n\r\nchunks')).toBe(true);
    expect(site.seen.length).toBe(1);
  });

  test('pipelined hits, in order', async () => {
    site = await Site.start('rfc9111 on');
    site.script = ({ url }) => ({ headers: FRESH, body: `body of ${url}` });
    for (const path of ['/a', '/b']) await site.ask(path);
    const client = await RawClient.connect(site.port());
    const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: h\r\n\r\n`;
    client.send(get('/a') + get('/b') + get('/a') + get('/b'));
    await client.when(() => client.received.split('body of').length === 5);
    expect([...client.received.matchAll(/body of (\S+?)(?=HTTP|$)/g)].map((match) => match[1])).toEqual([
      '/a',
      '/b',
      '/a',
      '/b',
    ]);
    client.destroy();
  });
});

describe('reload', () => {
  const text = (lines: string, port: number): string => `defaults
  mode http
  timeout client 5s
  timeout server 5s
  timeout connect 5s
cache c
  total-max-size 4
  ${lines}
listen l
  bind 127.0.0.1:0
  http-request cache-use c
  http-response cache-store c
  server s 127.0.0.1:${port}
`;

  test('what is stored stays, and the new limits count', async () => {
    site = await Site.start('rfc9111 on');
    site.script = () => ({ headers: FRESH, body: 'x'.repeat(10_000) });
    await site.ask('/');
    await site.proxy.reload({ config: { name: 'b.cfg', text: text('rfc9111 on', site.origin) } });
    expect(await site.hits('/')).toBe(true);
    await site.proxy.reload({
      config: { name: 'b.cfg', text: text('rfc9111 on\n  max-object-size 100', site.origin) },
    });
    expect(await site.hits('/')).toBe(true);
    expect(await site.hits('/other')).toBe(false);
    expect(await site.hits('/other')).toBe(false);
  });

  test('a configuration that is refused changes nothing', async () => {
    site = await Site.start('rfc9111 on');
    site.script = () => ({ headers: FRESH });
    await site.ask('/');
    await expect(
      site.proxy.reload({ config: { name: 'b.cfg', text: text('nonsense', site.origin) } }),
    ).rejects.toThrow();
    expect(await site.hits('/')).toBe(true);
  });
});

describe('purging', () => {
  const RULES = `http-request cache-purge c if { method PURGE } { path /all } { src 127.0.0.1 }
http-request cache-purge c tag "%[req.fhdr(x-tags)]" if { method PURGE } { req.hdr(x-tags) -m found }
http-request cache-purge c prefix if { method PURGE } { path_end / }
http-request cache-purge c if { method PURGE } { req.hdr(x-key) secret }
http-request deny if { method PURGE }
http-request cache-use c
http-response cache-store c`;

  test('by the method PURGE, where a condition allows it', async () => {
    site = await Site.start('rfc9111 on', RULES);
    site.script = ({ url }) => ({ headers: { ...FRESH, 'cache-tag': `all, ${url.slice(1, 2)}` } });
    for (const path of ['/a/1', '/a/2', '/b', '/c']) await site.ask(path);
    expect((await site.ask('/b', {}, 'PURGE')).status).toBe(403);
    expect(await site.hits('/b')).toBe(true);
    expect((await site.ask('/b', { 'x-key': 'secret' }, 'PURGE')).body).toBe('1 purged\n');
    expect(await site.hits('/b')).toBe(false);
    expect((await site.ask('/a/', {}, 'PURGE')).body).toBe('2 purged\n');
    expect([await site.hits('/a/1'), await site.hits('/c')]).toEqual([false, true]);
    expect((await site.ask('/', { 'x-tags': 'c, none' }, 'PURGE')).body).toBe('1 purged\n');
    expect(await site.hits('/c')).toBe(false);
  });

  test('tags are not shown to clients', async () => {
    site = await Site.start('rfc9111 on');
    site.script = () => ({ headers: { ...FRESH, 'surrogate-key': 'a b' } });
    expect((await site.ask('/')).headers['surrogate-key']).toBeUndefined();
    expect((await site.ask('/')).headers['surrogate-key']).toBeUndefined();
    expect(site.seen.length).toBe(1);
  });
});

describe('commands', () => {
  /** Words of a line, as far as commands use them. */
  function words(line: string): Words {
    const left = line.split(' ').slice(2).filter(Boolean);
    const fail = (message: string): never => {
      throw new Error(message);
    };
    return {
      get remaining() {
        return left.length;
      },
      next: (what: string) => left.shift() ?? fail(`expects ${what}`),
      oneOf: (what: string, known: readonly string[]) =>
        known.includes(left[0]!) ? left.shift()! : fail(`expects ${what}`),
      unknown: (what: string) => fail(`unknown ${what}`),
      end: () => (left.length > 0 ? fail('too many') : undefined),
      fail,
    } as unknown as Words;
  }

  async function run(line: string, sections: ReadonlyMap<string, CacheSection>): Promise<string> {
    const command = plugin.commands![line.split(' ', 2).join(' ')]!;
    let text = '';
    const session = { write: (more: string) => (text += more) !== '' } as CommandSession;
    await command.run(words(line), session, { sections: () => sections } as unknown as Names);
    return text;
  }

  test('show cache and purge cache', async () => {
    site = await Site.start('rfc9111 on');
    site.script = () => ({ headers: { ...FRESH, 'cache-tag': 'x', vary: 'foo' } });
    for (const path of ['/a/1', '/a/2', '/b', '/c']) await site.ask(path, { foo: '1' });
    const store = site.store('c');
    const sections = new Map([['c', { name: 'c', settings: {}, store } as CacheSection]]);
    const shown = await run('show cache', sections);
    expect(shown.split('\n')[0]).toMatch(/^0x[0-9a-f]+: c \(shctx:0x[0-9a-f]+, available blocks:40\d\d\)$/);
    expect(shown.split('\n').slice(1, 5)).toEqual(
      Array(4).fill(
        expect.stringMatching(
          /^0x[0-9a-f]+ hash:\d+ vary:0x[0-9a-f]{16} size:\d+ \(\d+ blocks\), refcount:0, expire:(?:599|600)$/,
        ),
      ),
    );
    expect(await run('purge cache c url http://H/b', sections)).toBe('1 purged\n');
    expect(await run('purge cache c prefix http://h/a/', sections)).toBe('2 purged\n');
    expect(await run('purge cache c tag x y', sections)).toBe('1 purged\n');
    await site.ask('/a/1');
    expect(await run('purge cache c all', sections)).toBe('1 purged\n');
    expect([store.count, store.used]).toEqual([0, 0]);
    await expect(run('purge cache d all', sections)).rejects.toThrow('unknown cache');
    await expect(run('purge cache c url /b', sections)).rejects.toThrow('no http or https URL');
    await expect(run('purge cache c', sections)).rejects.toThrow('expects what to purge');
  });
});

describe('what rules and counters see', () => {
  test('res.cache_hit, res.cache_name, lookups and hits', async () => {
    site = await Site.start(
      'rfc9111 on',
      `http-request cache-use c
http-response cache-store c
http-response add-header x-rule "%[res.cache_hit] %[res.cache_name]"
http-after-response set-header x-after %[res.cache_hit]`,
    );
    site.script = () => ({ headers: FRESH });
    const [first, second] = [await site.ask('/'), await site.ask('/')];
    expect([first.headers['x-rule'], first.headers['x-after']]).toEqual(['0', '0']);
    expect([second.headers['x-rule'], second.headers['x-after']]).toEqual(['1 c', '1']);
  });

  test('Cache-Status (RFC 9211)', async () => {
    site = await Site.start('rfc9111 on\ncache-status me');
    const script: Script = { headers: { 'cache-control': 'max-age=10', etag: '"a"', 'cache-status': 'origin; hit' } };
    site.script = () => script;
    const status = async (headers = {}, method = 'GET'): Promise<string | undefined> =>
      (await site.ask('/', headers, method)).headers['cache-status'];
    expect(await status()).toBe('origin; hit, me; fwd=uri-miss; fwd-status=200; stored');
    site.pass(3);
    // Its Date has whole seconds only.
    expect(await status()).toMatch(/^origin; hit, me; hit; ttl=[67]$/);
    site.pass(20);
    site.script = () => ({ ...script, status: 304 });
    expect(await status()).toMatch(/me; fwd=stale; fwd-status=304; ttl=(?:9|10)$/);
    expect(await status({ 'cache-control': 'no-cache' })).toContain('me; fwd=request; fwd-status=304');
    site.script = () => ({ ...script, status: 200 });
    expect(await status({}, 'POST')).toContain('me; fwd=method; fwd-status=200; detail=method');
    site.script = () => ({ headers: { 'cache-control': 'private' } });
    expect(await status()).toContain('me; fwd=uri-miss; fwd-status=200; detail=private');
    expect(await status({ 'cache-control': 'only-if-cached' })).toBe('me; detail=only-if-cached');
  });

  test('a cache that is asked twice, and two caches, tell a client nothing of their own conditions', async () => {
    site = await Site.start(
      'rfc9111 on\n',
      'http-request cache-use c\nhttp-request cache-use c\nhttp-request cache-use d\nhttp-response cache-store c\nhttp-response cache-store d',
      'cache d\n  total-max-size 4\n  rfc9111 on',
    );
    const headers = { 'cache-control': 'max-age=10', etag: '"a"' };
    site.script = ({ headers: asked }) =>
      asked['if-none-match'] === undefined ? { headers, body: 'body' } : { status: 304, headers };
    for (let i = 0; i < 4; i++) {
      const { status, body } = await site.ask('/');
      expect([status, body]).toEqual([200, 'body']);
      site.pass(20);
    }
    expect(site.seen.at(-1)!.headers['if-none-match']).toBe('"a"');
  });

  test('an http-response rule that was stored before runs again, as with HAProxy', async () => {
    site = await Site.start(
      'max-age 60',
      'http-request cache-use c\nhttp-response add-header x-a 1\nhttp-response cache-store c\nhttp-response add-header x-b 1',
    );
    site.script = () => ({ headers: FRESH });
    await site.ask('/');
    const { headers } = await site.ask('/');
    expect([headers['x-a'], headers['x-b'], site.seen.length]).toEqual(['1, 1', '1', 1]);
  });
});

describe('finer words', () => {
  const asked = async (lines: string, response: Record<string, string>, request = {}): Promise<boolean> => {
    site = await Site.start(`rfc9111 on\n${lines}`);
    site.script = () => ({ headers: response });
    await site.ask('/', request);
    return site.hits('/', request);
  };

  test.each<[string, string, Record<string, string>, Record<string, string>, boolean]>([
    ['client-cache-control ignore', 'client-cache-control ignore', FRESH, { 'cache-control': 'no-cache' }, true],
    ['request-cookies use', 'request-cookies use', FRESH, { cookie: 'a=b' }, true],
    ['request-cookies pass', 'request-cookies pass', FRESH, { cookie: 'a=b' }, false],
    ['set-cookie explicit', 'set-cookie explicit', { ...FRESH, 'set-cookie': 'a=b' }, {}, true],
    ['set-cookie pass', 'set-cookie pass', { ...FRESH, 'set-cookie': 'a=b' }, {}, false],
    [
      'set-cookie store',
      'set-cookie store',
      { 'last-modified': 'Mon, 01 Jan 2001 00:00:00 GMT', 'set-cookie': 'a=b' },
      {},
      true,
    ],
    ['heuristic off', 'heuristic off', { 'last-modified': 'Mon, 01 Jan 2001 00:00:00 GMT' }, {}, false],
    ['targets none', 'targets none', { ...FRESH, 'cdn-cache-control': 'no-store' }, {}, true],
    [
      'targets of our own',
      'targets My-Control CDN-Cache-Control',
      { 'cache-control': 'no-store', 'my-control': 'max-age=5' },
      {},
      true,
    ],
    ['max-age 0', 'max-age 0', FRESH, {}, false],
  ])('%s', async (_, lines, response, request, expected) => {
    expect(await asked(lines, response, request)).toBe(expected);
  });

  test('heuristic 50 max 100', async () => {
    expect(await asked('heuristic 50 max 100', { 'last-modified': 'Mon, 01 Jan 2001 00:00:00 GMT' })).toBe(true);
    site.pass(99);
    expect(await site.hits('/')).toBe(true);
    site.pass(2);
    expect(await site.hits('/')).toBe(false);
  });

  test('max-age is how long nobody asks the origin, however long a response is fresh', async () => {
    expect(await asked('max-age 5', FRESH)).toBe(true);
    site.pass(6);
    expect(await site.hits('/')).toBe(false);
  });

  test('ranges off', async () => {
    site = await Site.start('rfc9111 on\nranges off');
    site.script = () => ({ headers: FRESH });
    await site.ask('/');
    expect((await site.ask('/', { range: 'bytes=0-0' })).status).toBe(200);
  });

  test('stale-while-revalidate and stale-if-error of the section', async () => {
    site = await Site.start('rfc9111 on\nstale-while-revalidate 10\nstale-if-error 100');
    site.script = (_seen, number) => (number === 1 ? { headers: { 'cache-control': 'max-age=10' } } : { status: 503 });
    await site.ask('/');
    site.pass(15);
    expect((await site.ask('/')).body).toBe('1');
    await expect.poll(() => site.seen.length).toBe(2);
    site.pass(30);
    expect((await site.ask('/')).body).toBe('1');
    site.pass(100);
    expect((await site.ask('/')).status).toBe(503);
  });

  test('grace 0', async () => {
    site = await Site.start('rfc9111 on\ngrace 0');
    site.script = (_seen, number) => (number === 1 ? { headers: { 'cache-control': 'max-age=10' } } : { dead: true });
    await site.ask('/');
    site.pass(15);
    expect((await site.ask('/')).status).toBe(502);
  });
});

describe('early hints (configuration.txt 6.2.1)', () => {
  const LINK = '</a.css>; rel=preload; as=style, </b>; rel="next", <https://x.y>; rel="foo preconnect"';
  const HINTS = '</a.css>; rel=preload; as=style, <https://x.y>; rel="foo preconnect"';

  async function raw(path: string): Promise<string> {
    const client = await RawClient.connect(site.port());
    client.send(`GET ${path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`);
    await client.when(() => client.closed !== 'open');
    return client.received;
  }

  test('only: hints are kept, answers are not', async () => {
    site = await Site.start('early-hints only');
    site.script = () => ({ headers: { link: LINK }, body: 'x'.repeat(100_000) });
    expect((await raw('/')).startsWith('HTTP/1.1 200')).toBe(true);
    expect((await raw('/')).startsWith(`HTTP/1.1 103 Early Hints\r\nlink: ${HINTS}\r\n\r\nHTTP/1.1 200 OK\r\n`)).toBe(
      true,
    );
    expect((await raw('/other')).startsWith('HTTP/1.1 200')).toBe(true);
  });

  test('on: when the answer has gone', async () => {
    site = await Site.start('early-hints on ratio 10');
    site.script = () => ({ headers: { ...FRESH, link: LINK } });
    await raw('/');
    expect((await raw('/')).startsWith('HTTP/1.1 200')).toBe(true);
    site.pass(100);
    expect((await raw('/')).startsWith('HTTP/1.1 103')).toBe(true);
  });

  test('no-early-hints', async () => {
    site = await Site.start('early-hints only', 'http-request cache-use c no-early-hints\nhttp-response cache-store c');
    site.script = () => ({ headers: { link: LINK } });
    await raw('/');
    expect((await raw('/')).startsWith('HTTP/1.1 200')).toBe(true);
  });
});

test('a section that is full goes on with what was asked for last', async () => {
  site = await Site.start('rfc9111 on\nmax-object-size 600000');
  site.script = () => ({ headers: FRESH, body: 'x'.repeat(500_000) });
  for (let i = 0; i < 20; i++) await site.ask(`/${i}`);
  const store = site.store('c');
  expect(store.used).toBeLessThanOrEqual(4 * 1_048_576);
  expect([await site.hits('/19'), await site.hits('/0'), store instanceof Store]).toEqual([true, false, true]);
});

describe('beside other filters', () => {
  const text = 'compress me '.repeat(1000);
  const gzip = { 'accept-encoding': 'gzip' };
  const script = (): Script => ({ headers: { ...FRESH, 'content-type': 'text/plain' }, body: text });

  test.each([
    ['compression lines', 'compression algo gzip\ncompression type text/plain'],
    ['lines of both filters', 'filter cache c\nfilter compression\ncompression algo gzip\ncompression type text/plain'],
  ])('what is stored is what the server sent, compressed for those who want it: %s', async (_, lines) => {
    site = await Site.start('rfc9111 on', `${lines}\nhttp-request cache-use c\nhttp-response cache-store c`);
    site.script = script;
    expect((await site.ask('/', gzip)).headers['content-encoding']).toBe('gzip');
    expect((await site.ask('/', gzip)).headers['content-encoding']).toBe('gzip');
    const plain = await site.ask('/');
    expect([plain.headers['content-encoding'], plain.body, site.seen.length]).toEqual([undefined, text, 1]);
  });

  test('a cache behind compression is refused, and one beside other filters without a line of its own', async () => {
    const refused = (lines: string): Promise<Site> =>
      Site.start('', `${lines}\nhttp-request cache-use c\nhttp-response cache-store c`);
    await expect(refused('filter compression\nfilter cache c\ncompression algo gzip')).rejects.toThrow(
      "unable to enable the compression filter before the cache 'c'",
    );
    await expect(refused('filter trace')).rejects.toThrow(
      "require an explicit filter declaration to use the cache 'c'",
    );
    site = await Site.start('');
  });

  test('filter trace before and behind', async () => {
    site = await Site.start(
      'rfc9111 on',
      'filter trace quiet\nfilter cache c\nfilter trace quiet\nhttp-request cache-use c\nhttp-response cache-store c',
    );
    site.script = script;
    for (let i = 0; i < 3; i++) expect((await site.ask('/')).body).toBe(text);
    expect(site.seen.length).toBe(1);
  });
});
