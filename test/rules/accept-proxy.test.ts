import { arena } from '../http/arena.ts';

const ask = (source: string): string =>
  `PROXY TCP4 ${source} 5.6.7.8 1 2\r\nGET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`;

arena('rules of connections and the PROXY protocol', ({ agree }) => {
  agree(
    'tcp-request connection comes before the header, tcp-request session after it',
    `frontend {name}
  bind {bind} accept-proxy
  tcp-request connection set-var(sess.first) src
  tcp-request connection reject if { src 1.2.3.4 }
  tcp-request session set-var(sess.then) src
  tcp-request session reject if { src 1.2.3.5 }
  http-request return status 200 content-type text/plain lf-string "%[var(sess.first)] %[var(sess.then)] %[src]"`,
    async (side) => {
      const answers: string[] = [];
      for (const source of ['1.2.3.4', '1.2.3.5']) {
        const client = await side.client(ask(source));
        await client.sawClose();
        answers.push(client.received.split('\r\n\r\n').at(-1)!);
      }
      return answers;
    },
    (seen, expect) => expect(seen).toEqual(['127.0.0.1 1.2.3.4 1.2.3.4', '']),
  );
});
