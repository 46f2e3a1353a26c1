import { arena } from '../http/arena.ts';
import { get, head } from '../http/wire.ts';

const TRAILED = '5\r\nhello\r\n0\r\nx-secret: 1\r\n\r\n';

arena('options that drop trailers', ({ alone }) => {
  for (const [lines, dropped] of [
    ['', [false, false]],
    ['option http-drop-request-trailers', [true, false]],
    ['option http-drop-response-trailers', [false, true]],
    ['option http-drop-request-trailers\n  option http-drop-response-trailers', [true, true]],
    ['option http-drop-response-trailers\n  no option http-drop-response-trailers', [false, false]],
  ] as const) {
    alone(
      lines === '' ? 'none' : lines.replaceAll(/\n\s+option/g, ', option').replaceAll(/\n\s+/g, ', '),
      `frontend {name}
  bind {bind}
  ${lines
    .split('\n')
    .filter((line) => line.includes('response'))
    .join('\n')}
  default_backend {name}s
backend {name}s
  ${lines
    .split('\n')
    .filter((line) => line.includes('request'))
    .join('\n')}
  server s {origin}`,
      async (side) => {
        side.origin.play = async (on) => {
          await on.sees('0\r\n');
          await on.sees('\r\n\r\n');
          on.send(head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked') + TRAILED);
        };
        const client = await side.client(get('/', 'Transfer-Encoding: chunked', 'TE: trailers') + TRAILED);
        await client.sees('\r\n0\r\n', 4000);
        await client.sees('\r\n\r\n', 4000);
        await client.when(() => client.received.endsWith('\r\n\r\n'), 4000);
        const { received } = side.origin;
        return [received, client.received].map((bytes) => [
          bytes.includes('5\r\nhello\r\n0\r\n'),
          bytes.includes('x-secret'),
        ]);
      },
      (seen, expect) => expect(seen).toEqual(dropped.map((gone) => [true, !gone])),
    );
  }
});
