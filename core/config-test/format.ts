/** What a test file says; the same in YAML and, by {@link defineTests}, in TypeScript. docs/testing-a-configuration.md explains it. */
export interface TestFile {
  /** The configuration, as `-f` takes it: a file or folder, or several. Relative to the test file. */
  readonly configuration: string | readonly string[];
  /** Where relative paths in the configuration begin; without it, the folder of the first configuration. */
  readonly directory?: string;
  /** Environment variables of the configuration, besides those of the process. */
  readonly environment?: Readonly<Record<string, string | number | boolean>>;
  /** Beginnings of paths in the configuration, and where they are here: `{ '/etc/haproxy': './etc' }`. */
  readonly paths?: Readonly<Record<string, string>>;
  /** Beginnings of lines that are left out: `stats`, `bind :8404`. The report lists what was. */
  readonly without?: readonly string[];
  /** What the stand-ins of servers answer: by backend, by `backend/server`, `*` for all. */
  readonly origins?: Readonly<Record<string, OriginScript>>;
  /** What every request begins with. */
  readonly request?: Omit<RequestFields, 'url'>;
  readonly cases: readonly TestCase[];
}

export interface TestCase extends TestStep {
  readonly name: string;
  /** Several requests, one after the other, to one running proxy. */
  readonly steps?: readonly TestStep[];
  /** Of this case alone; over those of the file. */
  readonly origins?: Readonly<Record<string, OriginScript>>;
  /** `keep`: cookies that answers set are sent with the next requests. */
  readonly cookies?: 'keep' | 'ignore';
  /** Not run; the text says why. */
  readonly skip?: boolean | string;
  /** Only cases with this are run. */
  readonly only?: boolean;
  /** `false` or a reason: not run with HAProxy. */
  readonly haproxy?: boolean | string;
  /** What Sluice and HAProxy need not do alike, as reports name it: `server`, `origin.headers.x-request-id`. */
  readonly 'may-differ'?: string | readonly string[];
}

export interface TestStep {
  readonly name?: string;
  /** States of servers: `{ 'web/s1': 'down' }`, or sentences: `server web/s1 is down`. */
  readonly given?: Readonly<Record<string, ServerCondition>> | string | readonly string[];
  /** Lets time pass first: `30s`. */
  readonly after?: string | number;
  /** The date and time of day, for rules that look at it: `2026-12-24T18:00:00Z`. */
  readonly at?: string;
  /** Lets time pass while the answer is waited for, for time-outs and tarpits. */
  readonly meanwhile?: string | number;
  /** `GET /path`, `POST https://host/path`, or what is in it. */
  readonly request?: string | RequestFields;
  /** A connection to a proxy of mode tcp. */
  readonly tcp?: TcpFields;
  /** In steps: `same` (the default) is the one of the step before, if that is open still. */
  readonly connection?: 'same' | 'new';
  /** Sends it so often, each on a connection of its own unless `connection: same` is given. */
  readonly repeat?: number;
  /** With `repeat`: so many of them at a time. */
  readonly 'at-once'?: number;
  readonly expect?: Expectations;
}

export type ServerCondition = 'up' | 'down' | 'drain' | 'maint';

export interface RequestFields {
  readonly method?: string;
  /** A path, or a whole URL, whose host and port count. */
  readonly url?: string;
  readonly version?: '1.0' | '1.1' | 1.1 | 1;
  /** `false` leaves out what the file's `request` has. */
  readonly headers?: Readonly<Record<string, string | number | false | readonly (string | number)[]>>;
  readonly body?: Bytes;
  /** `user:password`, as Basic authentication. */
  readonly auth?: string;
  /** Where it comes in; needed if several frontends could be meant. */
  readonly frontend?: string;
  /** The address on the bind line, as it is written there: `:8080`. */
  readonly address?: string;
  /** The client's address, and its port: `192.0.2.7`, `192.0.2.7:4000`. */
  readonly source?: string;
  /** The address it came to, where the bind line leaves it open. */
  readonly destination?: string;
  /** Refused: there is no TLS. */
  readonly sni?: string;
}

export interface TcpFields extends Pick<RequestFields, 'frontend' | 'address' | 'source' | 'destination' | 'sni'> {
  readonly send?: Bytes;
}

