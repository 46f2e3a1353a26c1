import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { dateIn, type Script, Site } from './site.ts';

let site: Site;
let path = '/';
let count = 0;
beforeAll(async () => {
  site = await Site.start('rfc9111 on');
});
afterAll(() => site.stop());
beforeEach(() => {
  path = `/${++count}`;
  site.script = () => ({});
});

type Fields = Readonly<Record<string, string | readonly string[]>>;

/** Asks once, lets time pass, and says whether a second request is answered from the store. */
async function reused(first: Script, seconds = 0, request: Fields = {}): Promise<boolean> {
  site.script = () => first;
  await site.ask(path);
  site.pass(seconds);
  return site.hits(path, request);
}

describe('RFC 9111 4.2: freshness', () => {
  test.each<[string, Fields, number, boolean]>([
    ['none', {}, 0, false],
    ['max-age', { 'cache-control': 'max-age=3600' }, 3500, true],
    ['max-age gone by', { 'cache-control': 'max-age=3600' }, 3601, false],
    ['max-age=0', { 'cache-control': 'max-age=0' }, 0, false],
    ['max-age and Age', { 'cache-control': 'max-age=3600', age: '1800' }, 1700, true],
    ['max-age and Age, gone by', { 'cache-control': 'max-age=3600', age: '1800' }, 1801, false],
    ['Age above max-age', { 'cache-control': 'max-age=3600', age: '12000' }, 0, false],
    ['2^31', { 'cache-control': 'max-age=2147483648' }, 3600, true],
    ['2^31 + 1', { 'cache-control': 'max-age=2147483649' }, 3600, true],
    ['a number beyond all', { 'cache-control': 'max-age=99999999999999999999' }, 3600, true],
    ['s-maxage beats max-age', { 'cache-control': 's-maxage=3600, max-age=0' }, 10, true],
    ['s-maxage beats max-age the other way', { 'cache-control': 's-maxage=1, max-age=3600' }, 10, false],
    [
      's-maxage beats Expires',
      { 'cache-control': 's-maxage=3600', expires: 'Mon, 01 Jan 2001 00:00:00 GMT' },
      10,
      true,
    ],
    ['max-age beats Expires', { 'cache-control': 'max-age=3600', expires: 'Mon, 01 Jan 2001 00:00:00 GMT' }, 10, true],
    ['max-age=0 beats Expires', { 'cache-control': 'max-age=0', expires: 'Mon, 01 Jan 2090 00:00:00 GMT' }, 0, false],
    ['an Expires that is none beside max-age', { 'cache-control': 'max-age=3600', expires: '0' }, 10, true],
    ['Expires', { expires: 'Mon, 01 Jan 2035 00:00:00 GMT' }, 10, true],
    ['Expires in the past', { expires: 'Mon, 01 Jan 2001 00:00:00 GMT' }, 0, false],
    ['Expires: 0', { expires: '0', 'last-modified': 'Mon, 01 Jan 2001 00:00:00 GMT' }, 0, false],
    [
      'Expires in two lines that disagree',
      { expires: ['Mon, 01 Jan 2035 00:00:00 GMT', 'Mon, 01 Jan 2001 00:00:00 GMT'] },
      0,
      false,
    ],
    ['Expires of the old form', { expires: 'Monday, 01-Jan-35 00:00:00 GMT' }, 10, true],
    ['Expires as asctime', { expires: 'Mon Jan  1 00:00:00 2035' }, 10, true],
    ['Expires in another case', { expires: 'mon, 01 jan 2035 00:00:00 gmt' }, 10, true],
    ['Expires in another zone', { expires: 'Mon, 01 Jan 2035 00:00:00 EST' }, 0, false],
    ['Expires without a zone', { expires: 'Mon, 01 Jan 2035 00:00:00' }, 0, false],
    ['Expires with a year of two digits', { expires: 'Mon, 01 Jan 35 00:00:00 GMT' }, 0, false],
    ['Expires with dashes', { expires: 'Mon, 01-Jan-2035 00:00:00 GMT' }, 0, false],
    ['Expires with points', { expires: 'Mon, 01 Jan 2035 00.00.00 GMT' }, 0, false],
    ['Expires with an hour of one digit', { expires: 'Mon, 01 Jan 2035 0:00:00 GMT' }, 0, false],
    ['Expires without a weekday', { expires: '01 Jan 2035 00:00:00 GMT' }, 0, false],
    ['Expires on 31 February', { expires: 'Mon, 31 Feb 2035 00:00:00 GMT' }, 0, false],
    ['an extension', { 'cache-control': 'foobar, max-age=3600' }, 10, true],
    ['an extension with a value', { 'cache-control': 'foo="bar, baz", max-age=3600' }, 10, true],
    ['max-age within a string', { 'cache-control': 'foo="max-age=3600"' }, 0, false],
    ['max-age=0 within a string', { 'cache-control': 'foo="max-age=0", max-age=3600' }, 10, true],
    ['an escaped quote', { 'cache-control': 'foo="a\\", max-age=0", max-age=3600' }, 10, true],
    ['two that disagree', { 'cache-control': 'max-age=1800, max-age=1' }, 0, false],
    ['two that disagree, in two lines', { 'cache-control': ['max-age=1', 'max-age=1800'] }, 0, false],
    ['two that agree', { 'cache-control': 'max-age=3600, max-age=3600' }, 10, true],
    ['quoted', { 'cache-control': 'max-age="3600"' }, 10, true],
    ['capitals', { 'cache-control': 'MAX-AGE=3600' }, 10, true],
    ['leading zeros', { 'cache-control': 'max-age=003600' }, 10, true],
    ['single quotes', { 'cache-control': "max-age='3600'" }, 0, false],
    ['a blank before =', { 'cache-control': 'max-age =3600' }, 0, false],
    ['a blank behind =', { 'cache-control': 'max-age= 3600' }, 0, false],
    ['negative', { 'cache-control': 'max-age=-3600' }, 0, false],
    ['a letter before', { 'cache-control': 'max-age=a3600' }, 0, false],
    ['a letter behind', { 'cache-control': 'max-age=3600a' }, 0, false],
    ['a fraction', { 'cache-control': 'max-age=3600.5' }, 0, false],
    ['no value', { 'cache-control': 'max-age' }, 0, false],
    ['immutable alone', { 'cache-control': 'immutable' }, 0, false],
    ['public alone', { 'cache-control': 'public' }, 0, false],
    ['must-revalidate, fresh', { 'cache-control': 'max-age=3600, must-revalidate' }, 10, true],
    ['Pragma in a response', { 'cache-control': 'max-age=3600', pragma: 'no-cache' }, 10, true],
    ['a filename', { 'cache-control': 'max-age=3600', 'content-disposition': 'attachment; filename=x' }, 10, true],
  ])('%s', async (_, headers, seconds, expected) => {
    expect(await reused({ headers }, seconds)).toBe(expected);
  });

  test.each<[string, string | readonly string[], boolean]>([
    ['negative', '-7200', true],
    ['a fraction', '7200.0', true],
    ['a letter before', 'a7200', true],
    ['a letter behind', '7200a', true],
    ['a parameter', '7200;foo=bar', true],
    ['too large', '7200000000000', false],
    ['a list, old first', '7200, 0', false],
    ['a list, young first', '0, 7200', true],
    ['two lines, old first', ['7200', '0'], false],
    ['two lines, young first', ['0', '7200'], true],
  ])('4.2.3, 5.1: Age is %s', async (_, age, expected) => {
    expect(await reused({ headers: { 'cache-control': 'max-age=3600', age } })).toBe(expected);
  });

  test('a Date in the past ages the response', async () => {
    const headers = { 'cache-control': 'max-age=3600' };
    expect(await reused({ headers: { ...headers, date: dateIn(-7200) } })).toBe(false);
    path += 'x';
    expect(await reused({ headers: { ...headers, date: dateIn(-1800) } })).toBe(true);
  });

  test('Expires counts from Date', async () => {
    expect(await reused({ headers: { date: dateIn(-7200), expires: dateIn(-3600) } })).toBe(false);
    path += 'x';
    expect(await reused({ headers: { date: dateIn(600), expires: dateIn(300) } })).toBe(false);
  });

  test('4.2.3: Age is the sum of what it came with and the time here; the delay of the answer counts', async () => {
    let go: (value: unknown) => void = () => undefined;
    site.script = () => ({
      headers: { 'cache-control': 'max-age=3600', age: '100' },
      after: new Promise((resolve) => (go = resolve)),
    });
    const first = site.ask(path);
    await expect.poll(() => site.seen.at(-1)?.url).toBe(path);
    site.pass(7);
    go(0);
    await first;
    site.pass(20);
    expect((await site.ask(path)).headers['age']).toBe('127');
  });

  test.each([
    ['200', 200, true],
    ['203', 203, true],
    ['204', 204, true],
    ['404', 404, true],
    ['405', 405, true],
    ['410', 410, true],
    ['414', 414, true],
    ['501', 501, true],
    ['300', 300, true],
    ['301', 301, true],
    ['308', 308, true],
    ['201', 201, false],
    ['202', 202, false],
    ['302', 302, false],
    ['403', 403, false],
    ['502', 502, false],
    ['503', 503, false],
    ['504', 504, false],
    ['599', 599, false],
  ] as const)('4.2.2: %s without a word on freshness is guessed, or not', async (_, status, expected) => {
    expect(await reused({ status, headers: { 'last-modified': dateIn(-36_000) } }, 60)).toBe(expected);
  });

  test('4.2.2: a tenth of the time since it was modified', async () => {
    const headers = { 'last-modified': dateIn(-36_000) };
    expect(await reused({ headers }, 3590)).toBe(true);
    path += 'x';
    expect(await reused({ headers: { 'last-modified': dateIn(-36_000) } }, 3700)).toBe(false);
  });

  test.each([200, 203, 204, 299, 301, 302, 303, 307, 308, 400, 404, 410, 499, 500, 502, 503, 504, 599])(
    '3: %s that says max-age is stored, and served while it is fresh',
    async (status) => {
      expect(await reused({ status, headers: { 'cache-control': 'max-age=3600' } }, 10)).toBe(true);
      path += 'x';
      expect(await reused({ status, headers: { 'cache-control': 'max-age=1' } }, 10)).toBe(false);
    },
  );
});

