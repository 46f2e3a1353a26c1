import { duels, spoeCase, type SpoeSide } from './duel.ts';
import { setVarBytes } from './scripted-agent.ts';

const ALL_EVENTS = [
  'client-session:cs',
  'frontend-tcp-request:ft',
  'frontend-http-request:fh',
  'backend-tcp-request:bt',
  'backend-http-request:bh',
  'server-session:ss',
  'tcp-response:tr',
  'http-response:hr',
]
  .map((pair) => pair.split(':'))
  .map(([event, name]) => `spoe-message ${name}\n    event on-${event}`)
  .join('\n');
const events = async (side: SpoeSide): Promise<unknown> => {
  const answer = await side.get();
  return [answer.slice(0, 3), side.messages().map((list) => list.map(({ name }) => name).join('+'))];
};
/** Of a frontend's filter. */
const IN_ORDER = ['cs', 'ft', 'fh', 'bt', 'bh', 'ss', 'tr', 'hr'];
const GROUPS = `spoe-message mt
    args t=int(1)
spoe-message mr
    args r=path
spoe-message ms
    args s=status
spoe-group gt
    messages mt
spoe-group gr
    messages mr
spoe-group gs
    messages ms`;
const RETURN = '  http-request return status 200 hdr x-a "%[var(txn.e.a)]" hdr x-b "%[var(sess.e.b)]"';

