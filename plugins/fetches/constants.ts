import { hostname } from 'node:os';
import { constant, parseIpv4, parseIpv6, parseWholeInteger, saturate, type Transaction } from 'sluice/plugin';
import { type FetchTable, fetch, simple } from './define.ts';

const TRUTH: Readonly<Record<string, boolean>> = { true: true, '1': true, false: false, '0': false };

/** Fetches whose answer is known when the configuration loads. configuration.txt 7.3.2. */
export const constantFetches: FetchTable = {
  ...simple('always_true', 'bool', 'constant', 'Always true.', constant(true)),
  ...simple('always_false', 'bool', 'constant', 'Always false.', constant(false)),
  ...fetch('str', 'string', 'str', 'constant', 'The text itself.', (args) => constant(args.text(0))),
  ...fetch('int', 'integer', 'sint', 'constant', 'The integer itself.', (args) =>
    constant(parseWholeInteger(args.text(0))),
  ),
  ...fetch('bool', 'string', 'bool', 'constant', 'The truth value itself.', (args) => {
    const value = TRUTH[args.text(0).toLowerCase()];
    return constant(value ?? args.fail('a boolean is expected'));
  }),
  ...fetch('bin', 'string', 'bin', 'constant', 'The bytes given in hex.', (args) => {
    const hex = args.text(0);
    if (hex.length % 2 === 1) args.fail('an even number of hex digit is expected');
    const wrong = /[^0-9a-fA-F]/.exec(hex);
    if (wrong) args.fail(`an hex digit is expected (found '${wrong[0]}')`);
    return constant(Buffer.from(hex, 'hex'));
  }),
  ...fetch('ipv4', 'ip', 'ipv4', 'constant', 'The address itself.', (args) => constant(parseIpv4(args.text(0)))),
  ...fetch('ipv6', 'ip', 'ipv6', 'constant', 'The address itself.', (args) => constant(parseIpv6(args.text(0)))),
  ...fetch('meth', 'string', 'meth', 'constant', 'The method itself.', (args) => constant(args.text(0))),
  ...fetch('env', 'string', 'str', 'constant', 'An environment variable of the process.', (args) =>
    constant(process.env[args.text(0)]),
  ),
  ...simple('hostname', 'str', 'constant', "The system's name.", constant(hostname())),
  ...simple('nbproc', 'sint', 'constant', 'The number of processes: 1.', constant(1)),
  ...simple('proc', 'sint', 'constant', 'The number of this process: 1.', constant(1)),
  ...simple('thread', 'sint', 'constant', 'The number of this thread: 0.', constant(0)),
  ...simple('tgroup', 'sint', 'constant', 'The number of this thread group: 0.', constant(0)),
  ...simple('quic_enabled', 'bool', 'constant', 'Whether QUIC can be used: not here.', constant(false)),
  ...simple('pid', 'sint', 'constant', "This process's number.", () => process.pid),
  ...simple('uptime', 'sint', 'constant', 'Seconds since the process started.', () => Math.floor(process.uptime())),
  ...fetch('date', '[integer],[string]', 'sint', 'constant', 'The present, since 1970.', (args) => {
    const offset = BigInt(parseWholeInteger(args.optionalText(0) ?? '0') ?? 0);
    const unit = timeUnit(args.optionalText(1), (message) => args.fail(message));
    return (transaction) => saturate(inUnit(unit, transaction) + offset);
  }),
  ...simple(
    'date_us',
    'sint',
    'constant',
    'The microseconds within the present second.',
    (transaction) => microseconds(transaction) % 1_000_000,
  ),
};

export type TimeUnit = 's' | 'ms' | 'us';

export function timeUnit(text: string | undefined, fail: (message: string) => never): TimeUnit {
  if (text === undefined || text === 's' || text === 'ms' || text === 'us') return text ?? 's';
  return fail(`expects 's', 'ms' or 'us', got '${text}'`);
}

/** Microseconds since 1970, as precise as the clock is. */
function microseconds({ process: { clock } }: Transaction): number {
  return Math.floor(clock.wall() * 1000);
}

function inUnit(unit: TimeUnit, transaction: Transaction): bigint {
  if (unit === 'us') return BigInt(microseconds(transaction));
  const milliseconds = Math.floor(transaction.process.clock.wall());
  return BigInt(unit === 'ms' ? milliseconds : Math.floor(milliseconds / 1000));
}
