import { RawClient } from '../../support/raw-client.ts';
import { type Bench, duel } from './duel.ts';

const get = (path = '/'): string => `GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`;
const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok';

/** Sends a request and answers the status of its response, or nothing. */
async function status(bench: Bench, path?: string): Promise<string> {
  const client = await RawClient.connect(bench.port);
  client.send(get(path));
  await client.sawClose(8000);
  const found = /^HTTP\/1\.1 (\d+)/.exec(client.received)?.[1] ?? '';
  client.destroy();
  return found;
}

const OBSERVED = (words: string): string => `listen be
  bind {bind}
  timeout server 300
  retries 0
  server s1 {s1} check port {p2} inter 5s fastinter 200 fall 3 rise 2 error-limit 3 on-error mark-down ${words}`;

/** Errors of traffic, one kind after the other, and each time the server comes back. */
const failing =
  (...answers: (string | undefined)[]) =>
  async (bench: Bench): Promise<string[]> => {
    await bench.settled();
    const statuses: string[] = [];
    for (const [index, answer] of answers.entries()) {
      bench.server(1).answer = () => answer;
      for (let count = 0; count < 3; count++) statuses.push(await status(bench));
      await bench.sees(/is DOWN/, index + 1);
      await bench.sees(/is UP/, index + 1);
    }
    return statuses;
  };

duel(
  'answers that are errors take a server down',
  OBSERVED('observe layer7'),
  failing('HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n', 'junk\r\n\r\n', 'reset', '', ' ', undefined),
  (events, expect) =>
    expect(events[0]).toBe(
      '<1>Server be/s1 is DOWN, reason: Health analyze, info: "Detected 3 consecutive errors, last one was: Wrong http ' +
        'response". 0 active and 0 backup servers left. …, 0 requeued, 0 remaining in queue.',
    ),
  // HAProxy may have counted the third down already, or not.
  { mask: /\d sessions active/ },
);

duel(
  'connections that cannot be made take a server down',
  OBSERVED('observe layer4'),
  async (bench) => {
    await bench.settled();
    await bench.server(1).down();
    for (let count = 0; count < 3; count++) await status(bench);
    await bench.sees(/is UP/);
  },
  (events, expect) => expect(events.join('\n')).toContain('last one was: L4 unsuccessful connection"'),
);

duel(
  'errors that are not in a row do nothing',
  OBSERVED('observe layer7'),
  async (bench) => {
    await bench.settled();
    bench.server(1).answer = (request) =>
      request.includes('/bad') ? 'HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n' : OK;
    for (let round = 0; round < 3; round++) for (const path of ['/bad', '/bad', '/good']) await status(bench, path);
    return bench.events.length;
  },
  (events, expect) => expect(events).toEqual([]),
);

duel(
  'sessions end with their server where that is wanted',
  `listen be
  bind {bind}
  mode tcp
  server s1 {s1} check port {p2} inter 100 fall 1 rise 1 on-marked-down shutdown-sessions`,
  async (bench) => {
    await bench.settled();
    const client = await RawClient.connect(bench.port);
    client.send('hello');
    await bench.server(1).when(() => bench.server(1).received === 'hello');
    await bench.server(2).down();
    await client.sawClose(5000);
    await bench.sees(/^<\d>D/m);
    return bench.lines.filter((line) => /^<\d>[A-Z-]{2} /.test(line));
  },
  (events, expect) => expect(events.join('\n')).toContain('1 sessions active, 0 requeued, 0 remaining in queue.'),
);

duel(
  'sessions on backup servers end when another comes up, where that is wanted',
  `listen be
  bind {bind}
  mode tcp
  server s1 {s1} check port {p2} inter 100 fall 1 rise 1 on-marked-up shutdown-backup-sessions
  server s2 {s3} backup`,
  async (bench) => {
    await bench.settled();
    await bench.server(2).down();
    await bench.sees(/is DOWN/);
    const client = await RawClient.connect(bench.port);
    client.send('hello');
    await bench.server(3).when(() => bench.server(3).received === 'hello');
    await bench.server(2).up();
    await client.sawClose(5000);
    await bench.sees(/^<\d>U/m);
    return bench.lines.filter((line) => /^<\d>[A-Z-]{2} /.test(line));
  },
  (events, expect) => expect(events).toHaveLength(2),
);