describe('RFC 9111 5.2.1: what requests say', () => {
  const fresh = { headers: { 'cache-control': 'max-age=3600', etag: '"a"' } };
  test.each<[string, Fields, number, boolean]>([
    ['max-age=0', { 'cache-control': 'max-age=0' }, 0, false],
    ['max-age below the age', { 'cache-control': 'max-age=600' }, 700, false],
    ['max-age above the age', { 'cache-control': 'max-age=600' }, 500, true],
    ['no-cache', { 'cache-control': 'no-cache' }, 0, false],
    ['no-cache in capitals', { 'cache-control': 'No-Cache' }, 0, false],
    ['Pragma: no-cache', { pragma: 'no-cache' }, 0, false],
    ['Pragma: no-cache beside Cache-Control', { pragma: 'no-cache', 'cache-control': 'max-stale' }, 0, true],
    ['another Pragma', { pragma: 'foo' }, 0, true],
    ['min-fresh that is left', { 'cache-control': 'min-fresh=3000' }, 100, true],
    ['min-fresh that is not left', { 'cache-control': 'min-fresh=3000' }, 700, false],
    ['max-stale beyond the lifetime', { 'cache-control': 'max-stale=1000' }, 4000, true],
    ['max-stale too short', { 'cache-control': 'max-stale=100' }, 4000, false],
    ['max-stale without end', { 'cache-control': 'max-stale' }, 400_000, true],
    ['only-if-cached', { 'cache-control': 'only-if-cached' }, 10, true],
  ])('%s', async (_, request, seconds, expected) => {
    expect(await reused(fresh, seconds, request)).toBe(expected);
  });

  test('only-if-cached without anything stored is 504', async () => {
    const before = site.seen.length;
    expect((await site.ask(path, { 'cache-control': 'only-if-cached' })).status).toBe(504);
    expect(site.seen.length).toBe(before);
  });

  test('no-store: neither the request nor its answer', async () => {
    site.script = () => fresh;
    await site.ask(path, { 'cache-control': 'no-store' });
    expect(await site.hits(path)).toBe(false);
  });

  test.each(['must-revalidate', 'proxy-revalidate', 'no-cache', 's-maxage=3600'])(
    'max-stale does not help against %s',
    async (word) => {
      const headers = { 'cache-control': `max-age=3600, ${word}`, etag: '"a"' };
      expect(await reused({ headers }, 4000, { 'cache-control': 'max-stale=10000' })).toBe(false);
    },
  );
});

