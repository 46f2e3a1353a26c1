import { sleep } from '../support/wait.ts';
import type { RawClient } from '../support/raw-client.ts';
import { arena, type Arena } from '../http/arena.ts';
import { response } from '../http/scripted-origin.ts';
import type { Side } from '../http/side.ts';
import { get, head } from '../http/wire.ts';

const SOON = 120;
const UP = head('POST /up HTTP/1.1', 'Host: h', 'Content-Length: 10');

/** One stream that ends as `end` has it, and its line. */
function ends(
  { agree }: Arena,
  line: string,
  title: string,
  configuration: string,
  end: (side: Side) => Promise<unknown>,
): void {
  agree(
    title,
    configuration,
    async (side) => {
      await end(side);
      return side.logged(1);
    },
    (seen, expect) => expect(seen).toEqual([line]),
  );
}

const leaving =
  (how: 'end' | 'reset', bytes: string, until?: (client: RawClient, side: Side) => Promise<unknown>) =>
  async (side: Side): Promise<void> => {
    const client = await side.client(bytes);
    await (until === undefined ? sleep(SOON) : until(client, side));
    client[how]();
    await side.logged(1);
  };

/** The client breaks off: who told HAProxy nothing of it goes on there (`theirs`); here that ends the stream, as with abortonclose. */
function breaksOff(
  { differ, agree }: Arena,
  ours: string,
  theirs: string,
  title: string,
  configuration: (lines: string) => string,
  end: (side: Side) => Promise<unknown>,
): void {
  const scenario = async (side: Side): Promise<string[]> => {
    await end(side);
    return side.logged(1);
  };
  differ(title, configuration('no option abortonclose'), scenario, {
    sluice: (seen, expect) => expect(seen).toEqual([ours]),
    haproxy: (seen, expect) => expect(seen).toEqual([theirs]),
  });
  agree(`${title}, with abortonclose`, configuration('option abortonclose'), scenario, (seen, expect) =>
    expect(seen).toEqual([ours]),
  );
}

/** The origin says so much, and then what `then` does. */
const answering =
  (bytes: string, then: 'end' | 'reset' | 'wait', request = get('/x')) =>
  async (side: Side): Promise<void> => {
    side.origin.answer = ({ on }) => {
      on.send(bytes);
      if (then !== 'wait') setTimeout(() => on[then](), SOON);
    };
    const client = await side.client(request);
    await client.sawClose(3000);
  };

const HALF = response('x'.repeat(100)).slice(0, -50);
const line = (what: string, server = 's', tail = 'rc=0 sq=0 bq=0 <"GET /x HTTP/1.1">'): string =>
  `NAME NAME/${server} ${what} ${tail}`;
const silent = (side: Side): void => {
  side.origin.answer = () => undefined;
};
const toFull = (lines: string): string => `listen {name}\n  bind {bind}\n  ${lines}\n  server s {full}`;

