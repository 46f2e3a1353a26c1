import type { Placed } from './decode.ts';
import type { Place } from './located.ts';
import type { Expected } from './read-expect.ts';

/** A test file, read. */
export interface Suite {
  /** As it was named on the command line. */
  readonly file: string;
  /** Absolute paths. */
  readonly configuration: readonly Placed<string>[];
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly paths: readonly (readonly [from: string, to: string])[];
  readonly without: readonly Placed<string>[];
  readonly origins: OriginScripts;
  readonly cases: readonly Case[];
}

export interface Case {
  readonly name: string;
  readonly place: Place;
  readonly steps: readonly Step[];
  readonly origins: OriginScripts;
  readonly keepsCookies: boolean;
  /** Why it is not run; empty without a reason. */
  readonly skip: string | undefined;
  readonly only: boolean;
  /** Why it is not run with HAProxy. */
  readonly notWithHaproxy: string | undefined;
  /** What two programs need not do alike: `server`, `headers`, `headers.x-request-id`. */
  readonly mayDiffer: readonly string[];
}

export interface Step {
  readonly name: string | undefined;
  readonly place: Place;
  readonly given: readonly Given[];
  /** Milliseconds. */
  readonly after: number;
  /** Time that passes while the answer is waited for; milliseconds. */
  readonly meanwhile: number;
  /** Milliseconds since 1970: what the program takes the time to be. */
  readonly at: number | undefined;
  readonly does: HttpRequest | TcpExchange | undefined;
  readonly connection: 'same' | 'new';
  readonly repeat: number;
  readonly atOnce: number;
  readonly expect: Expected | undefined;
}

export type ServerCondition = 'up' | 'down' | 'drain' | 'maint';

export interface Given {
  /** `backend/server`, or a backend for all of its servers. */
  readonly server: Placed<string>;
  readonly condition: ServerCondition;
}

/** Where a connection goes, and from where. */
export interface Way {
  readonly place: Place;
  readonly frontend: Placed<string> | undefined;
  readonly address: Placed<string> | undefined;
  /** The port of a whole URL. */
  readonly port: number | undefined;
  readonly source: { readonly address: string; readonly port: number | undefined } | undefined;
  readonly destination: string | undefined;
}

/** Byte strings. */
export interface HttpRequest extends Way {
  readonly kind: 'http';
  readonly method: string;
  readonly target: string;
  readonly version: '1.0' | '1.1';
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string | undefined;
}

export interface TcpExchange extends Way {
  readonly kind: 'tcp';
  readonly send: string;
}

export type OriginScripts = readonly (readonly [who: Placed<string>, script: Script])[];

/** What a stand-in does, time after time; the last answer stays. At least one. */
export interface Script {
  readonly refuses: boolean;
  readonly greeting: string | undefined;
  readonly answers: readonly Answer[];
}

/** Byte strings. */
export interface Answer {
  readonly status: number;
  readonly reason: string | undefined;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Undefined: `origin backend/server`. */
  readonly body: string | undefined;
  /** Milliseconds. */
  readonly delay: number;
  readonly ends: 'keeps' | 'closes' | 'closes at once' | 'resets';
  /** In the place of all that. */
  readonly send: string | undefined;
}