describe('RFC 9111 5.2.2: what responses say', () => {
  test.each<[string, string, number, boolean]>([
    ['no-store', 'no-store', 0, false],
    ['no-store beside max-age', 'max-age=3600, no-store', 0, false],
    ['No-StOrE', 'max-age=3600, No-StOrE', 0, false],
    ['private', 'max-age=3600, private', 0, false],
    ['no-cache', 'max-age=3600, no-cache', 0, false],
    ['no-cache with names', 'max-age=3600, no-cache="x"', 0, true],
    ['no-cache with what are no names', 'max-age=3600, no-cache="a b"', 0, false],
    ['private with names', 'max-age=3600, private="x"', 0, true],
  ])('%s', async (_, value, seconds, expected) => {
    expect(await reused({ headers: { 'cache-control': value, etag: '"a"' } }, seconds)).toBe(expected);
  });

  test.each([
    [200, 'max-age=3600, must-understand', true],
    [200, 'max-age=3600, must-understand, no-store', true],
    [599, 'max-age=3600, must-understand', false],
    [599, 'max-age=3600, must-understand, no-store', false],
  ] as const)('must-understand: %s, %s', async (status, value, expected) => {
    expect(await reused({ status, headers: { 'cache-control': value } })).toBe(expected);
  });

  test('fields that no-cache names are not served again', async () => {
    site.script = () => ({ headers: { 'cache-control': 'max-age=3600, no-cache="x-a"', 'x-a': '1', 'x-b': '2' } });
    await site.ask(path);
    const { headers } = await site.ask(path);
    expect([headers['x-a'], headers['x-b']]).toEqual([undefined, '2']);
  });

  test.each([
    ['', false],
    [', public', true],
    [', must-revalidate', true],
    [', s-maxage=3600', true],
  ])('3.5: an answer to credentials with max-age%s', async (more, expected) => {
    site.script = () => ({ headers: { 'cache-control': `max-age=3600${more}` } });
    await site.ask(path, { authorization: 'FOO' });
    expect(await site.hits(path, { authorization: 'FOO' })).toBe(expected);
  });

  test('7.3: a cookie with a word on freshness is stored, without it is not', async () => {
    expect(await reused({ headers: { 'cache-control': 'max-age=3600', 'set-cookie': 'a=b' } })).toBe(true);
    path += 'x';
    expect(await reused({ headers: { 'last-modified': dateIn(-36_000), 'set-cookie': 'a=b' } })).toBe(false);
  });
});