arena('termination states in mode http', (all) => {
  breaksOff(
    all,
    line('-1 CC--'),
    line('503 sC--'),
    'CC: reset while connecting',
    (lines) => toFull(`timeout connect 1s\n  ${lines}`),
    leaving('reset', get('/x')),
  );
  ends(
    all,
    line('-1 CC--'),
    'CC: the client ends its side while connecting, with abortonclose',
    toFull('option abortonclose'),
    leaving('end', get('/x')),
  );
  const thinks = (lines: string): string => `timeout server 1s\n  ${lines}`;
  breaksOff(all, line('-1 CD--'), line('504 sH--'), 'CD: reset while the server thinks', thinks, async (side) => {
    silent(side);
    await leaving('reset', get('/x'), () => side.origin.got(1))(side);
  });
  ends(all, line('400 CH--'), 'CH: the end, with abortonclose', 'option abortonclose', async (side) => {
    silent(side);
    await leaving('end', get('/x'), () => side.origin.got(1))(side);
  });
  breaksOff(all, line('200 CD--'), line('200 sD--'), 'CD: reset while the response comes', thinks, async (side) => {
    side.origin.answer = () => HALF;
    await leaving('reset', get('/x'), (client) => client.sees('\r\n\r\nx'))(side);
  });
  ends(
    all,
    line('-1 CR--', '<NOSRV>', 'rc=0 sq=0 bq=0 <"POST /up HTTP/1.1">'),
    'CR: reset while a rule waits for the body',
    'option http-buffer-request',
    leaving('reset', `${UP}abc`),
  );
  ends(all, line('400 CR--', '<NOSRV>', 'rc=0 sq=0 bq=0 <"<BADREQ>">'), 'CR: half a head', '', leaving('end', 'GET /'));
  all.differ(
    'CT: gone out of the tarpit, which HAProxy lets go on',
    'timeout tarpit 500ms\n  http-request tarpit',
    async (side) => {
      await leaving('reset', get('/x'))(side);
      return side.logged(1);
    },
    {
      sluice: (seen, expect) => expect(seen).toEqual([line('-1 CT--', '<NOSRV>')]),
      haproxy: (seen, expect) => expect(seen).toEqual([line('500 PT--', '<NOSRV>')]),
    },
  );
  ends(
    all,
    line('500 PT--', '<NOSRV>'),
    'PT: the tarpit is over',
    'timeout tarpit 100ms\n  http-request tarpit',
    async (side) => side.ask(get('/x')),
  );
  ends(all, line('200 LR--', '<NOSRV>'), 'LR: answered here', 'http-request return status 200', async (side) =>
    side.ask(get('/x')),
  );
  ends(all, line('302 LR--', '<NOSRV>'), 'LR: sent elsewhere', 'redirect location /y', async (side) =>
    side.ask(get('/x')),
  );
  ends(all, line('200 LH--'), 'LH: answered in the place of the response', 'http-response return status 200', (side) =>
    side.ask(get('/x')),
  );
  ends(all, line('302 LH--'), 'LH: a response that redirects', 'http-response redirect location /y', (side) =>
    side.ask(get('/x')),
  );
  ends(all, line('502 PH--'), 'PH: a response that is denied', 'http-response deny', (side) => side.ask(get('/x')));
  ends(all, line('502 PH--'), 'PH: a response that nobody understands', '', answering('nonsense\r\n\r\n', 'wait'));
  ends(all, line('403 PR--', '<NOSRV>'), 'PR: denied', 'http-request deny', (side) => side.ask(get('/x')));
  ends(all, line('-1 PR--', '<NOSRV>'), 'PR: rejected', 'http-request reject', (side) => side.ask(get('/x')));
  ends(
    all,
    line('-1 PR--', '<NOSRV>', 'rc=0 sq=0 bq=0 <"<BADREQ>">'),
    'PR: rejected by its contents',
    'tcp-request content reject',
    (side) => side.ask(get('/x')),
  );
  ends(all, line('502 SH--'), 'SH: the server leaves before it answers', '', answering('', 'end'));
  ends(all, line('502 SH--'), 'SH: the server breaks off before it answers', '', answering('', 'reset'));
  ends(all, line('504 sH--'), 'sH: the server takes too long', 'timeout server 150ms', answering('', 'wait'));
  ends(all, line('200 SD--'), 'SD: the server leaves in the middle', '', answering(HALF, 'end'));
  ends(all, line('200 SD--'), 'SD: the server breaks off in the middle', '', answering(HALF, 'reset'));
  ends(all, line('200 sD--'), 'sD: the server falls silent', 'timeout server 150ms', answering(HALF, 'wait'));
  ends(all, line('200 SD--'), 'SD: chunks that are none', '', async (side) => {
    side.origin.answer = ({ on }) => {
      on.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n');
      setTimeout(() => on.send('zzz\r\n'), SOON);
    };
    await (await side.client(get('/x'))).sawClose(3000);
  });
  ends(all, line('503 SC--'), 'SC: nobody listens', 'listen {name}\n  bind {bind}\n  server s {dead}', (side) =>
    side.ask(get('/x')),
  );
  ends(all, line('503 SC--', '<NOSRV>'), 'SC: no server at all', 'listen {name}\n  bind {bind}', (side) =>
    side.ask(get('/x')),
  );
  ends(all, line('503 sC--'), 'sC: nobody answers', toFull('timeout connect 150ms'), (side) => side.ask(get('/x')));
  ends(all, line('408 cR--', '<NOSRV>', 'rc=0 sq=0 bq=0 <"<BADREQ>">'), 'cR', 'timeout client 150ms', (side) =>
    side.ask('GET /'),
  );
  const queued = (lines: string): string =>
    `listen {name}\n  bind {bind}\n  ${lines}\n  server s {origin} maxconn 1\n  log-format "%ft %b/%s %ST %tsc <%{+Q}r>"`;
  const inQueue = async (side: Side): Promise<RawClient> => {
    silent(side);
    await side.client(get('/first'));
    await side.origin.got(1);
    return side.client(get('/x'));
  };
  breaksOff(
    all,
    'NAME NAME/<NOSRV> -1 CQ-- <"GET /x HTTP/1.1">',
    'NAME NAME/<NOSRV> 503 sQ-- <"GET /x HTTP/1.1">',
    'CQ: gone out of the queue',
    (lines) => queued(`timeout queue 1s\n  ${lines}`),
    async (side) => {
      const client = await inQueue(side);
      await sleep(SOON);
      client.reset();
    },
  );
  ends(
    all,
    'NAME NAME/<NOSRV> 503 sQ-- <"GET /x HTTP/1.1">',
    'sQ: too long in the queue',
    queued('timeout queue 150ms'),
    async (side) => {
      const client = await inQueue(side);
      await client.sees('503', 3000);
    },
  );
});