duel(
  'who waits for a server that goes down is served by another',
  `listen be
  bind {bind}
  balance roundrobin
  timeout queue 5s
  server s1 {s1} check port {p3} inter 100 fall 1 rise 1 maxconn 1
  server s2 {s2} maxconn 1`,
  async (bench) => {
    await bench.settled();
    for (const number of [1, 2]) bench.server(number).answer = () => undefined;
    const clients: RawClient[] = [];
    for (let count = 0; count < 4; count++) {
      const client = await RawClient.connect(bench.port);
      client.send(get());
      clients.push(client);
      if (count < 2) await bench.server(count + 1).when(() => bench.server(count + 1).connections === 1);
    }
    await bench.settled();
    await bench.server(3).down();
    await bench.sees(/is DOWN/);
    for (const client of clients) client.destroy();
  },
  (events, expect) => expect(events[0]).toContain('1 sessions active'),
);

duel(
  'requests that wait for an answer end with their server, too',
  `listen be
  bind {bind}
  server s1 {s1} check port {p2} inter 100 fall 1 rise 1 on-marked-down shutdown-sessions`,
  async (bench) => {
    await bench.settled();
    const client = await RawClient.connect(bench.port);
    client.send(get());
    await bench.server(1).when(() => bench.server(1).received !== '');
    await bench.server(2).down();
    await client.sawClose(5000);
    await bench.sees(/^<\d>D/m);
    return [client.received.split('\r\n')[0], ...bench.lines.filter((line) => /^<\d>[A-Z-]{2} /.test(line))];
  },
  (events, expect) => expect(events).toHaveLength(2),
);

duel(
  'answers under way end with their server, too',
  `listen be
  bind {bind}
  server s1 {s1} check port {p2} inter 100 fall 1 rise 1 on-marked-down shutdown-sessions`,
  async (bench) => {
    await bench.settled();
    bench.server(1).greeting = undefined;
    const client = await RawClient.connect(bench.port);
    bench.server(1).partial = 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf';
    client.send(get());
    await client.sees('half');
    await bench.server(2).down();
    await client.sawClose(5000);
    await bench.sees(/^<\d>D/m);
    return [client.received, ...bench.lines.filter((line) => /^<\d>[A-Z-]{2} /.test(line))];
  },
  (events, expect) => expect(events).toHaveLength(2),
);

duel(
  'the number of usable servers is that of those who get traffic',
  `listen be
  bind {bind}
  log-format "%ts %ST"
  http-request return status 200 content-type text/plain lf-string "%[nbsrv]\\n"
  server s1 {s1} check inter 100 fall 1 rise 1 agent-check agent-port {p3} agent-inter 100
  server s2 {s2} check inter 100 fall 1 rise 1
  server s4 {s2} weight 0
  server s5 {s2} check inter 100 backup
  server s6 {s2} backup`,
  async (bench) => {
    const count = async (): Promise<string> => {
      const client = await RawClient.connect(bench.port);
      client.send(get());
      await client.sawClose(2000);
      return client.received.split('\r\n\r\n')[1]!.trim();
    };
    await bench.server(3).says('up\n');
    await bench.settled();
    const counts = [await count()];
    for (const word of ['drain\n', 'ready\n', 'maint\n', 'ready\n', '0%\n', '100%\n', 'down\n']) {
      await bench.server(3).says(word, 3);
      counts.push(await count());
    }
    await bench.server(2).down();
    await bench.sees(/s2 is DOWN/);
    await bench.sees(/s5 is DOWN/);
    counts.push(await count());
    return counts;
  },
  (events, expect) => expect(events.length).toBeGreaterThan(0),
);

duel(
  'connections under way end with their server, too',
  `listen be
  bind {bind}
  timeout connect 5s
  server s1 {full} check addr 127.0.0.1 port {p2} inter 100 fall 1 rise 1 on-marked-down shutdown-sessions`,
  async (bench) => {
    await bench.settled();
    const client = await RawClient.connect(bench.port);
    client.send(get());
    await bench.settled();
    await bench.server(2).down();
    await client.sawClose(5000);
    await bench.sees(/^<\d>D/m);
    return [client.received.split('\r\n')[0], ...bench.lines.filter((line) => /^<\d>[A-Z-]{2} /.test(line))];
  },
  (events, expect) => expect(events).toHaveLength(2),
);
