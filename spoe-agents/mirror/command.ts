import { createAgent, readHeaders } from '../sdk/index.ts';
import { needed, number, text, time, url, type AgentCommand } from '../shared/command.ts';
import { Seldom } from '../sdk/seldom.ts';
import { Mirror } from './mirror.ts';

export const command: AgentCommand = {
  summary:
    'Sends requests to another server as well. Message: mirror, args method=method url=url headers=req.hdrs body=req.body.',
  usage: `  --to URL              where to; http: or https:, its path is put before theirs (needed)
  --sample SHARE        of the requests, 0 to 1 (1)
  --max-concurrent N    requests under way at once; what is above is not mirrored (100)
  --timeout TIME        for a whole request (10s)
  --host NAME           in place of the client's host header
  --message NAME        the name of the spoe-message (mirror)
`,
  options: {
    to: { type: 'string' },
    sample: { type: 'string' },
    'max-concurrent': { type: 'string' },
    timeout: { type: 'string' },
    host: { type: 'string' },
    message: { type: 'string' },
  },
  start(values, base) {
    const mirror = new Mirror({
      to: url(needed(values, 'to'), '--to'),
      sample: number(values, 'sample', { least: 0, most: 1, otherwise: 1 }),
      maxConcurrent: number(values, 'max-concurrent', { least: 1, most: 100_000, otherwise: 100 }),
      timeoutMs: time(values, 'timeout', 10_000),
      host: text(values, 'host'),
    });
    const agent = createAgent({
      capabilities: ['pipelining', 'fragmentation', 'body-stream'],
      ...base,
      name: 'mirror',
    });
    const failures = new Seldom();
    agent.on(text(values, 'message') ?? 'mirror', (args, ctx) => {
      if (!mirror.choose()) return;
      const sent = mirror
        .send({
          method: args.string('method') ?? 'GET',
          target: args.string('url') ?? '/',
          headers: readHeaders(args.bytes('headers')),
          body: ctx.body ?? args.bytes('body') ?? null,
        })
        .catch((error: unknown) => {
          failures.pass((withheld) => base.logger.warn({ err: error, withheld }, 'a request was not mirrored'));
        });
      // The proxy is not kept waiting, except by a body that is still coming.
      return ctx.body ? sent : undefined;
    });
    const close = (): void => {
      mirror.close();
      base.logger.info(mirror.counters, 'mirror stops');
    };
    return Promise.resolve({ agent, close });
  },
};
