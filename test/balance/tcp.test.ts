import { sleep } from '../support/wait.ts';
import { arena } from '../http/arena.ts';
import type { Side } from '../http/side.ts';

/** A connection request of an RDP client: a TPKT (RFC 1006) with an X.224 request that carries a cookie. */
function rdp(cookie: string): string {
  const text = `Cookie: ${cookie}\r\n`;
  const header = String.fromCharCode(6 + text.length, 0xe0, 0, 0, 0, 0, 0);
  return String.fromCharCode(3, 0, 0, 4 + header.length + text.length) + header + text;
}

/** Which origin got each of the connections, which are made one after the other. */
async function origins(side: Side, messages: readonly string[]): Promise<number[]> {
  const all = [side.origin, side.originOf(2), side.originOf(3)];
  const counts = (): number[] => all.map(({ connections }) => connections.length);
  const got: number[] = [];
  for (const message of messages) {
    const before = counts();
    await side.client(message);
    for (let i = 0; i < 200 && counts().join() === before.join(); i++) await sleep(10);
    got.push(counts().findIndex((count, index) => count > before[index]!));
  }
  return got;
}

const section = (lines: string): string => `listen {name}
  bind {bind}
  mode tcp
  log-format "%ft %b/%s %ts"
  tcp-request inspect-delay 2s
  tcp-request content accept if { req.len gt 10 }
  tcp-request content reject
  ${lines}
  server a {origin}
  server b {origin2}
  server c {origin3}`;

const USERS = Array.from({ length: 14 }, (_, index) => `user${index * 7}`);

arena('balance in TCP mode', ({ agree, differ }) => {
  for (const lines of [
    'balance rdp-cookie',
    'balance rdp-cookie(MSTSHASH)\n  hash-type consistent',
    'balance rdp-cookie(other)',
  ]) {
    agree(
      lines,
      section(lines),
      (side) => origins(side, [...USERS.map((user) => rdp(`mstshash=${user}`)), rdp('other=x'), 'no cookie at all']),
      (seen, expect) => expect(new Set(seen)).toEqual(new Set([0, 1, 2])),
    );
  }
  // HAProxy has no contents at hand there, and lets servers take turns.
  differ(
    'balance hash of the payload',
    section('balance hash req.payload(0,12),crc32'),
    async (side) => {
      const users = USERS.slice(0, 6).map((user) => user.padEnd(12, '.'));
      return [await origins(side, users), await origins(side, users)];
    },
    {
      sluice: ([first, second], expect) => expect(second).toEqual(first),
      haproxy: (seen, expect) => expect(seen.flat()).toEqual([0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2]),
    },
  );
  agree(
    'what needs HTTP takes turns',
    section('balance uri'),
    (side) =>
      origins(
        side,
        USERS.slice(0, 5).map((user) => user.padEnd(12, '.')),
      ),
    (seen, expect) => expect(seen).toEqual([0, 1, 2, 0, 1]),
  );
});