describe('RFC 9213: targeted fields', () => {
  test.each<[string, Fields, boolean]>([
    ['max-age', { 'cdn-cache-control': 'max-age=3600' }, true],
    ['beats Cache-Control', { 'cdn-cache-control': 'max-age=3600', 'cache-control': 'max-age=0' }, true],
    ['beats no-store', { 'cdn-cache-control': 'max-age=3600', 'cache-control': 'no-store' }, true],
    ['beats private', { 'cdn-cache-control': 'max-age=3600', 'cache-control': 'private' }, true],
    ['beats Expires', { 'cdn-cache-control': 'max-age=3600', expires: 'Mon, 01 Jan 2001 00:00:00 GMT' }, true],
    ['max-age=0', { 'cdn-cache-control': 'max-age=0', 'cache-control': 'max-age=3600' }, false],
    ['no-store', { 'cdn-cache-control': 'no-store', 'cache-control': 'max-age=3600' }, false],
    ['no-cache', { 'cdn-cache-control': 'no-cache', 'cache-control': 'max-age=3600' }, false],
    ['private', { 'cdn-cache-control': 'private', 'cache-control': 'max-age=3600' }, false],
    ['an extension', { 'cdn-cache-control': 'foobar, max-age=3600' }, true],
    ['parameters', { 'cdn-cache-control': 'max-age=3600;a=b', 'cache-control': 'no-store' }, true],
    ['capitals do not parse', { 'cdn-cache-control': 'MaX-aGe=3600', 'cache-control': 'max-age=1' }, true],
    ['a string is no number', { 'cdn-cache-control': 'max-age="3600"', 'cache-control': 'max-age=3600' }, false],
    ['a fraction is no integer', { 'cdn-cache-control': 'max-age=3600.5', 'cache-control': 'max-age=3600' }, false],
    ['blanks do not parse', { 'cdn-cache-control': 'max-age =3600', 'cache-control': 'max-age=1' }, true],
    ['empty counts as absent', { 'cdn-cache-control': '', 'cache-control': 'max-age=1' }, true],
    ['a comma at the end does not parse', { 'cdn-cache-control': 'no-store,', 'cache-control': 'max-age=1' }, true],
    ['Age counts', { 'cdn-cache-control': 'max-age=3600', age: '7200' }, false],
  ])('%s', async (_, headers, expected) => {
    expect(await reused({ headers })).toBe(expected);
  });
});

describe('RFC 9111 4.1: Vary', () => {
  const script = (vary: string | readonly string[]) => () => ({ headers: { 'cache-control': 'max-age=3600', vary } });
  test.each<[string, string | readonly string[], Record<string, string>, Record<string, string>, boolean]>([
    ['the same', 'foo', { foo: '1' }, { foo: '1' }, true],
    ['another', 'foo', { foo: '1' }, { foo: '2' }, false],
    ['left out', 'foo', { foo: '1' }, {}, false],
    ['added', 'foo', {}, { foo: '1' }, false],
    ['never there', 'foo', {}, {}, true],
    ['empty is not absent', 'foo', { foo: '' }, {}, false],
    ['the name in capitals', 'FOO', { foo: '1' }, { foo: '1' }, true],
    ['two, the same', 'foo, bar', { foo: '1', bar: '2' }, { bar: '2', foo: '1' }, true],
    ['two, one differs', 'foo, bar', { foo: '1', bar: '2' }, { foo: '1', bar: '3' }, false],
    ['two lines', ['foo', 'bar'], { foo: '1', bar: '2' }, { foo: '1', bar: '3' }, false],
    ['members apart', 'foo', { foo: '1,2' }, { foo: '1,  2' }, true],
    ['members in another order', 'foo', { foo: '1, 2' }, { foo: '2, 1' }, false],
    [
      'languages in another case',
      'accept-language',
      { 'accept-language': 'en, de' },
      { 'accept-language': 'EN,DE' },
      true,
    ],
    ['*', '*', {}, {}, false],
    ['* behind a name', 'foo, *', { foo: '1' }, { foo: '1' }, false],
    ['* before a name', '*, foo', { foo: '1' }, { foo: '1' }, false],
    ['* in a line of its own', ['foo', '*'], { foo: '1' }, { foo: '1' }, false],
    ['an empty member', ', foo', { foo: '1' }, { foo: '2' }, false],
    ['a blank value', '', {}, { foo: '2' }, true],
  ])('%s', async (_, vary, first, second, expected) => {
    site.script = script(vary);
    await site.ask(path, first);
    expect(await site.hits(path, second)).toBe(expected);
  });

  test('several variants beside each other, and an end to them', async () => {
    site.script = script('foo');
    for (let i = 0; i < 11; i++) await site.ask(path, { foo: String(i) });
    expect(await site.hits(path, { foo: '1' })).toBe(true);
    expect(await site.hits(path, { foo: '10' })).toBe(true);
    // The eleventh, as max-secondary-entries is 10.
    expect(await site.hits(path, { foo: '0' })).toBe(false);
  });
});

