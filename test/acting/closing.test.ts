import { arena } from '../http/arena.ts';
import { Side } from '../http/side.ts';
import { get } from '../http/wire.ts';

/** Only who may put a socket into repair mode can close it without a packet. */
const silent = process.getuid?.() === 0;

const tcp = (...lines: string[]): string =>
  ['listen {name}', 'bind {bind}', 'mode tcp', 'log-format "%ft"', 'server s {origin}', ...lines].join('\n  ');

/** What a client sees of the end of its connection in the time in which it would have seen one. */
async function end(side: Side, bytes: string): Promise<unknown> {
  const client = await side.client(bytes);
  await client.sawClose(Side.QUIET);
  return [client.received, client.closed];
}

arena('closing without a word', ({ agree }) => {
  if (silent) {
    for (const [place, configuration, bytes] of [
      ['http-request', 'http-request silent-drop', get('/')],
      ['http-response', 'http-response silent-drop', get('/')],
      // What a client sends afterwards, the system resets: there is no such connection.
      ['tcp-request content', tcp('tcp-request content silent-drop'), ''],
      ['tcp-request connection', 'tcp-request connection silent-drop', ''],
      ['tcp-response content', tcp('tcp-response content silent-drop'), ''],
    ] as const) {
      agree(
        `${place} silent-drop: the client sees nothing`,
        configuration,
        (side) => end(side, bytes),
        (seen, expect) => expect(seen).toEqual(['', 'open']),
      );
    }
  }

  agree(
    'expect-proxy, and something else comes',
    'tcp-request connection expect-proxy layer4',
    (side) => end(side, get('/')),
    (seen, expect) => expect(seen).toEqual(['', 'reset']),
  );

  agree(
    'accept-proxy, and something else comes',
    ['listen {name}', 'bind {bind} accept-proxy', 'server s {origin}'].join('\n  '),
    (side) => end(side, get('/')),
    (seen, expect) => expect(seen).toEqual(['', 'reset']),
  );
});
