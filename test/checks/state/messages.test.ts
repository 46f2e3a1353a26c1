import { duel } from './duel.ts';

duel(
  'a server goes down, and up again',
  `listen be
  bind {bind}
  server s1 {s1} check inter 100 fall 3 rise 2
  server s2 {s2}`,
  async (bench) => {
    await bench.settled();
    await bench.server(1).down();
    await bench.sees(/is DOWN/);
    await bench.server(1).up();
    await bench.sees(/is UP/);
  },
  (events, expect) =>
    expect(events).toEqual([
      '<1>Server be/s1 is DOWN, reason: Layer4 connection problem, info: "Connection refused", check duration: Nms. ' +
        '1 active and 0 backup servers left. 0 sessions active, 0 requeued, 0 remaining in queue.',
      '<5>Server be/s1 is UP, reason: Layer4 check passed, check duration: Nms. 2 active and 0 backup servers online. ' +
        '0 sessions requeued, 0 total in queue.',
    ]),
);

duel(
  'the last server goes down: the backups stand in, and then nobody',
  `listen be
  bind {bind}
  server s1 {s1} check inter 100 fall 2 rise 1
  server s2 {s2} check inter 100 fall 2 rise 1 backup
backend other
  server s1 {s3} check inter 100 fall 1 rise 1`,
  async (bench) => {
    await bench.settled();
    await bench.server(1).down();
    await bench.sees(/be.s1 is DOWN/);
    await bench.server(3).down();
    await bench.sees(/other.s1 is DOWN/);
    await bench.server(2).down();
    await bench.sees(/no server available/, 2);
    await bench.server(2).up();
    await bench.sees(/be.s2 is UP/);
    await bench.server(1).up();
    await bench.sees(/is UP/, 2);
  },
  (events, expect) => {
    expect(events).toContain('<0>proxy be has no server available!');
    expect(events).toContain('<0>backend other has no server available!');
    expect(events.join('\n')).toContain('0 active and 1 backup servers left. Running on backup. 0 sessions active');
  },
);

duel(
  'every result that differs is logged on demand',
  `listen be
  bind {bind}
  option log-health-checks
  server s1 {s1} check inter 100 fall 3 rise 3 weight 0
  server s2 {s2} check inter 300 fall 3 rise 2
  server s3 {s3} backup check inter 100 fall 1 rise 1`,
  async (bench) => {
    await bench.sees(/succeeded/, 3);
    await bench.server(2).down();
    await bench.sees(/be.s2 failed.*2.3 UP/);
    await bench.server(2).up();
    await bench.sees(/be.s2 succeeded.*3.3 UP/, 2);
    await bench.server(2).down();
    await bench.sees(/be.s2 is DOWN/);
    await bench.server(2).up();
    await bench.sees(/be.s2 is UP/);
    await bench.server(3).down();
    await bench.sees(/be.s3 is DOWN/);
  },
  (events, expect) => {
    expect(events[0]).toBe(
      '<5>Health check for server be/s1 succeeded, reason: Layer4 check passed, check duration: Nms, status: 3/3 DRAIN.',
    );
    expect(events).toContain(
      '<5>Health check for backup server be/s3 failed, reason: Layer4 connection problem, info: "Connection refused", ' +
        'check duration: Nms, status: 0/1 DOWN.',
    );
  },
);

duel(
  'connections that take too long, and those that cannot be tried',
  `listen be
  bind {bind}
  timeout connect 300
  server s1 {full} check inter 400 fall 1
  server s2 /nowhere/at/all check inter 400 fall 1`,
  async (bench) => {
    await bench.sees(/is DOWN/, 2);
    await bench.sees(/no server/);
  },
  (events, expect) => {
    expect(events.join('\n')).toContain('Server be/s1 is DOWN, reason: Layer4 timeout, check duration: Nms.');
    expect(events.join('\n')).toContain('info: "General socket error (No such file or directory)"');
  },
);

duel(
  'connections have the smaller of two times where the check has one of its own',
  `listen be
  bind {bind}
  timeout connect 200
  timeout check 100
  server s1 {full} check inter 400 fall 1`,
  (bench) => bench.sees(/no server/),
  (events, expect) => expect(events[0]).toContain('Layer4 timeout'),
);

const INTRODUCED = /PROXY TCP4 [\d.]+ [\d.]+ \d+ (\d+)\r\n|\r\n\r\n\0\r\nQUIT\n[^]{4}/;

for (const [words, expected] of [
  ['source 127.0.0.5 send-proxy', 'PROXY TCP4 127.0.0.5 127.0.0.1 … '],
  ['send-proxy-v2', '\r\n\r\n\0\r\nQUIT\n'],
  ['port {p1} check-send-proxy', 'PROXY TCP4 127.0.0.1 127.0.0.1 … '],
] as const) {
  let seen = '';
  duel(
    `a check introduces itself: ${words}`,
    `listen be
  bind {bind}
  server s1 {s1} check inter 100 ${words}`,
    async (bench) => {
      const server = bench.server(1);
      await server.when(() => INTRODUCED.test(server.received));
      const header = INTRODUCED.exec(server.received)![0];
      seen = header.replace(/ \d+ \d+\r\n$/, ' … ');
      return seen;
    },
    (_events, expect) => expect(seen.startsWith(expected)).toBe(true),
  );
}

duel(
  'a port of its own has no header but where it is asked for',
  `listen be
  bind {bind}
  server s1 {s2} check inter 100 port {p1} send-proxy`,
  async (bench) => {
    await bench.settled();
    return bench.server(1).received;
  },
  (events, expect) => expect(events).toEqual([]),
);
