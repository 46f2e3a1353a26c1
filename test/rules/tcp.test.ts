import { arena } from '../http/arena.ts';
import type { Side } from '../http/side.ts';
import { asking } from './exchange.ts';

/** Sends bytes to each port in turn, and shows what came back and how it ended. */
const talking =
  (bytes: string, reply: string, ...ports: (number | undefined)[]) =>
  async (side: Side): Promise<unknown> => {
    const seen: unknown[] = [];
    side.origin.play = async (conversation) => {
      await conversation.when(
        () => conversation.received.length >= bytes.length || conversation.closed !== 'open',
        1500,
      );
      conversation.send(reply);
      conversation.end();
    };
    for (const port of ports) {
      // One that is refused at once may not even see that it was accepted.
      const client = await side.client(bytes, port).catch(() => undefined);
      await client?.sawClose(3000);
      seen.push([client?.received ?? '', client?.closed === 'open' ? 'open' : 'closed']);
    }
    return [seen, side.origin.received];
  };

const SITE = (rules: string, mode = 'tcp'): string => rules.replaceAll('{mode}', `mode ${mode}`);

arena('tcp rules', ({ agree }) => {
  agree(
    'tcp-request connection and session',
    `tcp-request connection set-var(sess.c) src
  tcp-request connection set-src str(9.9.9.9) if { src 127.0.0.0/8 }
  tcp-request connection set-src-port int(99)
  tcp-request connection set-dst str(1.2.3.4)
  tcp-request connection set-dst-port int(80)
  tcp-request connection set-var-fmt(sess.f) "%[src]:%[src_port]"
  tcp-request connection unset-var(sess.none)
  tcp-request connection reject if { src 10.0.0.0/8 }
  tcp-request connection accept if { src 9.9.9.9 }
  tcp-request connection reject
  tcp-request session set-var(sess.s) dst
  tcp-request session set-src str(8.8.8.8)
  tcp-request session reject if { src 9.9.9.9 }
  tcp-request session accept
  tcp-request session reject
  tcp-request content set-var(txn.t) str(content)
  tcp-request content set-nice 3
  tcp-request content set-log-level notice
  tcp-request content capture src len 15
  tcp-request content accept if { var(sess.s) -m found }
  tcp-request content reject
  http-request set-header X-Vars "%[var(sess.c)] %[var(sess.f)] %[var(sess.s)] %[var(txn.t)] %[src]:%[src_port] %[dst]:%[dst_port] %[capture.req.hdr(0)]"
  log-format "%ft %ci:%cp %ST %hr"`,
    asking('/a', '/b'),
    (seen, expect) => expect(seen).toMatchSnapshot(),
  );

  agree(
    'tcp-request content in HTTP mode',
    `tcp-request content reject if { path /reject }
  tcp-request content silent-drop if { path /drop }
  tcp-request content set-src req.hdr(x-ip) if { req.hdr(x-ip) -m found }
  tcp-request content set-dst-port int(7)
  tcp-request content set-var(req.seen) path
  tcp-request content accept if { path /accept }
  tcp-request content capture req.hdr(user-agent) len 8
  http-request set-header X-Vars "%[var(req.seen)] %[src] %[dst_port]"
  tcp-response content set-var(res.x) str(x)
  tcp-response content set-nice 1
  tcp-response content accept
  tcp-response content reject
  log-format "%ft %ST %tsc %hr"`,
    asking('/a', '/reject', '/accept', ['/ip', 'X-IP: 5.6.7.8', 'User-Agent: 0123456789']),
    (seen, expect) => expect(seen).toMatchSnapshot(),
  );

  agree(
    'connections that are refused, in TCP mode',
    SITE(`listen {name}
  {mode}
  no log
  log-format "%ft"
  bind {bind}
  tcp-request connection reject
  server s {origin}
listen {name}2
  {mode}
  no log
  log-format "%ft"
  bind {bind2}
  tcp-request session reject if { dst_port gt 0 }
  server s {origin}
listen {name}3
  {mode}
  no log
  log-format "%ft"
  bind {bind3}
  tcp-request inspect-delay 1s
  tcp-request content reject if { req.payload(0,3) -m str bad }
  tcp-request content accept if { req.len gt 2 }
  tcp-request content reject
  server s {origin}
listen {name}4
  {mode}
  no log
  log-format "%ft"
  bind {bind4}
  tcp-response inspect-delay 1s
  tcp-response content reject if { res.payload(0,3) -m str bad }
  tcp-response content accept if { res.len gt 2 }
  server s {origin}
listen {name}5
  {mode}
  no log
  log-format "%ft"
  bind {bind5}
  tcp-response inspect-delay 1s
  tcp-response content close if { res.len gt 2 }
  server s {origin}`),
    async (side) => [await talking('bad bytes', 'bad reply', undefined, 2, 3, 4, 5)(side)],
    (seen, expect) => expect(seen).toMatchSnapshot(),
  );

  // The last of the suite: sections behind it would start from its defaults.
  agree(
    'rules of a named defaults section come first',
    `defaults {name}-d
  mode http
  log global
  option dontlognull
  log-format "%ft %b/%s %ST %tsc"
  timeout connect 5s
  timeout client 10s
  timeout server 10s
  tcp-request content set-var(txn.f) str(f)
  http-request set-header X-Trace defaults
  http-request deny deny_status 410 if { path /defaults }
  http-response add-header X-Trace defaults
  http-after-response add-header X-After defaults
frontend {name} from {name}-d
  bind {bind}
  tcp-request content set-var-fmt(txn.f) "%[var(txn.f)]+own"
  http-request add-header X-Trace "front %[var(txn.f)]"
  http-request deny if { path /defaults /front }
  http-response add-header X-Trace front
  http-after-response add-header X-After front
  default_backend {name}-b
defaults {name}-e
  mode http
  timeout connect 5s
  timeout client 10s
  timeout server 10s
  http-request add-header X-Trace back-defaults
  http-response set-header X-Trace back-defaults
  http-after-response set-header X-After back-defaults
  tcp-response content set-var(res.t) str(t)
backend {name}-b from {name}-e
  http-request add-header X-Trace back
  http-response add-header X-Trace "back %[var(res.t)]"
  http-after-response add-header X-After back
  server s {origin}`,
    asking('/a', '/defaults', '/front'),
    (seen, expect) => expect(seen).toMatchSnapshot(),
  );
});