describe('RFC 9111 4.3: validation', () => {
  const validators = { etag: '"a"', 'last-modified': 'Mon, 01 Jan 2001 00:00:00 GMT' };
  /** 200 first, then 304 with these fields. */
  const then304 =
    (first: Fields, second: Fields = {}) =>
    (seen: { url: string }, _n: number): Script => {
      const again = site.seen.filter(({ url }) => url === seen.url).length > 1;
      return again
        ? { status: 304, headers: { ...validators, ...second } }
        : { headers: { ...validators, ...first }, body: 'body' };
    };

  test('a stale response is validated with both validators, and served when it still holds', async () => {
    site.script = then304({ 'cache-control': 'max-age=10' }, { 'cache-control': 'max-age=100' });
    await site.ask(path);
    site.pass(20);
    const answer = await site.ask(path);
    const { headers } = site.seen.at(-1)!;
    expect([headers['if-none-match'], headers['if-modified-since']]).toEqual(['"a"', 'Mon, 01 Jan 2001 00:00:00 GMT']);
    expect([answer.status, answer.body, answer.headers['age']]).toEqual([200, 'body', '0']);
    site.pass(90);
    expect(await site.hits(path)).toBe(true);
  });

  test('a stored no-cache is validated each time', async () => {
    site.script = then304({ 'cache-control': 'no-cache' });
    await site.ask(path);
    expect((await site.ask(path)).body).toBe('body');
    expect((await site.ask(path)).body).toBe('body');
    expect(site.seen.filter(({ url }) => url === path).length).toBe(3);
  });

  test('what changed takes its place', async () => {
    site.script = (_seen, n) => ({ headers: { 'cache-control': 'max-age=10', etag: `"${n}"` } });
    const first = await site.ask(path);
    site.pass(20);
    const second = await site.ask(path);
    expect(second.body).not.toBe(first.body);
    expect((await site.ask(path)).body).toBe(second.body);
  });

  test('what changed and may not be stored ends what was', async () => {
    site.script = () => ({ headers: { 'cache-control': 'max-age=3600' } });
    await site.ask(path);
    site.script = () => ({ headers: { 'cache-control': 'no-store' } });
    await site.ask(path, { 'cache-control': 'no-cache' });
    expect(await site.hits(path)).toBe(false);
  });

  test("a client's own condition is answered from what was validated", async () => {
    site.script = then304({ 'cache-control': 'max-age=10' });
    await site.ask(path);
    site.pass(20);
    expect((await site.ask(path, { 'if-none-match': '"a"' })).status).toBe(304);
    site.pass(20);
    const other = await site.ask(path, { 'if-none-match': '"b"' });
    expect([other.status, other.body]).toEqual([200, 'body']);
  });

  test.each<[string, string, string, boolean]>([
    ['a new field', 'test-header', 'B', true],
    ['Content-Type', 'content-type', 'text/b', true],
    ['Cache-Control', 'cache-control', 'max-age=99', true],
    ['a list', 'content-foo', 'B', true],
    ['Content-Encoding', 'content-encoding', 'gzip', true],
    ['Content-Length', 'content-length', '4000', false],
    ['ETag, from strong to weak', 'etag', 'W/"a"', true],
  ])('3.2: a 304 updates %s', async (_, name, value, expected) => {
    site.script = then304({ 'cache-control': 'max-age=10', 'test-header': 'A', 'content-foo': 'A' }, { [name]: value });
    await site.ask(path);
    site.pass(20);
    await site.ask(path);
    const before = site.seen.length;
    const { headers } = await site.ask(path, { 'cache-control': 'max-stale' });
    expect(site.seen.length).toBe(before);
    expect(headers[name] === value).toBe(expected);
  });

  test("4.3.4: a 304 with another's tag updates nothing, and is not believed again", async () => {
    site.script = then304({ 'cache-control': 'max-age=10' }, { etag: '"b"' });
    await site.ask(path);
    site.pass(20);
    const answer = await site.ask(path);
    expect([answer.status, answer.body, answer.headers['etag']]).toEqual([200, 'body', '"a"']);
    site.script = () => ({ body: 'new' });
    expect((await site.ask(path)).body).toBe('new');
    expect(site.seen.at(-1)!.headers['if-none-match']).toBeUndefined();
  });

  test.each<[string, Record<string, string>, number]>([
    ['the tag', { 'if-none-match': '"a"' }, 304],
    ['a weak one', { 'if-none-match': 'W/"a"' }, 304],
    ['one of several', { 'if-none-match': '"x", "a" , "y"' }, 304],
    ['one with a comma in it', { 'if-none-match': '"x,", "a"' }, 304],
    ['*', { 'if-none-match': '*' }, 304],
    ['another', { 'if-none-match': '"b"' }, 200],
    ['one that is part of it', { 'if-none-match': '"aa"' }, 200],
    ['without quotes', { 'if-none-match': 'a' }, 200],
    ['the date', { 'if-modified-since': 'Mon, 01 Jan 2001 00:00:00 GMT' }, 304],
    ['a later date', { 'if-modified-since': 'Mon, 01 Jan 2010 00:00:00 GMT' }, 304],
    ['a later date of the old form', { 'if-modified-since': 'Friday, 01-Jan-10 00:00:00 GMT' }, 304],
    ['an earlier date', { 'if-modified-since': 'Mon, 01 Jan 2000 00:00:00 GMT' }, 200],
    ['no date', { 'if-modified-since': 'never' }, 200],
    ['another tag, the date', { 'if-none-match': '"b"', 'if-modified-since': 'Mon, 01 Jan 2001 00:00:00 GMT' }, 200],
    ['the tag, an earlier date', { 'if-none-match': '"a"', 'if-modified-since': 'Mon, 01 Jan 2000 00:00:00 GMT' }, 304],
  ])("4.3.2: a client's condition: %s", async (_, request, status) => {
    site.script = () => ({ headers: { ...validators, 'cache-control': 'max-age=3600', 'x-a': '1' }, body: 'body' });
    await site.ask(path);
    const before = site.seen.length;
    const answer = await site.ask(path, request);
    expect([answer.status, site.seen.length]).toEqual([status, before]);
    expect(answer.headers['etag']).toBe('"a"');
  });

  test('4.3.2: without Last-Modified the date counts', async () => {
    site.script = () => ({ headers: { 'cache-control': 'max-age=3600' } });
    await site.ask(path);
    expect((await site.ask(path, { 'if-modified-since': dateIn(10) })).status).toBe(304);
    expect((await site.ask(path, { 'if-modified-since': dateIn(-3600) })).status).toBe(200);
  });

  test.each(['if-match', 'if-unmodified-since'])('4.3.2: %s is for the origin', async (name) => {
    site.script = () => ({ headers: { ...validators, 'cache-control': 'max-age=3600' } });
    await site.ask(path);
    expect(await site.hits(path, { [name]: '"a"' })).toBe(false);
  });

  test('4.3.1: conditions of a request for which nothing is stored are passed on', async () => {
    site.script = () => ({ status: 304, headers: validators });
    const answer = await site.ask(path, { 'if-none-match': '"a"' });
    expect([answer.status, site.seen.at(-1)!.headers['if-none-match']]).toEqual([304, '"a"']);
    expect(await site.hits(path)).toBe(false);
  });
});