const TCP = '  mode tcp\n  log-format "%ft %b/%s %ts"\n  ';
const tcp = (lines: string, server = '{origin}'): string =>
  `listen {name}\n  bind {bind}\n${TCP}${lines}\n  server s ${server}`;

/** The origin of a connection in TCP mode. */
const plays =
  (then: 'end' | 'reset' | 'wait', client: 'end' | 'reset' | 'wait' = 'wait') =>
  async (side: Side): Promise<void> => {
    side.origin.play = async (conversation) => {
      await conversation.sees('hello');
      conversation.send('welcome');
      if (then !== 'wait') setTimeout(() => conversation[then](), SOON);
    };
    const mine = await side.client('hello');
    await mine.sees('welcome', 1000);
    if (client !== 'wait') mine[client]();
    await mine.sawClose(1500);
  };

const waiting = async (side: Side): Promise<unknown> => (await side.client('hello')).sawClose(3000);

arena('termination states in mode tcp', (all) => {
  const of = (what: string, server = 's'): string => `NAME NAME/${server} ${what}`;
  ends(all, of('CD'), 'CD: while connecting', tcp('', '{full}'), leaving('reset', 'hello'));
  ends(
    all,
    of('SC'),
    'SC',
    tcp('tcp-request inspect-delay 1s\n  tcp-request content accept if { req.len gt 0 }', '{dead}'),
    waiting,
  );
  ends(all, of('sC'), 'sC', tcp('timeout connect 150ms', '{full}'), waiting);
  const full = `listen {name}\n  bind {bind}\n${TCP}timeout queue 1s\n  server s {origin} maxconn 1`;
  ends(all, of('sQ', '<NOSRV>'), 'sQ', full, async (side) => {
    side.origin.play = () => undefined;
    await side.client('first');
    await side.origin.when(() => side.origin.connections.length === 1);
    await waiting(side);
  });
  ends(all, of('CD', '<NOSRV>'), 'CD: out of the queue', full, async (side) => {
    side.origin.play = () => undefined;
    await side.client('first');
    await side.origin.when(() => side.origin.connections.length === 1);
    await leaving('reset', 'hello')(side);
  });
  ends(all, of('CD'), 'CD', tcp(''), plays('wait', 'reset'));
  ends(all, of('SD'), 'SD', tcp(''), plays('reset'));
  ends(all, of('cD'), 'cD', tcp('timeout client 150ms\n  timeout server 1s'), plays('wait'));
  ends(all, of('sD'), 'sD', tcp('timeout server 150ms\n  timeout client 1s'), plays('wait'));
  ends(
    all,
    of('PR', '<NOSRV>'),
    'PR',
    tcp('tcp-request inspect-delay 1s\n  tcp-request content reject if { req.len gt 0 }'),
    plays('wait'),
  );
  ends(
    all,
    of('PD'),
    'PD',
    tcp('tcp-response inspect-delay 1s\n  tcp-response content reject if { res.len gt 0 }'),
    plays('wait'),
  );
  ends(all, of('--'), 'in order', tcp(''), async (side) => {
    side.origin.play = async (conversation) => {
      await conversation.sees('hello');
      conversation.send('welcome');
      conversation.end();
    };
    const mine = await side.client('hello');
    await mine.sees('welcome', 1000);
    mine.end();
  });
});
