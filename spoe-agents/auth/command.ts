import { createAgent, readHeaders, type Args, type Context, type SpopInput } from '../sdk/index.ts';
import { number, text, texts, time, url, UsageError, type AgentCommand, type Values } from '../shared/command.ts';
import { Seldom } from '../sdk/seldom.ts';
import { ForwardAuth } from './forward.ts';
import { JwtChecker, type JwtOptions } from './jwt.ts';

export const command: AgentCommand = {
  summary: `Says whether a request may pass: by a JWT (message check-token, args token=req.hdr(authorization)), or by asking an HTTP service
(message forward-auth, args method=method url=url headers=req.hdrs ip=src tls=ssl_fc).`,
  usage: `  --jwks URL|FILE       the keys of tokens (this or --forward is needed)
  --issuer TEXT         what 'iss' has to be
  --audience TEXT       what 'aud' has to hold; may be repeated: one of them
  --algorithm NAME      may be repeated; by default all that need no shared secret
  --leeway SECONDS      by which clocks may differ (0)
  --claim NAME          is told as txn.claim_NAME; may be repeated ('sub' always is)
  --forward URL         the service to ask: 2xx lets pass
  --copy HEADER         of its answer, is told as txn.header_NAME; may be repeated
  --timeout TIME        for keys and for the service (2s)
`,
  options: {
    jwks: { type: 'string' },
    issuer: { type: 'string' },
    audience: { type: 'string', multiple: true },
    algorithm: { type: 'string', multiple: true },
    leeway: { type: 'string' },
    claim: { type: 'string', multiple: true },
    forward: { type: 'string' },
    copy: { type: 'string', multiple: true },
    timeout: { type: 'string' },
  },
  async start(values, base) {
    const timeoutMs = time(values, 'timeout', 2000);
    const jwks = text(values, 'jwks');
    const forward = text(values, 'forward');
    if (jwks === undefined && forward === undefined) throw new UsageError('--jwks or --forward is needed');
    const agent = createAgent({ ...base, name: 'auth' });
    const failures = new Seldom();
    const unavailable = (ctx: Context, reason: string): void => {
      refuse(ctx, 'unavailable');
      failures.pass((withheld) => base.logger.error({ reason, withheld }, 'a request could not be judged'));
    };

    const checker =
      jwks === undefined ? undefined : await JwtChecker.open(jwtOptions(values, jwks, timeoutMs), base.logger);
    if (checker) {
      const claims = new Set(['sub', ...texts(values, 'claim')]);
      agent.on('check-token', async (args, ctx) => {
        const verdict = await checker.check(args.string('token') ?? undefined);
        if (!('refusal' in verdict)) {
          allow(ctx);
          for (const name of claims) {
            const value = claimValue(verdict.claims[name]);
            if (value !== undefined) ctx.setVar('txn', variable('claim', name), value);
          }
        } else if (verdict.refusal === 'unavailable') unavailable(ctx, verdict.reason);
        else refuse(ctx, verdict.refusal);
      });
    }

    const service = forward === undefined ? undefined : new ForwardAuth(url(forward, '--forward'), timeoutMs);
    if (service) {
      const copied = texts(values, 'copy').map((name) => name.toLowerCase());
      agent.on('forward-auth', async (args, ctx) => {
        let answer;
        try {
          answer = await service.ask(asked(args), ctx.signal);
        } catch (error) {
          return unavailable(ctx, (error as Error).message);
        }
        const { status, headers } = answer;
        if (status >= 200 && status < 300) allow(ctx);
        else refuse(ctx, 'refused');
        ctx.setVar('txn', 'auth_status', status);
        for (const name of new Set(['location', ...copied])) {
          const value = headers[name];
          if (value !== undefined) ctx.setVar('txn', variable('header', name), [value].flat().join(', '));
        }
      });
    }
    const close = (): void => {
      checker?.close();
      service?.close();
    };
    return { agent, close, reload: async () => checker?.reload() };
  },
};

/** Both are said each time: something else may be there from an earlier message. */
function allow(ctx: Context): void {
  ctx.setVar('txn', 'auth_ok', true);
  ctx.unsetVar('txn', 'auth_error');
}

function refuse(ctx: Context, why: string): void {
  ctx.setVar('txn', 'auth_ok', false);
  ctx.setVar('txn', 'auth_error', why);
}

function asked(args: Args): Parameters<ForwardAuth['ask']>[0] {
  return {
    method: args.string('method') ?? 'GET',
    target: args.string('url') ?? '/',
    headers: readHeaders(args.bytes('headers')),
    client: args.ip('ip')?.toString(),
    tls: args.boolean('tls') ?? false,
  };
}

function jwtOptions(values: Values, jwks: string, timeoutMs: number): JwtOptions {
  return {
    jwks,
    issuer: text(values, 'issuer'),
    audience: texts(values, 'audience'),
    algorithms: texts(values, 'algorithm'),
    leeway: number(values, 'leeway', { least: 0, most: 3600, otherwise: 0 }),
    timeoutMs,
  };
}

/** A name that variables can have. */
function variable(kind: 'claim' | 'header', name: string): string {
  return `${kind}_${name.replaceAll(/[^a-zA-Z0-9._]/g, '_')}`;
}

/** Texts, integers and booleans as they are, else JSON. */
function claimValue(claim: unknown): SpopInput {
  if (claim === undefined || typeof claim === 'string' || typeof claim === 'boolean') return claim;
  return Number.isSafeInteger(claim) ? (claim as number) : JSON.stringify(claim);
}