describe('RFC 9111 4.3.5, 4: HEAD', () => {
  const headers = { 'cache-control': 'max-age=100', etag: '"a"' };
  test('is answered from a stored GET', async () => {
    site.script = () => ({ headers, body: 'body' });
    await site.ask(path);
    const before = site.seen.length;
    const answer = await site.ask(path, {}, 'HEAD');
    expect([answer.status, answer.body, answer.headers['content-length'], site.seen.length]).toEqual([
      200,
      '',
      '4',
      before,
    ]);
  });

  test('its answer is not stored', async () => {
    site.script = () => ({ headers });
    await site.ask(path, {}, 'HEAD');
    expect(await site.hits(path)).toBe(false);
  });

  test('refreshes a stored GET that has the same validators', async () => {
    site.script = ({ method }) => ({ headers: { ...headers, 'x-m': method }, body: 'body' });
    await site.ask(path);
    site.pass(200);
    await site.ask(path, {}, 'HEAD');
    const before = site.seen.length;
    const answer = await site.ask(path);
    expect([answer.headers['x-m'], answer.body, site.seen.length]).toEqual(['HEAD', 'body', before]);
  });

  test('ends one whose target is gone', async () => {
    site.script = ({ method }) => (method === 'HEAD' ? { status: 410 } : { headers, body: 'body' });
    await site.ask(path);
    site.pass(200);
    await site.ask(path, {}, 'HEAD');
    expect(await site.hits(path, { 'cache-control': 'max-stale' })).toBe(false);
  });

  test('ends one that has others', async () => {
    site.script = ({ method }) => ({ headers: { ...headers, etag: `"${method}"` }, body: 'body' });
    await site.ask(path);
    site.pass(200);
    await site.ask(path, {}, 'HEAD');
    expect(await site.hits(path, { 'cache-control': 'max-stale' })).toBe(false);
  });
});

describe('RFC 9111 4.4: invalidation', () => {
  const get = { headers: { 'cache-control': 'max-age=3600' } };
  test.each([
    ['POST', 200, true],
    ['PUT', 204, true],
    ['DELETE', 303, true],
    ['M-SEARCH', 200, true],
    ['PROPPATCH', 200, true],
    ['POST', 404, false],
    ['PUT', 500, false],
    ['OPTIONS', 200, false],
    ['TRACE', 200, false],
  ])('%s answered %s', async (method, status, gone) => {
    site.script = ({ method: m }) => (m === 'GET' ? get : { status });
    await site.ask(path);
    await site.ask(path, {}, method);
    expect(await site.hits(path)).toBe(!gone);
  });

  test.each(['location', 'content-location'])('what %s names, on the same origin', async (name) => {
    site.script = ({ method }) => (method === 'GET' ? get : { headers: { [name]: path } });
    await site.ask(path);
    await site.ask('/elsewhere', {}, 'POST', 'x');
    expect(await site.hits(path)).toBe(false);
    site.script = ({ method }) => (method === 'GET' ? get : { headers: { [name]: `http://other${path}` } });
    await site.ask('/elsewhere', {}, 'POST', 'x');
    expect(await site.hits(path)).toBe(true);
  });

  test('all variants go', async () => {
    site.script = ({ method }) =>
      method === 'GET' ? { headers: { 'cache-control': 'max-age=3600', vary: 'foo' } } : {};
    await site.ask(path, { foo: '1' });
    await site.ask(path, { foo: '2' });
    await site.ask(path, {}, 'POST');
    expect([await site.hits(path, { foo: '1' }), await site.hits(path, { foo: '2' })]).toEqual([false, false]);
  });

  test('RFC 9110 9.3.3: a POST that says whose content it has answers a GET', async () => {
    site.script = () => ({ headers: { 'cache-control': 'max-age=3600', 'content-location': path }, body: 'posted' });
    await site.ask(path, {}, 'POST', 'x');
    const before = site.seen.length;
    expect((await site.ask(path)).body).toBe('posted');
    expect(site.seen.length).toBe(before);
    expect((await site.ask(path, {}, 'POST', 'x')).body).toBe('posted');
    expect(site.seen.length).toBe(before + 1);
  });

  test('one that does not say so, does not', async () => {
    site.script = () => ({ headers: { 'cache-control': 'max-age=3600' } });
    await site.ask(path, {}, 'POST', 'x');
    expect(await site.hits(path)).toBe(false);
  });
});

