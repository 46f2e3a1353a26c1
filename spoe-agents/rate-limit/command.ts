import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import { createAgent, type Args } from '../sdk/index.ts';
import { text, texts, time, UsageError, type AgentCommand } from '../shared/command.ts';
import { optionalPackage } from '../shared/optional-package.ts';
import { Seldom } from '../sdk/seldom.ts';
import { GCRA, readLimit, readRule, type Limit } from './limits.ts';

interface Vars {
  'txn.rate_ok': boolean;
  'txn.rate_limit': number;
  'txn.rate_remaining': number;
  'txn.rate_retry_ms': number;
  'txn.rate_error': string;
}

/** The command that the script below is. */
interface Store extends Redis {
  gcra(key: string, count: number, periodUs: number, cost: number): Promise<[ok: number, left: number, waitMs: number]>;
}

/** Longer keys are kept as their hash: they come from clients. */
const LONGEST_KEY = 128;

export const command: AgentCommand = {
  summary: `Limits the rate of requests for a fleet of proxies, with Redis or Valkey to share the counts.
Message: rate-limit, args key=src [rule=str(name)] [cost=int(1)].`,
  usage: `  --redis URL           redis://[user:password@]host[:port][/database], or rediss: (redis://127.0.0.1:6379)
  --limit COUNT/TIME    for messages without a rule: 100/1m lets 100 pass, then one each 600 ms
  --rule NAME=COUNT/TIME  for messages with rule=str(NAME); may be repeated (a --limit or --rule is needed)
  --prefix TEXT         of the keys in the store (sluice:rate:)
  --on-error allow|deny when the store does not answer (allow)
  --timeout TIME        for the store to answer (50ms)
  --message NAME        the name of the spoe-message (rate-limit)
`,
  options: {
    redis: { type: 'string' },
    limit: { type: 'string' },
    rule: { type: 'string', multiple: true },
    prefix: { type: 'string' },
    'on-error': { type: 'string' },
    timeout: { type: 'string' },
    message: { type: 'string' },
  },
  async start(values, base) {
    const limits = new Map<string | undefined, Limit>(texts(values, 'rule').map(readRule));
    const usual = text(values, 'limit');
    if (usual !== undefined) limits.set(undefined, readLimit(usual, '--limit'));
    if (limits.size === 0) throw new UsageError('--limit or --rule is needed');
    const onError = text(values, 'on-error') ?? 'allow';
    if (onError !== 'allow' && onError !== 'deny')
      throw new UsageError(`--on-error is allow or deny, not '${onError}'`);
    const prefix = text(values, 'prefix') ?? 'sluice:rate:';
    const failures = new Seldom();
    const failed = (error: unknown): void =>
      failures.pass((withheld) => base.logger.error({ err: error, withheld }, 'the store does not answer'));
    const store = await connect(text(values, 'redis') ?? 'redis://127.0.0.1:6379', time(values, 'timeout', 50), failed);

    const agent = createAgent<Vars>({ ...base, name: 'rate-limit' });
    agent.on(text(values, 'message') ?? 'rate-limit', async (args, ctx) => {
      const rule = args.string('rule');
      const limit = limits.get(rule);
      if (!limit)
        throw new Error(
          rule === undefined ? 'there is no --limit, and the message has no rule' : `there is no rule '${rule}'`,
        );
      const cost = args.number('cost') ?? 1;
      if (cost < 0) throw new RangeError(`a cost is not negative: ${cost}`);
      ctx.setVar('txn', 'rate_limit', limit.count);
      try {
        const key = `${prefix}${rule ?? ''}:${keyOf(args)}`;
        const [ok, left, wait] = await store.gcra(key, limit.count, limit.period * 1000, cost);
        ctx.setVar('txn', 'rate_ok', ok === 1);
        ctx.setVar('txn', 'rate_remaining', Math.max(0, left));
        ctx.setVar('txn', 'rate_retry_ms', wait);
      } catch (error) {
        failed(error);
        ctx.setVar('txn', 'rate_ok', onError === 'allow');
        ctx.setVar('txn', 'rate_error', 'unavailable');
      }
    });
    return { agent, close: () => store.disconnect() };
  },
};

async function connect(url: string, timeoutMs: number, failed: (error: unknown) => void): Promise<Store> {
  if (!/^rediss?:\/\//.test(url)) throw new UsageError(`--redis expects a URL with redis: or rediss:, not '${url}'`);
  const { Redis } = await optionalPackage('ioredis', 'rate-limit', () => import('ioredis'));
  const store = new Redis(url, {
    commandTimeout: timeoutMs,
    maxRetriesPerRequest: 0,
    // What cannot be asked now is not worth asking later.
    enableOfflineQueue: false,
    retryStrategy: (times) => Math.min(100 * times, 2000),
  });
  store.on('error', failed);
  store.defineCommand('gcra', { numberOfKeys: 1, lua: GCRA });
  return store as unknown as Store;
}

/** What is counted, as text. Without a key all count as one. */
function keyOf(args: Args): string {
  const value = args.get('key') ?? '';
  const key = Buffer.isBuffer(value) ? value.toString('hex') : String(value);
  return key.length > LONGEST_KEY ? createHash('sha256').update(key).digest('hex') : key;
}
