import { arena } from '../http/arena.ts';
import { response } from '../http/scripted-origin.ts';
import type { Side } from '../http/side.ts';
import { get, post } from '../http/wire.ts';
import { encodeDate } from '../../plugins/persistence/cookie-dates.ts';

/** Origins set what the path asks for: `/set/a=1/b=2`, and say which of them answered. */
function answering(side: Side, numbers: readonly number[]): void {
  for (const number of numbers) {
    side.originOf(number).play = async (on) => {
      await on.sees('\r\n\r\n');
      const path = /^\S+ (\S*)/.exec(on.received)![1]!;
      const fields = path.startsWith('/with/') ? decodeURIComponent(path.slice(6)).split('|') : [];
      on.send(response(`s${number}`, 'Connection: close', ...fields));
      on.end();
    };
  }
}

const DATE = /\|[A-Za-z0-9+/]{5}/g;

/** Asks one after the other, and tells who answered, which cookies he saw, which ones the client gets, and what the log says. */
async function visits(side: Side, requests: readonly string[], origins = [1, 2]): Promise<unknown[]> {
  answering(side, origins);
  const seen: unknown[] = [];
  for (const [index, request] of requests.entries()) {
    const before = origins.map((number) => side.originOf(number).connections.length);
    const answer = await side.ask(request);
    const line = (await side.logged(index + 1))[index]!;
    const served = origins.filter((number, at) => side.originOf(number).connections.length > before[at]!);
    const last = served.at(-1);
    const arrived = last === undefined ? '' : side.originOf(last).connections.at(-1)!.received;
    seen.push({
      status: answer.slice(9, 12),
      by: last,
      cookie: [...arrived.matchAll(/^cookie: (.*?)\r$/gim)].map(([, value]) => value!.replace(DATE, '|DATE')),
      set: [...answer.matchAll(/^(set-cookie|cache-control): (.*)$/gim)].map(([, , value]) =>
        value!.replace(DATE, '|DATE'),
      ),
      log: / (\S{4}) rc=(\S+)/.exec(line)!.slice(1),
    });
  }
  return seen;
}

const backend = (...lines: string[]): string => `listen {name}
  bind {bind}
  ${lines.join('\n  ')}
`;
const TWO = ['server s1 {origin1} cookie A', 'server s2 {origin2} cookie B'];

const with_ = (...fields: string[]): string => get(`/with/${encodeURIComponent(fields.join('|'))}`);
const cookies = (...fields: string[]): string => get('/', ...fields.map((field) => `Cookie: ${field}`));
const REQUESTS = [
  get('/'),
  cookies('SRV=A'),
  cookies('SRV=B'),
  cookies('SRV=Z'),
  cookies('SRV='),
  cookies('SRV'),
  cookies('srv=B'),
  cookies('SRV="B"'),
  cookies('SRV=B~sess'),
  cookies('SRV=A~x; y=1'),
  cookies('x = 1; SRV = B; y = 2'),
  cookies('x=1 ;y=2 ;SRV=B ; z=3'),
  cookies('x=1,SRV=B,y=2'),
  cookies(';SRV=B;; x'),
  cookies('x="a;SRV=B"; y=1'),
  cookies('$Version=1; SRV=B; $Path=/; q=1; $Path=/'),
  cookies('$Version=1; SRV=B; $Path="/"'),
  cookies('SRV=Z; SRV=B'),
  cookies('SRV=A', 'SRV=B; x=1'),
  with_('Set-Cookie: SRV=own; path=/'),
  with_('Set-Cookie: a=1; path=/', 'Set-Cookie: SRV=own'),
  with_('Set-Cookie: SRV = "q v" ; HttpOnly'),
  with_('Set-Cookie: SRV=own, b=2'),
  with_('ETag: "x"'),
  with_('Cache-Control: private, max-age=5'),
  with_('Set-Cookie: SRV=own', 'Expires: 0'),
  post('/', ''),
];

