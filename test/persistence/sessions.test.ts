import { arena } from '../http/arena.ts';
import { response } from '../http/scripted-origin.ts';
import type { Side } from '../http/side.ts';
import { get } from '../http/wire.ts';

const backend = (...lines: string[]): string => `listen {name}
  bind {bind}
  ${lines.join('\n  ')}
  server s1 {origin1}
  server s2 {origin2}
`;

/** Each origin says its name, and begins a session for who asks for `/login`. */
function applications(side: Side, cookie: string): void {
  for (const number of [1, 2]) {
    side.originOf(number).play = async (on) => {
      await on.sees('\r\n\r\n');
      const login = on.received.startsWith('GET /login');
      on.send(response(`s${number}`, 'Connection: close', ...(login ? [`Set-Cookie: ${cookie}; path=/`] : [])));
      on.end();
    };
  }
}

/** Who answered each of the requests, in order. */
async function answeredBy(side: Side, requests: readonly string[]): Promise<string[]> {
  const names: string[] = [];
  for (const request of requests) names.push((await side.ask(request)).match(/s[12](?=\(closed\)|$)/)?.[0] ?? '?');
  return names;
}

/** The RDP connection request of a client with a cookie: TPKT, X.224, text; ITU-T X.224 13.3. */
function rdp(cookie: string): string {
  const text = `Cookie: ${cookie}\r\n`;
  const length = 11 + text.length;
  return `\x03\x00\x00${String.fromCharCode(length)}${String.fromCharCode(length - 5)}\xe0\x00\x00\x00\x00\x00${text}`;
}

arena('sessions of applications', ({ alone, agree }) => {
  alone(
    'appsession: learned from the answer, found in the cookie and in the path',
    backend('appsession JSESSIONID len 8 timeout 1h'),
    async (side) => {
      applications(side, 'JSESSIONID=abcdefgh-and-more');
      return answeredBy(side, [
        get('/login'),
        get('/', 'Cookie: x=1; JSESSIONID=abcdefgh'),
        get('/', 'Cookie: JSESSIONID=abcdefgh-other-tail'),
        get('/a;jsessionid=abcdefgh?q=1'),
        get('/?jsessionid=abcdefgh'),
        get('/'),
        get('/', 'Cookie: JSESSIONID=unknown1'),
        get('/', 'Cookie: JSESSIONID=abcdefgh'),
      ]);
    },
    (seen, expect) => expect(seen).toEqual(['s1', 's1', 's1', 's1', 's2', 's1', 's2', 's1']),
  );
  alone(
    'appsession request-learn, prefix and mode query-string',
    backend('appsession ASP len 20 timeout 1h request-learn prefix mode query-string'),
    async (side) => {
      applications(side, 'ASPX=one');
      return answeredBy(side, [
        get('/login'),
        get('/', 'Cookie: ASPX=one'),
        get('/', 'Cookie: ASPY=one'),
        get('/', 'Cookie: ASPY=one'),
        get('/', 'Cookie: ASPX=one'),
        get('/p?a=1&ASPY=one'),
        get('/p;ASPY=one'),
      ]);
    },
    (seen, expect) => expect(seen).toEqual(['s1', 's1', 's2', 's2', 's1', 's2', 's1']),
  );
  alone(
    'a session that was not used for its timeout is forgotten',
    backend('appsession S len 8 timeout 150ms'),
    async (side) => {
      applications(side, 'S=1');
      const first = await answeredBy(side, [get('/login'), get('/', 'Cookie: S=1'), get('/')]);
      await new Promise((resolve) => setTimeout(resolve, 300));
      return [...first, ...(await answeredBy(side, [get('/'), get('/', 'Cookie: S=1')]))];
    },
    (seen, expect) => expect(seen).toEqual(['s1', 's1', 's2', 's1', 's2']),
  );
  agree(
    // The connection by which the suite sees that the port is open was the first.
    'persist rdp-cookie: the server at the address in the cookie',
    `listen {name}
  mode tcp
  log-format "%ft"
  bind {bind}
  tcp-request inspect-delay 2s
  tcp-request content accept if { req.rdp_cookie -m found }
  tcp-request content accept if WAIT_END
  persist rdp-cookie
  server s1 {origin1}
  server s2 {origin2}
`,
    async (side) => {
      const said: string[] = [];
      for (const number of [1, 2]) {
        side.originOf(number).play = async (on) => {
          await on.sees('\r\n');
          on.send(`s${number}`);
          on.end();
        };
      }
      const port = side.originOf(2).port;
      const swapped = ((port & 255) << 8) | (port >>> 8);
      for (const cookie of [
        `msts=16777343.${swapped}.0000`,
        `msts=16777343.${swapped}.0000`,
        'msts=1.1.0000',
        'other=1.1.0000',
      ]) {
        const client = await side.client(rdp(cookie));
        await client.when(() => client.closed !== 'open');
        said.push(client.received);
      }
      return said;
    },
    (seen, expect) => expect(seen).toEqual(['s2', 's2', 's2', 's1']),
  );
});
