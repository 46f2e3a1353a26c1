import { expect, test } from 'vitest';
import { CryptThread } from '../../plugins/http-rules/crypt-thread.ts';
import { load, said } from '../words/load.ts';
import { arena } from './arena.ts';
import type { Side } from './side.ts';

/** The password `secret`, as crypt(3) of libxcrypt encrypts it. */
const HASHES: Readonly<Record<string, string>> = {
  des: 'abNANd1rDfiNc',
  bsdi: '_J9..CCCCcAjMsTRdVIM',
  md5: '$1$abc$iCQ2D3nhptRYi27fDYv2s1',
  sha1: '$sha1$40$abcdefgh$UgfE50RDQMAqL8i1qWlZ3y0r0Jaj',
  sha256: '$5$abc$qsg6EHbUzHQzF1POlD7zUwBINSELQxypPaeDcZe6vH0',
  sha512: '$6$saltsalt$TVLlQcbpFVof5W3Yz4DTP6gRstiNuHwwTt6GLc1E5n0U0aDehy0S5knV8wiOQSpT0Y77vwPZN.Pq.H91p5hVO1',
  bcrypt2a: '$2a$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a',
  bcrypt2b: '$2b$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a',
  bcrypt2y: '$2y$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a',
  yescrypt: '$y$j75$abcdefgh$uMUXG79B2cFpoAYyDccUnsaH/aGTyBYMlnQidzyag01',
  gost: '$gy$j75$abcdefgh$lRD8hCfuUnaykqHEd24aR4OED0E.hiL5k0lM9Kg0qT5',
  scrypt: '$7$AU..../....abcdefgh$JrOSn62f4Zs4eTAW8YI0SIS2FIlxHieyHBfhrHitMAB',
  sunmd5: '$md5,rounds=1$abcdefgh$$8kPhhW5P0PJwqeBHKzPi8/',
  locked: '!$1$abc$iCQ2D3nhptRYi27fDYv2s1',
  star: '*0',
  unknown: '$zz$abc$def',
};

const USERS = Object.entries(HASHES)
  .map(([name, hash]) => `  user ${name} password '${hash}' groups some${name === 'md5' ? ',others' : ''}`)
  .join('\n');

const SITE = `userlist {name}
  group some
  group others users plain
${USERS}
  user plain insecure-password "päss:wörd"
listen {name}
  bind {bind}
  http-request set-header authorization "Basic c2hhMjU2OnNlY3JldA==" if { path /changed }
  acl known http_auth({name})
  http-request return status 200 content-type text/plain lf-string "%[http_auth_group({name})]" hdr x-others yes if known { http_auth_group({name}) others }
  http-request return status 200 content-type text/plain lf-string "%[http_auth_group({name})]" if known
  http-request auth realm "a realm" unless known
`;

const as = (user: string, more = ''): string =>
  `GET / HTTP/1.1\r\nHost: h\r\n${more}Authorization: Basic ${Buffer.from(user, 'latin1').toString('base64')}\r\nConnection: close\r\n\r\n`;

async function each(side: Side, requests: readonly string[]): Promise<Record<string, string>> {
  const answers: Record<string, string> = {};
  for (const request of requests) {
    const answer = await side.ask(request.startsWith('GET') ? request : as(request));
    answers[request] =
      `${answer.split(' ')[1]} ${answer.split('\n\n')[1] ?? ''}${answer.includes('x-others') ? ' others' : ''}`;
  }
  return answers;
}

arena('userlists', ({ agree }) => {
  agree(
    'passwords encrypted in every way the system knows',
    SITE,
    (side) =>
      each(
        side,
        Object.keys(HASHES).map((name) => `${name}:secret`),
      ),
    (seen) => {
      const [good, bad] = [Object.keys(HASHES).slice(0, 13), Object.keys(HASHES).slice(13)];
      for (const name of good)
        expect(seen[`${name}:secret`], name).toMatch(
          name === 'md5' ? /^200 .*others$/s : new RegExp(`^200 .*${name}`, 's'),
        );
      for (const name of bad) expect(seen[`${name}:secret`], name).toMatch(/^401/);
    },
  );
  agree(
    'wrong passwords, twice, and then the right one',
    SITE,
    (side) =>
      each(
        side,
        Object.keys(HASHES).flatMap((name) => [`${name}:wrong`, `${name}:`, `${name}:secret`, `${name}:secre`]),
      ),
    (seen) => {
      for (const name of Object.keys(HASHES)) expect(seen[`${name}:wrong`]).toMatch(/^401/);
    },
  );
  agree(
    'plain passwords, users without one, and fields that are none',
    SITE,
    (side) =>
      each(side, [
        'plain:päss:wörd',
        'plain:päss',
        'plain:',
        'missing:secret',
        ':',
        'md5',
        'GET / HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer abc\r\nConnection: close\r\n\r\n',
        'GET / HTTP/1.1\r\nHost: h\r\nAuthorization: basic bWQ1OnNlY3JldA==\r\nConnection: close\r\n\r\n',
        'GET / HTTP/1.1\r\nHost: h\r\nAuthorization: Basic\r\nConnection: close\r\n\r\n',
        'GET / HTTP/1.1\r\nHost: h\r\nAuthorization: Basic !!!\r\nConnection: close\r\n\r\n',
        'GET /changed HTTP/1.1\r\nHost: h\r\nAuthorization: Basic bWQ1Ondyb25n\r\nConnection: close\r\n\r\n',
      ]),
    (seen) => expect(seen['plain:päss:wörd']).toMatch(/others$/),
  );
});

test('a thread checks SHA-256 and SHA-512 where there is no library', async () => {
  const thread = new CryptThread();
  const asked = await Promise.all([
    thread.ask('secret', HASHES['sha256']!),
    thread.ask('wrong', HASHES['sha256']!),
    thread.ask('secret', HASHES['sha512']!),
    thread.ask('secret', 'nonsense'),
  ]);
  thread.stop();
  expect(asked).toEqual([true, false, true, false]);
});

test('a hash that no password can match is told', async () => {
  const config = await load(
    'userlist u',
    ' user a password $zz$abc$def',
    ' user b password $1$abc$iCQ2D3nhptRYi27fDYv2s1',
  );
  const messages = said(config);
  expect(messages.length).toBe(1);
  expect(messages[0]).toMatch(/no password matches '\$zz\$abc\$def'|only passwords encrypted with SHA-256/);
});