describe('RFC 9110 14: ranges of what is stored', () => {
  test.each<[string, string, number, string, string | undefined]>([
    ['first bytes', 'bytes=0-1', 206, '01', 'bytes 0-1/10'],
    ['to the end', 'bytes=7-', 206, '789', 'bytes 7-9/10'],
    ['the last', 'bytes=-2', 206, '89', 'bytes 8-9/10'],
    ['more than there is', 'bytes=5-500', 206, '56789', 'bytes 5-9/10'],
    ['more of the last than there is', 'bytes=-500', 206, '0123456789', 'bytes 0-9/10'],
    ['beyond the end', 'bytes=10-', 416, '', 'bytes */10'],
    ['nothing', 'bytes=-0', 416, '', 'bytes */10'],
    ['the wrong way round', 'bytes=5-2', 200, '0123456789', undefined],
    ['several', 'bytes=0-1,4-5', 200, '0123456789', undefined],
    ['several, of which one is there', 'bytes=0-1,40-50', 206, '01', 'bytes 0-1/10'],
    ['another unit', 'lines=0-1', 200, '0123456789', undefined],
    ['no range', 'bytes=a-b', 200, '0123456789', undefined],
  ])('%s', async (_, range, status, body, contentRange) => {
    site.script = () => ({ headers: { 'cache-control': 'max-age=3600', etag: '"a"' }, body: '0123456789' });
    await site.ask(path);
    const before = site.seen.length;
    const answer = await site.ask(path, { range });
    expect([answer.status, answer.body, answer.headers['content-range']]).toEqual([status, body, contentRange]);
    expect(site.seen.length).toBe(before);
  });

  test('of a large body, without its neighbours', async () => {
    const big = await Site.start('rfc9111 on\nmax-object-size 2000000');
    try {
      const body = Array.from({ length: 100_000 }, (__, i) => String(i).padStart(6)).join('');
      big.script = () => ({ headers: { 'cache-control': 'max-age=3600' }, body, chunked: true });
      await big.ask('/');
      const answer = await big.ask('/', { range: 'bytes=60000-360005' });
      expect([answer.status, answer.body === body.slice(60_000, 360_006)]).toEqual([206, true]);
      expect((await big.ask('/')).body === body).toBe(true);
      expect(big.seen.length).toBe(1);
    } finally {
      await big.stop();
    }
  });

  test.each<[string, string, number]>([
    ['the tag', '"a"', 206],
    ['another tag', '"b"', 200],
    ['a weak tag', 'W/"a"', 200],
    ['the date', 'Mon, 01 Jan 2001 00:00:00 GMT', 206],
    ['another date', 'Mon, 01 Jan 2002 00:00:00 GMT', 200],
  ])('13.1.5: If-Range with %s', async (_, condition, status) => {
    const headers = { 'cache-control': 'max-age=3600', etag: '"a"', 'last-modified': 'Mon, 01 Jan 2001 00:00:00 GMT' };
    site.script = () => ({ headers, body: '0123456789' });
    await site.ask(path);
    expect((await site.ask(path, { range: 'bytes=0-1', 'if-range': condition })).status).toBe(status);
  });

  test.each<[string, string, boolean, string]>([
    ['the same', 'bytes=2-6', true, '23456'],
    ['within it', 'bytes=3-4', true, '34'],
    ['by its end', 'bytes=-4', true, '6789'],
    ['beyond it', 'bytes=1-3', false, ''],
    ['to the end', 'bytes=6-', true, '6789'],
    ['several', 'bytes=3-4,5-6', false, ''],
    ['of no bytes', 'bytes=a', false, ''],
  ])('RFC 9111 3.3: a stored part answers for a range of it: %s', async (name, range, expected, body) => {
    const [first, last] = name === 'by its end' || name === 'to the end' ? [2, 9] : [2, 6];
    site.script = () => ({
      status: 206,
      headers: { 'cache-control': 'max-age=3600', etag: '"a"', 'content-range': `bytes ${first}-${last}/10` },
      body: '0123456789'.slice(first, last + 1),
    });
    await site.ask(path, { range: `bytes=${first}-${last}` });
    expect(await site.hits(path, { range })).toBe(expected);
    if (!expected) return;
    const answer = await site.ask(path, { range });
    expect([answer.status, answer.body, answer.headers['content-length']]).toEqual([206, body, String(body.length)]);
    expect(answer.headers['content-range']).toMatch(/^bytes \d-\d\/10$/);
    expect((await site.ask(path, { range, 'if-none-match': '"a"' })).status).toBe(304);
    // The whole is not there; and once it is, it answers all.
    site.script = () => ({ headers: { 'cache-control': 'max-age=3600', etag: '"a"' }, body: '0123456789' });
    expect(await site.hits(path)).toBe(false);
    expect([await site.hits(path), await site.hits(path, { range: 'bytes=0-1' })]).toEqual([true, true]);
  });

  test('a stored part is validated', async () => {
    const headers = { 'cache-control': 'max-age=10', etag: '"a"', 'content-range': 'bytes 0-4/10' };
    site.script = () => ({ status: 206, headers, body: '01234' });
    await site.ask(path, { range: 'bytes=0-4' });
    site.pass(20);
    site.script = () => ({ status: 304, headers: { 'cache-control': 'max-age=10', etag: '"a"' } });
    const answer = await site.ask(path, { range: 'bytes=0-4' });
    expect([answer.status, answer.body, answer.headers['content-range']]).toEqual([206, '01234', 'bytes 0-4/10']);
    expect(await site.hits(path, { range: 'bytes=1-2' })).toBe(true);
  });

  test('a partial answer that does not have what it says is passed on and not stored', async () => {
    site.script = () => ({
      status: 206,
      headers: { 'cache-control': 'max-age=3600', 'content-range': 'bytes 0-3/5' },
      body: '0',
    });
    expect((await site.ask(path, { range: 'bytes=0-0' })).status).toBe(206);
    expect(await site.hits(path)).toBe(false);
  });
});