arena('persistence by cookies', ({ agree }) => {
  for (const options of [
    '',
    'indirect',
    'insert',
    'insert indirect',
    'insert indirect nocache',
    'insert nocache postonly',
    'insert preserve',
    'insert indirect preserve',
    'rewrite',
    'prefix',
    'prefix indirect',
    'insert httponly secure domain .a.com domain b.com attr "SameSite=Lax" attr x',
  ]) {
    agree(
      `cookie SRV ${options}`,
      backend(`cookie SRV ${options}`, ...TWO),
      (side) => visits(side, REQUESTS),
      (seen, expect) => expect(seen).toMatchSnapshot(),
    );
  }

  const now = Date.now() / 1000;
  const dated = (...ages: (number | string)[]): string =>
    cookies(`SRV=B${ages.map((age) => `|${typeof age === 'string' ? age : encodeDate(now - age)}`).join('')}`);
  for (const options of ['maxidle 10m', 'maxlife 10m', 'maxidle 10m maxlife 10m', '']) {
    agree(
      `dates with cookie SRV insert ${options}`,
      backend(`cookie SRV insert ${options}`, ...TWO),
      (side) =>
        visits(side, [
          ...[0, 300, 500, 700, 4000, -3600, -90_000].map((age) => dated(age)),
          dated('zz'),
          dated(''),
          dated('!!!!!'),
          dated('', 0),
          dated(0, 0),
          dated(0, 400),
          dated(0, 700),
          dated(700, 0),
          dated(0, -90_000),
          dated(0, 'zz'),
          dated(400, 400, 'q'),
        ]),
      (seen, expect) => expect(seen).toMatchSnapshot(),
    );
  }

  const DOWN = ['server s1 {origin1} cookie A disabled', 'server s2 {origin2} cookie B'];
  const DEAD = ['server s1 {dead} cookie A', 'server s2 {origin2} cookie B'];
  for (const [title, lines, requests] of [
    ['a server that is down', DOWN, [get('/'), cookies('SRV=A'), cookies('SRV=B')]],
    ['a server that is down, option persist', ['option persist', ...DOWN], [cookies('SRV=A'), cookies('SRV=B')]],
    [
      'a server that refuses, option redispatch',
      ['option redispatch', 'retries 1', ...DEAD],
      [cookies('SRV=A'), cookies('SRV=B')],
    ],
    ['a server that refuses', ['retries 1', ...DEAD], [cookies('SRV=A'), cookies('SRV=B')]],
    [
      'force-persist and ignore-persist',
      [
        'acl f hdr(f) 1',
        'acl i hdr(i) 1',
        'force-persist if f',
        'ignore-persist if i',
        ...DOWN,
        'server s3 {origin3} cookie C',
      ],
      [
        get('/'),
        cookies('SRV=A'),
        get('/', 'Cookie: SRV=A', 'f: 1'),
        get('/', 'Cookie: SRV=B', 'i: 1'),
        get('/', 'Cookie: SRV=B', 'i: 1'),
        get('/', 'Cookie: SRV=B', 'i: 1', 'f: 1'),
      ],
    ],
    [
      'a weight of zero does not keep clients away',
      ['server s1 {origin1} cookie A weight 0', 'server s2 {origin2} cookie B', 'server s3 {origin3} backup cookie A'],
      [get('/'), get('/'), cookies('SRV=A')],
    ],
    ['a server without a cookie', ['server s1 {origin1}', 'server s2 {origin2} cookie B'], [get('/'), get('/')]],
    [
      'rules of the response see the cookie when HAProxy shows it to them',
      [
        'http-response deny if { res.hdr(x) 1 }',
        'http-response add-header set-cookie rule=%[res.cook(SRV)]',
        'http-after-response add-header set-cookie after=%[res.cook(SRV)]',
        ...TWO,
      ],
      [get('/'), with_('x: 1')],
    ],
  ] as const) {
    agree(
      title,
      backend('cookie SRV insert indirect', ...lines),
      (side) =>
        visits(
          side,
          requests,
          lines.some((line) => line.includes('{origin3}'))
            ? [1, 2, 3]
            : lines.some((line) => line.includes('{dead}'))
              ? [2]
              : [1, 2],
        ),
      (seen, expect) => expect(seen).toMatchSnapshot(),
    );
  }

  agree(
    'dynamic cookies: one for each server, and it comes back',
    backend('cookie SRV insert dynamic', 'dynamic-cookie-key hello', 'server s1 {origin1}'),
    async (side) => {
      answering(side, [1]);
      const first = /set-cookie: SRV=([0-9a-f]{16});/.exec(await side.ask(get('/')))?.[1];
      const again = await side.ask(cookies(`SRV=${first}`));
      return { length: first?.length, again: again.includes('set-cookie') };
    },
    (seen, expect) => expect(seen).toEqual({ length: 16, again: false }),
  );
});
