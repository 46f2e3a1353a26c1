import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startProxy, type RunningProxy } from '../../support/proxy.ts';
import { type Conversation, RawOrigin } from '../../support/raw-origin.ts';
import { until } from '../../support/wait.ts';
import { missing, title } from '../../support/which.ts';

/** What the server of a case does with the check's connection, number `index` from 0. */
export type Play = (conversation: Conversation, index: number) => void | Promise<void>;

/** One way to check one server, once. */
export interface Case {
  readonly title?: string;
  /** Lines of the backend; `{port}` is the server's. */
  readonly lines: readonly string[];
  /** Lines of the `defaults` section it starts from. */
  readonly defaults?: readonly string[];
  /** More words for the server's line. */
  readonly server?: string;
  /** An address stands for a server that is not ours. */
  readonly origin: Play | string;
  /** `L7STS 503 "Service Unavailable"`: status, code and info of the log line. */
  readonly found: string;
  /** What HAProxy finds, where we mean to differ. */
  readonly apart?: string;
  /** What the server was sent, connection by connection. */
  readonly sent?: readonly string[];
}

const STATUSES: Readonly<Record<string, string>> = {
  'Layer4 check passed': 'L4OK',
  'Layer4 connection problem': 'L4CON',
  'Layer4 timeout': 'L4TOUT',
  'Layer6 check passed': 'L6OK',
  'Layer6 invalid response': 'L6RSP',
  'Layer6 timeout': 'L6TOUT',
  'Layer7 check passed': 'L7OK',
  'Layer7 check conditionally passed': 'L7OKC',
  'Layer7 invalid response': 'L7RSP',
  'Layer7 wrong status': 'L7STS',
  'Layer7 timeout': 'L7TOUT',
  'Socket error': 'SOCKERR',
  'External check passed': 'PROCOK',
  'External check error': 'PROCERR',
  'External check timeout': 'PROCTOUT',
};

const LINE = /reason: ([^,]*?)(?:, code: (-?\d+))?(?:, info: "(.*)")?, check duration/s;

/** The result of the first check of a backend's server, as the log tells it; undefined before it ended. */
function resultOf(log: string, backend: string): string | undefined {
  const line = log.split('\n').find((one) => one.includes(`Health check for server ${backend}/s `));
  const [, reason, code, info] = LINE.exec(line ?? '') ?? [];
  if (reason === undefined) return undefined;
  return [STATUSES[reason] ?? reason, code, info === undefined ? undefined : `"${info}"`]
    .filter((part) => part !== undefined)
    .join(' ');
}

interface Side {
  readonly proxy: RunningProxy;
  readonly origins: readonly (RawOrigin | undefined)[];
}

async function start(program: string, cases: readonly Case[], global: readonly string[]): Promise<Side> {
  const origins: (RawOrigin | undefined)[] = [];
  for (const { origin } of cases) {
    origins.push(typeof origin === 'string' ? undefined : await RawOrigin.start(origin));
  }
  const backend = ({ lines, defaults, server = '', origin }: Case, index: number): string => {
    const port = origins[index]?.port ?? 0;
    const address = typeof origin === 'string' ? origin : `127.0.0.1:${port}`;
    const own = [...lines, `server s ${address} check inter 60s ${server}`];
    const text = own.join('\n  ').replaceAll('{port}', String(port));
    if (defaults === undefined) return `backend c${index}x from base\n  ${text}\n`;
    return `defaults d${index} from base\n  ${defaults.join('\n  ')}\nbackend c${index}x from d${index}\n  ${text}\n`;
  };
  const proxy = await startProxy(
    1,
    ([port]) => `global
  log stdout format raw local0
  max-spread-checks 200ms
  ${global.join('\n  ')}
defaults base
  mode tcp
  log global
  option log-health-checks
  timeout connect 1s
  timeout client 5s
  timeout server 5s
  timeout check 1s
frontend up from base
  bind 127.0.0.1:${port}
${cases.map(backend).join('')}`,
    program,
  );
  return { proxy, origins };
}

const absent = missing('haproxy');
const PROGRAMS = absent.length === 0 ? ['sluice', 'haproxy'] : ['sluice'];

/** Runs each check once, with our program and with HAProxy where it is installed, and compares what both say and send. */
export function checks(suite: string, cases: readonly Case[], global: readonly string[] = []): void {
  describe(title(suite, absent), () => {
    const sides = new Map<string, Side>();
    beforeAll(async () => {
      for (const program of PROGRAMS) sides.set(program, await start(program, cases, global));
    });
    afterAll(async () => {
      for (const { proxy, origins } of sides.values()) {
        await proxy.stop();
        for (const origin of origins) await origin?.stop();
      }
    });
    for (const [index, { title: name, lines, found, apart, sent }] of cases.entries()) {
      test.concurrent(`${index}: ${name ?? lines.join(' | ')}`, async () => {
        for (const [program, { proxy, origins }] of sides) {
          const result = (): string | undefined => resultOf(proxy.process.stdout, `c${index}x`);
          await until(`${program} to check`, () => result() !== undefined);
          expect(result(), program).toBe(program === 'haproxy' ? (apart ?? found) : found);
          if (sent === undefined) continue;
          const got = (): string[] => origins[index]!.conversations.map(({ received }) => received).filter(Boolean);
          await until(`${program} to send`, () => got().join('').length >= sent.join('').length);
          expect(got(), program).toEqual(sent);
        }
      });
    }
  });
}

/** Answers what it was sent, line for line: the first by itself, the others each time something comes; null ends. */
export function talk(...lines: readonly (string | null)[]): Play {
  return async (conversation) => {
    let seen = 0;
    for (const line of lines) {
      if (seen > 0 || line !== lines[0]) {
        const before = seen;
        if (!(await conversation.when(() => conversation.received.length > before, 3000))) return;
      }
      seen = Math.max(1, conversation.received.length);
      if (line === null) conversation.end();
      else conversation.send(line);
    }
  };
}

/** Says this at once, in parts with a pause between them; null ends, undefined says nothing. */
export function say(...parts: readonly (string | null)[]): Play {
  return async (conversation) => {
    for (const [index, part] of parts.entries()) {
      if (index > 0) await new Promise((resolve) => setTimeout(resolve, 60));
      if (part === null) conversation.end();
      else conversation.send(part);
    }
  };
}

/** Says this when something has come, and ends unless told otherwise. */
export function reply(text: string, end = true): Play {
  return async (conversation) => {
    await conversation.when(() => conversation.received !== '');
    conversation.send(text);
    if (end) conversation.end();
  };
}

export const silent: Play = () => undefined;
/** A loopback address that nobody listens on. */
export const DEAD = '127.9.9.9:9';