describe('RFC 9111 4.2.4, RFC 5861: stale', () => {
  const dies =
    (headers: Fields, error: Script = { dead: true }) =>
    (seen: { url: string }) =>
      site.seen.filter(({ url }) => url === seen.url).length > 1 ? error : { headers, body: 'old' };

  test.each<[string, string, Script, boolean]>([
    ['no server', 'max-age=10', { dead: true }, true],
    ['503', 'max-age=10', { status: 503 }, false],
    ['503, stale-if-error', 'max-age=10, stale-if-error=60', { status: 503 }, true],
    ['500, stale-if-error', 'max-age=10, stale-if-error=60', { status: 500 }, true],
    ['404, stale-if-error', 'max-age=10, stale-if-error=60', { status: 404 }, false],
    ['503, stale-if-error gone by', 'max-age=10, stale-if-error=5', { status: 503 }, false],
    ['no server, must-revalidate', 'max-age=10, must-revalidate', { dead: true }, false],
    ['no server, proxy-revalidate', 'max-age=10, proxy-revalidate', { dead: true }, false],
    ['no server, no-cache', 'max-age=10, no-cache', { dead: true }, false],
    ['no server, s-maxage', 's-maxage=10', { dead: true }, false],
    ['no server, s-maxage with stale-if-error', 's-maxage=10, stale-if-error=60', { dead: true }, true],
  ])('%s, %s', async (_, value, error, served) => {
    site.script = dies({ 'cache-control': value, etag: '"a"' }, error);
    await site.ask(path);
    site.pass(20);
    const answer = await site.ask(path);
    expect(answer.body === 'old').toBe(served);
    if (served) expect([answer.status, answer.headers['age']]).toEqual([200, '20']);
  });

  test("stale-if-error of a client's", async () => {
    site.script = dies({ 'cache-control': 'max-age=10', etag: '"a"' }, { status: 503 });
    await site.ask(path);
    site.pass(20);
    expect((await site.ask(path, { 'cache-control': 'stale-if-error=60' })).body).toBe('old');
  });

  test('stale-while-revalidate: served at once, refreshed behind', async () => {
    site.script = (_seen, n) => ({
      headers: { 'cache-control': 'max-age=10, stale-while-revalidate=60' },
      body: `body ${n}`,
    });
    const first = await site.ask(path);
    site.pass(20);
    const before = site.seen.length;
    const stale = await site.ask(path);
    expect([stale.body, stale.headers['age']]).toEqual([first.body, '20']);
    await expect.poll(() => site.seen.length).toBe(before + 1);
    await expect.poll(async () => (await site.ask(path)).body).toBe(`body ${before + 1}`);
    expect(site.seen.length).toBe(before + 1);
    site.pass(100);
    expect((await site.ask(path)).body).toBe(`body ${before + 2}`);
  });

  test('stale-while-revalidate with a validator', async () => {
    const headers = { 'cache-control': 'max-age=10, stale-while-revalidate=60', etag: '"a"' };
    site.script = ({ headers: asked }) =>
      asked['if-none-match'] === '"a"' ? { status: 304, headers } : { headers, body: 'body' };
    await site.ask(path);
    site.pass(20);
    const before = site.seen.length;
    expect((await site.ask(path, { 'x-mine': '1' })).body).toBe('body');
    await expect.poll(() => site.seen.length).toBe(before + 1);
    expect(site.seen.at(-1)!.headers['x-mine']).toBe('1');
    await expect.poll(async () => (await site.ask(path)).headers['age']).toBe('0');
    expect(site.seen.length).toBe(before + 1);
  });
});

describe('what is stored', () => {
  test.each([
    ['test-header', true],
    ['x-frame-options', true],
    ['content-security-policy', true],
    ['content-md5', true],
    ['set-cookie', true],
    ['content-location', true],
    ['public-key-pins', true],
    ['te', false],
    ['proxy-authenticate', false],
    ['proxy-authorization', false],
    ['proxy-connection', false],
    ['keep-alive', false],
    ['upgrade', false],
    ['proxy-authentication-info', false],
  ])('3.1: %s', async (name, stored) => {
    site.script = () => ({ headers: { 'cache-control': 'max-age=3600', [name]: 'x' } });
    await site.ask(path);
    const before = site.seen.length;
    expect((await site.ask(path)).headers[name] === 'x').toBe(stored);
    expect(site.seen.length).toBe(before);
  });

  test('3.1: not what Connection names', async () => {
    site.script = () => ({ headers: { 'cache-control': 'max-age=3600', connection: 'x-a', 'x-a': '1', 'x-b': '1' } });
    await site.ask(path);
    const { headers } = await site.ask(path);
    expect([headers['x-a'], headers['x-b']]).toEqual([undefined, '1']);
  });

  test('a Date where there is none, a length where there is none', async () => {
    site.script = () => ({
      headers: { 'cache-control': 'max-age=3600' },
      dateless: true,
      chunked: true,
      body: 'chunks',
    });
    await site.ask(path);
    const { headers, body } = await site.ask(path);
    expect([headers['content-length'], headers['transfer-encoding'], body]).toEqual(['6', undefined, 'chunks']);
    expect(Date.parse(headers['date']!)).toBeGreaterThan(0);
  });

  test('queries are part of the target', async () => {
    site.script = () => ({ headers: { 'cache-control': 'max-age=3600' } });
    await site.ask(`${path}?a=1`);
    expect([await site.hits(`${path}?a=1`), await site.hits(`${path}?a=2`)]).toEqual([true, false]);
  });
});
