import { arena } from '../http/arena.ts';
import { response } from '../http/scripted-origin.ts';
import type { Side } from '../http/side.ts';
import { get } from '../http/wire.ts';

const two = (...lines: string[]): string =>
  ['listen {name}', 'bind {bind}', 'server s {origin}', 'server t {origin2}', ...lines].join('\n  ');

/** Which of two servers answers each of four requests of one connection. */
async function turns(side: Side): Promise<string> {
  side.origin.answer = () => response('s');
  side.originOf(2).answer = () => response('t');
  const client = await side.client();
  let turn = '';
  for (let i = 1; i <= 4; i++) {
    client.send(get('/'));
    await client.when(() => client.received.split('HTTP/1.1 200').length > i && /\r\n\r\n[st]$/.test(client.received));
    turn += client.received.at(-1)!;
  }
  return turn;
}

arena('options', ({ agree }) => {
  agree(
    'prefer-last-server stays with the server of the own connection',
    two('option prefer-last-server', 'http-reuse never'),
    turns,
    (seen, expect) => expect(seen).toBe('ssss'),
  );

  agree('prefer-last-server with shared connections', two('option prefer-last-server'), turns, (seen, expect) =>
    expect(seen).toBe('stst'),
  );

  agree(
    'a server whose connection we end sees a reset',
    'option http-server-close',
    async (side) => {
      side.origin.play = async (on) => {
        await on.sees('\r\n\r\n');
        on.send(response('x'));
      };
      await side.ask(get('/'));
      const [one] = side.origin.connections;
      await one!.when(() => one!.closed !== 'open');
      return one!.closed;
    },
    (seen, expect) => expect(seen).toBe('reset'),
  );

  for (const [options, ends] of [
    ['option independent-streams', true],
    ['no option independent-streams', false],
  ] as const) {
    agree(
      `${options}: a client that only listens`,
      `mode tcp\n  log-format "%ft"\n  timeout client 300ms\n  ${options}`,
      async (side) => {
        side.origin.play = async (on) => {
          for (let i = 0; i < 14; i++) {
            on.send('x');
            await on.when(() => on.closed !== 'open', 50);
          }
          on.send('end');
        };
        const client = await side.client();
        await client.sees('end', 900);
        return [side.origin.connections.at(-1)!.closed !== 'open', client.received.length < 17];
      },
      (seen, expect) => expect(seen[0]).toBe(ends),
    );
  }
});
