import type { ParseArgsConfig } from 'node:util';
import type { Agent, AgentLogger, AgentOptions } from '../sdk/index.ts';

/** What the options of a command line can be; see `util.parseArgs`. */
export type Options = NonNullable<ParseArgsConfig['options']>;
/** What they were. */
export type Values = Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;

/** An agent that runs. */
export interface RunningAgent {
  // Which variables it sets is its own matter.
  readonly agent: Pick<Agent, 'listen' | 'close' | 'counters'>;
  /** SIGHUP. */
  reload?(): Promise<void>;
  /** Lets go of what it holds beside the agent. */
  close?(): Promise<void> | void;
}

/** An agent that `sluice agent` can start. */
export interface AgentCommand {
  readonly summary: string;
  /** One line for each option, without those that every agent has. */
  readonly usage: string;
  readonly options: Options;
  /** @throws UsageError for what the command line should not say; others end the program with their message. */
  start(values: Values, base: Omit<AgentOptions, 'name'> & { readonly logger: AgentLogger }): Promise<RunningAgent>;
}

/** A command line that makes no sense; shown with the usage. */
export class UsageError extends Error {}

/** The one value of an option. */
export function text(values: Values, option: string): string | undefined {
  const value = values[option];
  return typeof value === 'string' ? value : undefined;
}

/** All values of an option that may come several times. */
export function texts(values: Values, option: string): readonly string[] {
  const value = values[option];
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}

export function needed(values: Values, option: string): string {
  const value = text(values, option);
  if (value === undefined) throw new UsageError(`--${option} is needed`);
  return value;
}

/** A number within bounds. */
export function number(
  values: Values,
  option: string,
  { least, most, otherwise }: { readonly least: number; readonly most: number; readonly otherwise: number },
): number {
  const given = text(values, option);
  if (given === undefined) return otherwise;
  const value = /^-?\d+(\.\d+)?$/.test(given) ? Number(given) : Number.NaN;
  if (!(value >= least && value <= most))
    throw new UsageError(`--${option} expects a number from ${least} to ${most}, not '${given}'`);
  return value;
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A time as HAProxy writes it (`500ms`, `10s`, a number alone is milliseconds), in milliseconds. */
export function duration(written: string, what: string): number {
  const [, digits, unit] = /^(\d{1,10})(ms|s|m|h|d)?$/.exec(written) ?? [];
  const value = digits === undefined ? 0 : Number(digits) * UNITS[unit ?? 'ms']!;
  if (value < 1 || value > 0x7fff_ffff)
    throw new UsageError(`${what} expects a time such as 500ms, 10s or 1h, not '${written}'`);
  return value;
}

/** The time that an option gives, in milliseconds. */
export function time(values: Values, option: string, otherwise: number): number {
  const given = text(values, option);
  return given === undefined ? otherwise : duration(given, `--${option}`);
}

/** An `http:` or `https:` URL. */
export function url(given: string, what: string): URL {
  const parsed = URL.canParse(given) ? new URL(given) : undefined;
  if (parsed?.protocol !== 'http:' && parsed?.protocol !== 'https:')
    throw new UsageError(`${what} expects a URL with http: or https:, not '${given}'`);
  return parsed;
}
