import { duels, spoeCase, type SpoeSide } from './duel.ts';
import type { AgentScript } from './scripted-agent.ts';

const TWO = `spoe-message m
    event on-frontend-tcp-request
spoe-message n
    args p=path
    event on-frontend-http-request`;
const ERR = '  http-request return status 200 hdr x-e "%[var(txn.e.err,none)]"';
const names = (side: SpoeSide): string[] => side.messages().map((list) => list.map(({ name }) => name).join('+'));
/** Says nothing to the first message, and yes to the others. */
const deaf: AgentScript = {
  notify: (talk, seen) => {
    if (seen.messages[0]!.name !== 'm') talk.ack(seen);
  },
};
const asked = async (side: SpoeSide): Promise<unknown> => [await side.get('/x'), names(side)];

duels('SPOE client: settings', [
  spoeCase({
    title: 'an error ends the engine for the transaction',
    proxy: ERR,
    agent: '    messages m n\n    option set-on-error err',
    processing: '200ms',
    file: TWO,
    script: deaf,
    scenario: asked,
    check: (seen, expect) => expect(seen).toEqual(['200|x-e: 1|', ['m']]),
  }),
  spoeCase({
    title: 'but not with option continue-on-error; the variable stays',
    proxy: ERR,
    agent: '    messages m n\n    option set-on-error err\n    option continue-on-error',
    processing: '200ms',
    file: TWO,
    script: deaf,
    scenario: asked,
    check: (seen, expect) => expect(seen).toEqual(['200|x-e: 1|', ['m', 'n']]),
  }),
  spoeCase({
    title: 'the next request of the same client has its engine back',
    proxy: ERR,
    agent: '    messages m n\n    option set-on-error err',
    processing: '200ms',
    file: TWO,
    script: deaf,
    scenario: async (side) => {
      const client = await side.client('GET / HTTP/1.1\r\nHost: h\r\n\r\n');
      await client.sees('\r\n\r\n');
      client.send('GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n');
      await client.sawClose();
      return names(side);
    },
    check: (seen, expect) => expect(seen).toEqual(['m', 'm']),
  }),
  spoeCase({
    title: 'messages too big for a frame are no frame: 3',
    proxy: ERR,
    agent: '    messages n\n    option set-on-error err\n    max-frame-size 256\n    no option send-frag-payload',
    file: `spoe-message n
    args a=req.hdr(x-long)
    event on-frontend-http-request`,
    scenario: async (side) => [await side.get('/', [`x-long: ${'a'.repeat(300)}`]), names(side)],
    check: (seen, expect) => expect(seen).toEqual(['200|x-e: 3|', []]),
  }),
  spoeCase({
    title: 'max-frame-size is what the agent is told',
    agent: '    messages n\n    max-frame-size 300',
    file: TWO,
    scenario: async (side) => {
      await side.get();
      return side.agent.talks.at(-1)?.hello?.maxFrameSize;
    },
    check: (seen, expect) => expect(seen).toBe(300),
  }),
  spoeCase({
    title: 'force-set-var: any name, but none of proc',
    proxy:
      '  http-request set-var(txn.copy) var(txn.e.any)\n  http-request return status 200 hdr x-e "%[var(txn.copy)]"',
    agent: '    messages n\n    option force-set-var',
    file: TWO,
    script: {
      notify: (talk, seen) =>
        talk.ack(seen, [
          ['txn', 'any', 'thing'],
          ['txn', 'other', 1],
        ]),
    },
    scenario: async (side) => side.get(),
    check: (seen, expect) => expect(seen).toBe('200|x-e: thing|'),
  }),
  spoeCase({
    title: 'unset-var takes a variable away',
    proxy: '  http-request return status 200 hdr x-e "%[var(txn.e.a,none)]"',
    agent: '    messages m n',
    file: TWO,
    script: {
      notify: (talk, seen) => {
        if (seen.messages[0]!.name === 'm') talk.ack(seen, [['txn', 'a', 1]]);
        else talk.ackRaw(seen, [2, 2, 2, 1, 97]);
      },
    },
    scenario: async (side) => side.get(),
    check: (seen, expect) => expect(seen).toBe('200|x-e: none|'),
  }),
  spoeCase({
    title: 'the log: events, groups, errors, counts',
    proxy: '  {second}\n  http-request send-spoe-group {name} g\n  http-request return status 200'.replace(
      '  {second}\n',
      '',
    ),
    agent: '    messages m n\n    groups g\n    log global\n    option continue-on-error',
    processing: '200ms',
    file: `${TWO}
spoe-message o
    args a=int(1)
spoe-group g
    messages o`,
    script: deaf,
    scenario: async (side) => {
      await side.get();
      return side.log(3);
    },
    check: (seen, expect) =>
      expect(seen).toEqual([
        'SPOE: [agent] <EVENT:on-frontend-tcp-request> sid=N st=1 T 1/1',
        'SPOE: [agent] <EVENT:on-frontend-http-request> sid=N st=0 T 1/2',
        'SPOE: [agent] <GROUP:g> sid=N st=0 T 1/3',
      ]),
  }),
  spoeCase({
    title: 'option dontlog-normal leaves errors',
    agent: '    messages m n\n    log global\n    option continue-on-error\n    option dontlog-normal',
    processing: '200ms',
    file: TWO,
    script: deaf,
    scenario: async (side) => {
      await side.get();
      return side.log(1);
    },
    check: (seen, expect) => expect(seen).toEqual(['SPOE: [agent] <EVENT:on-frontend-tcp-request> sid=N st=1 T 1/1']),
  }),
  spoeCase({
    title: 'lines of the shape of 2.6 with an option',
    agent: '    messages n\n    log global\n    option sluice-log-2.6',
    alone: true,
    file: TWO,
    scenario: async (side) => {
      await side.get();
      await side.log(1);
      return side.proxy.process.stdout.split('\n').find((line) => line.includes(`[${side.name}-agent]`));
    },
    check: (seen, expect) =>
      expect(seen).toMatch(
        /^SPOE: \[p\d+x-agent\] <EVENT:on-frontend-http-request> sid=\d+ st=0 0\/0\/\d+\/0\/\d+ 1\/1 0\/0 0\/1$/,
      ),
  }),
  spoeCase({
    title: 'nobody listens where the agent should be',
    proxy: ERR,
    agent: '    messages n\n    option set-on-error err',
    processing: '300ms',
    backend: 'server a 127.9.9.9:9',
    file: TWO,
    scenario: async (side) => side.get(),
    check: (seen, expect) => expect(seen).toBe('200|x-e: 1|'),
  }),
  spoeCase({
    title: 'a client that leaves while it waits: the agent is asked once, and the next client is served',
    proxy: ERR,
    agent: '    messages n\n    log global',
    file: TWO,
    script: {
      notify: (talk, seen) =>
        void setTimeout(() => talk.ack(seen), seen.messages[0]!.args[0]![2] === '/slow' ? 400 : 0),
    },
    scenario: async (side) => {
      const client = await side.client('GET /slow HTTP/1.1\r\nHost: h\r\n\r\n');
      await side.agent.when(() => side.agent.seen.length === 1);
      client.destroy();
      const next = await side.get('/quick');
      await side.log(2);
      return [next, names(side)];
    },
    check: (seen, expect) => expect(seen).toEqual(['200|x-e: none|', ['n', 'n']]),
  }),
  spoeCase({
    title: 'an agent without pipelining gets a connection for each',
    agent: '    messages n',
    file: TWO,
    script: {
      helloValues: { capabilities: [] },
      notify: (talk, seen) => void setTimeout(() => talk.ack(seen), 100),
    },
    scenario: async (side) => {
      await Promise.all([1, 2, 3, 4].map(() => side.get()));
      return new Set(side.agent.seen.map(({ connection }) => connection)).size;
    },
    check: (seen, expect) => expect(seen).toBe(4),
  }),
]);
