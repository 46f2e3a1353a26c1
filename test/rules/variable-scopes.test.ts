import { arena } from '../http/arena.ts';
import { get } from '../http/wire.ts';

// configuration.txt 2.8: "req" ends where the response begins, and "res" begins there; for the log, too.
arena('scopes of variables', ({ agree }) => {
  agree(
    'those of the request end with it, whoever answers',
    `log-format "%ft %HP [%[var(req.a)]] [%[var(res.b)]] [%[var(txn.c)]] [%[var(txn.d)]]"
  http-request set-var(req.a) str(A)
  http-request set-var(res.b) str(early)
  http-request set-var(txn.c) var(res.b)
  http-request deny if { path /deny }
  http-request return status 200 if { path /return }
  http-after-response set-var(txn.d) var(req.a)
  http-after-response set-header x-a "%[var(req.a)]|%[var(res.b)]"
  http-response set-var(res.b) str(late)`,
    async (side) => {
      const answers: string[] = [];
      for (const path of ['/', '/deny', '/return']) {
        const answer = await side.ask(get(path, 'Connection: close'));
        answers.push(/x-a: (.*)/.exec(answer)?.[1]?.trim() ?? '');
      }
      return [answers, await side.logged(3)];
    },
    (seen, expect) =>
      expect(seen).toEqual([
        ['|late', '|', '|'],
        ['NAME / [-] [late] [-] [-]', 'NAME /deny [-] [-] [-] [-]', 'NAME /return [-] [-] [-] [-]'],
      ]),
  );
});
