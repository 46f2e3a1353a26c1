import { type Bench, duel } from './duel.ts';

const AGENT = `listen be
  bind {bind}
  timeout check 5s
  server s1 {s1} weight 20 agent-check agent-port {p2} agent-inter 100`;

/** The agent says one thing after another, each twice. */
const saying =
  (...lines: (string | undefined)[]) =>
  async (bench: Bench): Promise<void> => {
    const agent = bench.server(2);
    for (const line of lines) await agent.says(line, 3);
  };

duel(
  'an agent takes its server out and brings it back, though all is well with the health check',
  AGENT.replace('weight', 'check inter 150 weight'),
  saying('up\n', 'down\n', 'up\n', 'fail # disk is full\n', 'stopped\n', 'UP\n', 'DOWN#x\n', 'up # all well\n'),
  (events, expect) => {
    expect(events[0]).toBe(
      '<1>Server be/s1 is DOWN, reason: Layer7 wrong status, code: 0, info: "via agent : down", check duration: Nms. ' +
        '0 active and 0 backup servers left. 0 sessions active, 0 requeued, 0 remaining in queue.',
    );
    expect(events).toHaveLength(6);
  },
);

duel(
  'an agent drains its server, and sends it into maintenance',
  AGENT,
  saying(
    'drain\n',
    'ready\n',
    'maint\n',
    'ready\n',
    'drain\n',
    'maint\n',
    'ready up\n',
    'down\n',
    'maint\n',
    'ready\n',
    'up\n',
  ),
  (events, expect) => {
    expect(events).toContain('<5>Server be/s1 is UP/READY (leaving forced maintenance).');
    expect(events).toContain('<5>Server be/s1 is UP (leaving forced drain).');
    expect(events).toContain('<5>Server be/s1 was DOWN and now enters maintenance.');
  },
);

duel('no weight is no server', AGENT, saying('0%\n', '50%\n', '0%\n', '100% up\n'), (events, expect) =>
  expect(events).toEqual(Array.from({ length: 2 }, () => '<0>proxy be has no server available!')),
);

duel(
  'what an agent says is logged, with what is wrong with it',
  `${AGENT}\n  option log-health-checks`,
  saying('up\n', 'up foo\n', 'down # a "b"\n', 'up # c\n', '', 'foo\n', 'up\n', 'maxconn:x up\n', 'down,up\n'),
  (events, expect) => expect(events.join('\n')).toContain('(a <22>b<22>)'),
);

duel(
  'servers that track one follow it',
  `backend b
  timeout check 5s
  server s1 {s1} agent-check agent-port {p2} agent-inter 100
  server s2 {s1} track s1
backend c
  server s1 {s1} track b/s2
  server s2 {s1} backup
listen unused
  bind {bind}
  server s1 {s1}`,
  saying('down\n', 'up\n', 'drain\n', 'ready\n', 'maint\n', 'ready\n', 'drain\n', 'maint\n', 'ready\n'),
  (events, expect) => {
    expect(events).toContain(
      '<1>Server c/s1 is DOWN via b/s2. 0 active and 1 backup servers left. Running on backup. 0 sessions active, ' +
        '0 requeued, 0 remaining in queue.',
    );
    expect(events).toContain('<5>Server b/s2 is UP/READY (leaving maintenance).');
  },
);

duel(
  'an agent that says nothing changes nothing',
  `listen be
  bind {bind}
  option log-health-checks
  server s1 {s1} agent-check agent-port {p2} agent-inter 500`,
  async (bench) => {
    await bench.sees(/Agent check.*succeeded/);
    await bench.server(2).says(undefined);
    await bench.sees(/Layer7 timeout/);
  },
  (events, expect) => expect(events).toHaveLength(2),
);
