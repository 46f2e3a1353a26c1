import type { ClientResponse } from '../testing/client.ts';
import type { LogField } from './read-expect.ts';
import type { Seen } from './stand-in.ts';

/** What is known of one request, or connection, beyond what client and origin saw. Undefined where it could not be observed. */
export interface Observation {
  readonly frontend: string | undefined;
  /** Null: none was chosen. */
  readonly backend: string | null | undefined;
  readonly server: string | null | undefined;
  /** Those that were asked for, with their scope; null: not set. One that cannot be seen is not in it. */
  readonly variables: ReadonlyMap<string, string | null>;
  readonly log: Readonly<Partial<Record<LogField, string>>>;
  /** The rule that had the last word: where it stands, and what it says. */
  readonly rule: { readonly file: string; readonly line: number; readonly text: string } | undefined;
}

export const NOTHING_OBSERVED: Observation = {
  frontend: undefined,
  backend: undefined,
  server: undefined,
  variables: new Map(),
  log: {},
  rule: undefined,
};

/** What one request, or one connection of mode tcp, came to. */
export interface Outcome {
  readonly kind: 'http' | 'tcp';
  readonly response: Answered | undefined;
  /** Bytes that came back in mode tcp; a byte string. */
  readonly received: string;
  readonly closed: 'open' | 'end' | 'reset';
  readonly answeredBy: 'proxy' | 'origin' | 'cache' | undefined;
  /** What arrived at stand-ins meanwhile, oldest first. */
  readonly seen: readonly Seen[];
  /** The one whose answer the client got, else the last. */
  readonly served: Seen | undefined;
  readonly observation: Observation;
  readonly logLines: readonly string[];
}

export interface Answered {
  readonly status: number;
  readonly reason: string;
  readonly version: string;
  /** Names in lower case; without what the tests themselves put there. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
  readonly complete: boolean;
}

export function answered(response: ClientResponse, own: ReadonlySet<string>): Answered {
  const headers = response.headers.list
    .map(([name, value]) => [name.toLowerCase(), value] as const)
    .filter(([name]) => !own.has(name));
  const { status, reason, version, complete } = response;
  return { status, reason, version, headers, body: response.body.toString('latin1'), complete };
}

export function headerOf(headers: Answered['headers'], name: string): string | undefined {
  const values = headers.filter(([one]) => one === name).map(([, value]) => value);
  return values.length === 0 ? undefined : values.join(', ');
}
