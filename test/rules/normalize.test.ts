import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LoadedConfig } from '../../core/config/index.ts';
import { NORMALIZERS } from '../../plugins/http-rules/normalizers.ts';
import { arena } from '../http/arena.ts';
import type { Side } from '../http/side.ts';
import { load, said } from '../words/load.ts';

const SAMPLES: Readonly<Record<string, readonly string[]>> = {
  'fragment-encode': ['/#foo', '/a#b#c', '/?a#b', '/'],
  'fragment-strip': ['/#foo', '/a#b#c', '/?a#b', '/'],
  'path-merge-slashes': ['//', '/foo//bar', '///a////b//', '/a?b//c', '//?//', '/%2f/'],
  'path-strip-dot': ['/.', '/./bar/', '/a/./a', '/.well-known/', '/a/.', '/././', '/a/./?./', '/..', '/.a/./.b'],
  'path-strip-dotdot': [
    '/foo/../',
    '/foo/../bar/',
    '/foo/bar/../',
    '/../bar/',
    '/bar/../../',
    '/foo//../',
    '/foo/%2E%2E/',
    '/..',
    '/../..',
    '/a/..',
    '/a/b/..',
    '/a/../..',
    '/a/b/../../c',
    '/..a/../b',
    '/a/...',
    '/x?/../y',
    '//..',
  ],
  'path-strip-dotdot full': ['/../bar/', '/bar/../../', '/..', '/../..', '/a/../../b', '/a/..', '/../a/../../b/..'],
  'percent-decode-unreserved': [
    '/%61dmin',
    '/foo%3Fbar=baz',
    '/%%36%36',
    '/%ZZ',
    '/a%',
    '/%4',
    '/%7e%2D%2e%5F',
    '/?%61=%41',
  ],
  'percent-decode-unreserved strict': ['/%61dmin', '/%%36%36', '/%ZZ', '/a%', '/%4', '/?a=%zz', '/%41'],
  'percent-to-uppercase': ['/%6f', '/%zz', '/%c3%a4?%e2%82', '/a%', '/%4', '/%%6f'],
  'percent-to-uppercase strict': ['/%6f', '/%zz', '/?%c3', '/?%c', '/%'],
  'query-sort-by-name': [
    '/?c=3&a=1&b=2',
    '/?aaa=3&a=1&aa=2',
    '/?a=3&b=4&a=1&b=5&a=2',
    '/?',
    '/',
    '/?b&a',
    '/?&',
    '/?a&&b&',
    '/?a&',
    '/?=1&=0&a',
    '/?b=1?c&a',
    '/x?a%3d=1&a=2',
  ],
};

const names = Object.keys(SAMPLES);
const SITES = names
  .map(
    (name, index) => `frontend {name}${index}
  bind {bind${index || ''}}
  option accept-invalid-http-request
  http-request normalize-uri ${name}
  http-request return status 200 content-type text/plain lf-string "%[url]"`,
  )
  .join('\n');

const normalized = async (side: Side): Promise<Record<string, string>> => {
  const seen: Record<string, string> = {};
  for (const [index, name] of names.entries()) {
    for (const uri of [...SAMPLES[name]!, '*', `http://h${SAMPLES[name]![0]}`]) {
      const client = await side.client(
        `GET ${uri} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`,
        index || undefined,
      );
      await client.sawClose();
      seen[`${name} ${uri}`] = `${client.received.slice(9, 12)} ${client.received.split('\r\n\r\n')[1]}`;
    }
  }
  return seen;
};

arena(
  'normalize-uri',
  ({ agree }) => {
    agree('every normalizer', SITES, normalized, (seen, check) => check(seen).toMatchSnapshot());
  },
  { global: 'expose-experimental-directives' },
);

describe('normalizers', () => {
  const uri = fc
    .array(fc.constantFrom('/', '.', '..', 'a', '%2e', '%', '%zz', '?', '&', '=', '#', 'b'), { maxLength: 20 })
    .map((parts) => `/${parts.join('')}`);

  // Decoding is not: `%2561` becomes `%61`, which HAProxy leaves at that.
  test.each(Object.keys(NORMALIZERS).filter((name) => name !== 'percent-decode-unreserved'))(
    '%s: what is normal stays as it is',
    (name) => {
      for (const optional of [false, true]) {
        const normalize = NORMALIZERS[name]!.make(optional);
        fc.assert(
          fc.property(uri, (text) => {
            const once = normalize(text);
            if (once !== undefined) expect(normalize(once)).toBe(once);
          }),
        );
      }
    },
  );

  const alerts = (config: LoadedConfig): string[] => said(config).filter((message) => message.startsWith('alert'));

  test('are experimental, and know their words', async () => {
    const rule = (text: string): string[] => ['frontend f', ' mode http', ` http-request normalize-uri ${text}`];
    expect(alerts(await load(...rule('path-strip-dot')))).toEqual([expect.stringContaining('is experimental')]);
    const exposed = ['global', ' expose-experimental-directives'];
    expect(alerts(await load(...exposed, ...rule('path-strip-dots')))).toEqual([
      expect.stringContaining("'path-strip-dot'"),
    ]);
    expect(alerts(await load(...exposed, ...rule('path-strip-dotdot strict')))).toEqual([
      expect.stringContaining("'full'"),
    ]);
    expect(alerts(await load(...exposed, ...rule('percent-to-uppercase strict if { path / }')))).toEqual([]);
  });
});
