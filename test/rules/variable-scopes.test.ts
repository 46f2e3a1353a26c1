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

  agree(
    'a connection that is rejected has those of its request in the log, and one that went on has not',
    `mode tcp
  log-format "%ft [%[var(req.a)]] [%[var(res.b)]] [%[var(txn.d)]]"
  tcp-request inspect-delay 1s
  tcp-request content set-var(req.a) str(A)
  tcp-request content reject if { req.payload(0,1) -m str r }
  tcp-response content set-var(txn.d) var(req.a)
  tcp-response content set-var(res.b) str(late)`,
    async (side) => {
      for (const bytes of ['g', 'r']) {
        const client = await side.client(`${bytes}ET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`);
        await client.sawClose();
      }
      return side.logged(2);
    },
    (seen, expect) => expect(seen).toEqual(['NAME [-] [late] [-]', 'NAME [A] [-] [-]']),
  );
});
