import { type Bench, duel } from './duel.ts';

const answer =
  (status: number): (() => string) =>
  () =>
    `HTTP/1.0 ${status} X\r\n\r\n`;

/** The answers to checks, one after the other, each heard several times. */
const answering =
  (...statuses: readonly (readonly [status: number, times: number])[]) =>
  async (bench: Bench): Promise<void> => {
    const server = bench.server(1);
    await bench.settled();
    for (const [status, times] of statuses) {
      server.answer = answer(status);
      server.connections = 0;
      await server.when(() => server.connections > times, 5000);
    }
  };

const TRACKED = `backend b
  timeout check 5s
  option httpchk GET /
  http-check disable-on-404
  server s1 {s1} check inter 100 fall 3 rise 2
  server s2 {s1} track s1
listen c
  bind {bind}
  option httpchk GET /
  http-check disable-on-404
  server s1 {s1} track b/s2
  server s2 {s1}`;

duel(
  'a server that answers 404 is stopping, and so are those that track it',
  TRACKED,
  answering([404, 3], [200, 3], [404, 3], [500, 5], [404, 3], [200, 4]),
  (events, expect) => {
    expect(events[0]).toBe(
      '<5>Server b/s1 is stopping, reason: Layer7 check conditionally passed, code: 404, check duration: Nms. ' +
        '1 active and 0 backup servers online. 0 sessions requeued, 0 total in queue.',
    );
    // From stopping to down is no alarm.
    expect(events.find((line) => line.includes('b/s1 is DOWN'))).toMatch(/^<5>/);
  },
);

duel(
  'conditions are logged on demand',
  TRACKED.replace('http-check disable-on-404', 'http-check disable-on-404\n  option log-health-checks'),
  answering([404, 3], [200, 3], [500, 5], [404, 3], [200, 4]),
  (events, expect) => expect(events.join('\n')).toContain('Health check for server b/s1 conditionally succeeded, '),
);

duel(
  'slow start ends with a message',
  `listen be
  bind {bind}
  server s1 {s1} check inter 100 fall 1 rise 1 slowstart 1s
  server s2 {s1}`,
  async (bench) => {
    await bench.settled();
    await bench.server(1).down();
    await bench.sees(/is DOWN/);
    await bench.server(1).up();
    await bench.sees(/is UP/, 2);
  },
  (events, expect) => expect(events).toHaveLength(3),
);