export type Bytes = string | { readonly hex: string } | { readonly base64: string };

/** What a stand-in does with a request, or in mode tcp with bytes. Everything left out is as for `200 OK` with `origin backend/server`. */
export interface OriginScript {
  readonly status?: number;
  readonly reason?: string;
  readonly headers?: Readonly<Record<string, string | number | readonly (string | number)[]>>;
  readonly body?: Bytes;
  /** Waits before it answers. */
  readonly delay?: string | number;
  /** Resets the connection in the place of an answer. */
  readonly reset?: boolean;
  /** Closes: behind the answer, or in its place if nothing else is said. */
  readonly close?: boolean;
  /** Refuses connections. */
  readonly refuse?: boolean;
  /** These bytes, as they are, in the place of an answer. */
  readonly send?: Bytes;
  /** These bytes as soon as a connection comes. */
  readonly greeting?: Bytes;
  /** One after the other; the last stays. */
  readonly sequence?: readonly OriginScript[];
}

/** What a text has to be: equal, `true` present, `false` absent, or all of an object's conditions. */
export type TextCondition =
  | string
  | number
  | boolean
  | RegExp
  | {
      readonly equals?: string;
      readonly matches?: string | RegExp;
      readonly contains?: string;
      readonly 'starts-with'?: string;
      readonly 'ends-with'?: string;
      readonly present?: boolean;
      readonly not?: TextCondition;
      readonly 'any-of'?: readonly TextCondition[];
    };

export interface Expectations {
  readonly frontend?: string;
  readonly backend?: string | readonly string[];
  /** `s1` or `web/s1`; `none` when no server may be chosen. */
  readonly server?: string | readonly string[];
  /** 200, `2xx`, or several; `none` for no answer. */
  readonly status?: number | string | readonly (number | string)[];
  readonly reason?: TextCondition;
  readonly headers?: Readonly<Record<string, TextCondition>>;
  readonly body?: TextCondition;
  /** Where a redirection leads. */
  readonly location?: TextCondition;
  readonly 'answered-by'?: 'proxy' | 'origin' | 'cache';
  /** What the stand-in saw; `none` when it must not be asked. */
  readonly origin?: 'none' | OriginExpectations;
  readonly log?: TextCondition | LogExpectations;
  /** With their scope: `txn.tenant`. */
  readonly variables?: Readonly<Record<string, TextCondition>>;
  /** What became of the client's connection. */
  readonly connection?: 'open' | 'closed' | 'reset';
  /** Bytes that came back, in mode tcp. */
  readonly receive?: TextCondition;
  /** With `repeat`: how often each server was chosen. */
  readonly servers?: Readonly<Record<string, CountCondition>>;
  /** With `repeat`: how often each status was answered. */
  readonly statuses?: Readonly<Record<string, CountCondition>>;
}

/** A number, or `10-20`, or bounds. */
export type CountCondition = number | string | { readonly min?: number; readonly max?: number };

export interface OriginExpectations {
  readonly method?: TextCondition;
  /** The request target as it arrived, with the query. */
  readonly url?: TextCondition;
  /** Without the query. */
  readonly path?: TextCondition;
  readonly query?: TextCondition;
  readonly version?: TextCondition;
  readonly headers?: Readonly<Record<string, TextCondition>>;
  readonly body?: TextCondition;
  /** The client's address as a PROXY header named it. */
  readonly source?: TextCondition;
  /** Bytes, in mode tcp. */
  readonly receive?: TextCondition;
  /** How many requests came, retries among them. */
  readonly requests?: CountCondition;
}

export interface LogExpectations {
  /** A line has to be so. `false`: there must be none. */
  readonly line?: TextCondition;
  /** `PR--`; configuration.txt 8.5. */
  readonly termination?: TextCondition;
  readonly status?: TextCondition;
  readonly frontend?: TextCondition;
  readonly backend?: TextCondition;
  readonly server?: TextCondition;
  readonly retries?: TextCondition;
  readonly request?: TextCondition;
  /** What `capture request header` kept, joined by `|`. */
  readonly 'request-captures'?: TextCondition;
  readonly 'response-captures'?: TextCondition;
}

/** Identity: checks a test file in TypeScript as it is typed. `export default defineTests({ … })`. */
export function defineTests(file: TestFile): TestFile {
  return file;
}
