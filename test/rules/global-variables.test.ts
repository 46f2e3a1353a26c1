import { arena } from '../http/arena.ts';
import { get } from '../http/wire.ts';

arena(
  'variables set in the global section',
  ({ agree }) => {
    agree(
      'they are there from the start, and rules may change them',
      `http-request set-var(proc.count) var(proc.count),add(1)
  http-request return status 200 content-type text/plain lf-string "%[var(proc.count)] %[var(proc.text)]"`,
      async (side) => {
        const seen: string[] = [];
        for (let i = 0; i < 2; i++) seen.push((await side.ask(get('/', 'Connection: close'))).split('\n').at(-1)!);
        return seen;
      },
      (seen, expect) => expect(seen).toEqual(['42 of str, 7', '43 of str, 7']),
    );
  },
  { global: 'set-var proc.count int(40),add(1)\n  set-var-fmt proc.text "of %[str(str)], %[int(7)]"' },
);