duels('SPOE client: what is sent, and what becomes of the answer', [
  spoeCase({
    title: 'arguments of every type, named and not',
    proxy: RETURN,
    agent: '    messages m',
    file: `spoe-message m
    args n=int(5) int(-5) big=int(9223372036854775807) min=int(-9223372036854775808) mid=int(240) five=int(2288)
    args bool(true) f=bool(false) s=str(hello) empty=str() none=req.hdr(nothing) b=str(a),hex2i
    args bin=bin(00ff10) ip=src six=ipv6(2001:db8::1) four=ipv4(10.0.0.1) m=method h=req.hdr(x-in) p=path,upper
    args q=url_param(q) mask=src,ipmask(8) len=req.hdr(x-in),length sec="str('a b'),upper"
    event on-frontend-http-request`,
    scenario: async (side) => {
      await side.get('/p?q=1', ['x-in: \xe4 value']);
      return side.messages();
    },
    check: (seen, expect) => expect(seen).toMatchSnapshot(),
  }),
  spoeCase({
    title: 'variables of all scopes are set, unknown names and proc are not',
    proxy:
      '  http-request return status 200 hdr x-all "%[var(proc.e.p)] %[var(sess.e.s)] %[var(txn.e.t)] %[var(req.e.r)] %[var(txn.e.unset,gone)] %[var(txn.e.str)] %[var(txn.e.ip)] %[var(txn.e.bin),hex] %[var(txn.e.no)] %[var(txn.e.null,x)]"\n  http-request set-var(txn.e.unset) int(1)',
    agent: '    messages m\n    register-var-names later',
    file: 'spoe-message m\n    args src\n    event on-frontend-http-request',
    script: {
      notify: (talk, seen) => {
        const { writer } = talk;
        talk.ack(seen, [
          ['proc', 'p', 1],
          ['sess', 's', 2],
          ['txn', 't', -3],
          ['req', 'r', true],
          ['txn', 'str', 'text'],
          ['txn', 'bin', Buffer.from([1, 2, 255])],
          ['txn', 'no', false],
          ['txn', 'null', null],
        ]);
        void writer;
      },
    },
    scenario: async (side) => side.get(),
    check: (seen, expect) => expect(seen).toMatchSnapshot(),
  }),
  spoeCase({
    title: 'every event of a listen section, in their order',
    proxy: '  server o {origin}',
    agent: '    messages cs ft fh bt bh ss tr hr',
    file: ALL_EVENTS,
    scenario: events,
    check: (seen, expect) => expect(seen).toEqual(['200', ['cs', 'ft+bt', 'fh+bh', 'ss', 'tr', 'hr']]),
  }),
  spoeCase({
    title: 'a frontend sends backend events when another section is the backend',
    proxy: `frontend {name}
  bind {bind}
  {filter}
  default_backend {name}-b
backend {name}-b
  http-request return status 200`,
    agent: '    messages cs ft fh bt bh ss tr hr',
    file: ALL_EVENTS,
    scenario: events,
    check: (seen, expect) => expect(seen).toEqual(['200', ['cs', 'ft', 'fh', 'bt', 'bh']]),
  }),
  spoeCase({
    title: 'a backend has no frontend events',
    proxy: `frontend {name}
  bind {bind}
  default_backend {name}-b
backend {name}-b
  {filter}
  server o {origin}`,
    agent: '    messages cs ft fh bt bh ss tr hr',
    file: ALL_EVENTS,
    scenario: events,
    check: (seen, expect) => expect(seen).toEqual(['200', ['bt', 'bh', 'ss', 'tr', 'hr']]),
  }),
  spoeCase({
    title: 'all events of a stream with a server, twice on one connection of the client',
    proxy: `frontend {name}
  bind {bind}
  {filter}
  default_backend {name}-b
backend {name}-b
  server o {origin}`,
    agent: '    messages cs ft fh bt bh ss tr hr',
    file: ALL_EVENTS,
    scenario: async (side) => {
      const client = await side.client('GET / HTTP/1.1\r\nHost: h\r\n\r\n');
      await client.sees('ok');
      client.received = '';
      client.send('GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n');
      await client.sawClose();
      return side.messages().map((list) => list.map(({ name }) => name).join('+'));
    },
    check: (seen, expect) => expect(seen).toEqual([...IN_ORDER, ...IN_ORDER]),
  }),
  spoeCase({
    title: 'events in TCP mode',
    proxy: `frontend {name}
  mode tcp
  bind {bind}
  {filter}
  default_backend {name}-b
backend {name}-b
  mode tcp
  server o {origin}`,
    agent: '    messages cs ft fh bt bh ss tr hr',
    file: ALL_EVENTS,
    scenario: events,
    check: (seen, expect) => expect(seen).toEqual(['200', ['cs', 'ft', 'bt', 'ss', 'tr']]),
  }),
  spoeCase({
    title: 'a server that closes without an answer while the agent is asked',
    proxy: '  retries 0\n  server o {closing}',
    agent: '    messages ss',
    file: 'spoe-message ss\n    event on-server-session',
    script: { notify: (talk, seen) => void setTimeout(() => talk.ack(seen), 150) },
    scenario: async (side) => (await side.get()).slice(0, 3),
    check: (seen, expect) => expect(seen).toBe('502'),
  }),
  spoeCase({
    title: 'several messages of an event leave together, those whose condition holds',
    agent: '    messages one two three four',
    file: `spoe-message one
    args a=int(1)
    event on-frontend-http-request if { path /x }
spoe-message two
    acl y path /y
    event on-frontend-http-request unless y
spoe-message three
    event on-frontend-http-request if { path /y } or { path /x }
spoe-message four
    event on-client-session if FALSE`,
    scenario: async (side) => {
      await side.get('/x');
      await side.get('/y');
      return side.messages().map((list) => list.map(({ name }) => name).join('+'));
    },
    check: (seen, expect) => expect(seen).toEqual(['one+two+three', 'three']),
  }),
  spoeCase({
    title: 'groups in the four rule sets',
    proxy: `frontend {name}
  bind {bind}
  {filter}
  tcp-request inspect-delay 1s
  tcp-request content send-spoe-group {name} gt
  http-request send-spoe-group {name} gr if { path /go }
  http-request send-spoe-group {name} gr if { path /not }
  http-response send-spoe-group {name} gs
  http-response set-header x-a %[var(txn.e.a)]
  default_backend {name}-b
backend {name}-b
  {filter2}
  tcp-response inspect-delay 1s
  tcp-response content send-spoe-group {name}-2 gt
  http-response send-spoe-group {name}-2 gs
  http-response send-spoe-group {name}-2 gs
  server o {origin}`,
    agent: '    groups gt gr gs',
    file: GROUPS,
    scenario: async (side) => {
      const answer = await side.get('/go');
      return [answer, side.messages().map((list) => list.map(({ name, args }) => name + String(args[0])).join('+'))];
    },
    check: (seen, expect) => expect(seen).toMatchSnapshot(),
  }),
  spoeCase({
    title: 'a rule of content waits for the agent though there is no inspect-delay, where HAProxy 2.6 gives up',
    proxy: '  mode tcp\n  tcp-request content send-spoe-group {name} gt\n  server o {origin}',
    agent: '    groups gt',
    file: GROUPS,
    scenario: async (side) => {
      await side.get('/go');
      return side.messages().length;
    },
    check: (seen, expect) => expect(seen).toBe(1),
    apart: (seen, expect) => expect(seen).toBe(0),
  }),
  spoeCase({
    title: 'process and total time are set, and an error is not',
    proxy:
      '  http-request return status 200 hdr x-e "%[var(txn.e.err,none)]" hdr x-p "%[var(txn.e.pt),sub(100),div(200)]" hdr x-t "%[var(txn.e.tt),sub(200),div(400)]"',
    agent:
      '    messages m n\n    option set-on-error err\n    option set-process-time pt\n    option set-total-time tt',
    file: 'spoe-message m\n    event on-frontend-tcp-request\nspoe-message n\n    event on-frontend-http-request',
    script: { notify: (talk, seen) => void setTimeout(() => talk.ack(seen), 110) },
    scenario: async (side) => side.get(),
    check: (seen, expect) => expect(seen).toBe('200|x-e: none|x-p: 0|x-t: 0|'),
  }),
  spoeCase({
    title: 'without registration a name that nobody uses is not set',
    agent: '    messages m\n    register-var-names known',
    proxy: '  http-request return status 200 hdr x-all "%[var(txn.e.known)]"',
    file: 'spoe-message m\n    event on-frontend-http-request',
    script: {
      notify: (talk, seen) => talk.ackRaw(seen, [...setVarBytes('txn', 'other', 7), ...setVarBytes('txn', 'known', 8)]),
    },
    scenario: async (side) => side.get(),
    check: (seen, expect) => expect(seen).toBe('200|x-all: 8|'),
  }),
]);
