import type {
  Connection,
  DetachedTransaction,
  Endpoint,
  Frontend,
  Process,
  Received,
  Response,
  Rule,
  Timing,
  TimeoutChoice,
  Value,
  VariableScope,
} from '../api/index.ts';
import { newCounters } from '../state/counters.ts';
import type { UpstreamBackend } from './backend.ts';
import type { UpstreamServer } from './server.ts';

/** An end without an address that could be told, as that of a UNIX socket. */
const NOWHERE: Endpoint = { family: 'unix', address: '', port: 0 };
/** The client that is not there. */
const NOBODY = {
  id: 0,
  source: NOWHERE,
  destination: NOWHERE,
  socketSource: NOWHERE,
  socketDestination: NOWHERE,
  acceptedAt: 0,
  receivedProxyHeader: false,
} as unknown as Connection;

const NO_TIMES: Timing = {
  start: -1,
  handshake: -1,
  firstByte: -1,
  request: -1,
  queue: -1,
  connect: -1,
  response: -1,
  end: -1,
};

/** What samples of health checks are evaluated with. It has what samples read, and nothing of what rules do to traffic. */
export class Detached implements Partial<DetachedTransaction> {
  readonly id = 0;
  connection: Connection = NOBODY;
  readonly frontend: Frontend;
  readonly backend: UpstreamBackend;
  server: UpstreamServer | undefined;
  readonly request = undefined;
  response: Response | undefined = undefined;
  received: Received | undefined = undefined;
  readonly loggedStatus = 0;
  readonly startedAt: number;
  readonly timing: Timing = NO_TIMES;
  readonly termination = '----';
  readonly bytesToClient = 0;
  readonly bytesFromClient = 0;
  readonly loggedToClient = 0;
  readonly loggedFromClient = 0;
  retries: number = 0;
  readonly isFirst = true;
  lastRule: Rule | undefined = undefined;
  redispatched: boolean = false;
  persistence: 'normal' | 'forced' | 'ignored' = 'normal';
  requestCookie = '-';
  responseCookie = '-';
  readonly serverQueue = 0;
  readonly backendQueue = 0;
  readonly requestCaptures: (string | undefined)[] = [];
  readonly responseCaptures: (string | undefined)[] = [];
  logLevel: string | undefined = undefined;
  strictRewriting = true;
  readonly uniqueId = undefined;
  #variables: Map<string, Value> | undefined = undefined;
  #data: Map<symbol, object> | undefined = undefined;

  constructor(backend: UpstreamBackend, server: UpstreamServer | undefined, frontend: string) {
    this.backend = backend;
    this.server = server;
    this.startedAt = backend.clock.wall();
    this.frontend = {
      name: frontend,
      id: 0,
      settings: backend.settings,
      counters: newCounters(),
      clock: backend.clock,
      listeners: [],
      logLines: 0,
      admission: 'stopped',
      pause: () => false,
      resume: () => false,
      stop: () => false,
      extension: () => undefined,
      log: () => undefined,
    };
  }

  get process(): Process {
    return this.backend.runtime.generation;
  }

  getVariable(scope: VariableScope, name: string): Value | undefined {
    if (scope === 'proc') return this.backend.runtime.generation.variables.get(name);
    return this.#variables?.get(`${scope}.${name}`);
  }

  setVariable(scope: VariableScope, name: string, value: Value | undefined): void {
    let map: Map<string, Value>;
    if (scope === 'proc') map = this.backend.runtime.generation.variables;
    else if (scope === 'sess' || scope === 'check') map = this.#variables ??= new Map();
    else return;
    const key = scope === 'proc' ? name : `${scope}.${name}`;
    if (value === undefined) map.delete(key);
    else map.set(key, value);
  }

  data<T extends object>(key: symbol, create: () => T): T {
    this.#data ??= new Map();
    let value = this.#data.get(key) as T | undefined;
    if (value === undefined) this.#data.set(key, (value = create()));
    return value;
  }

  peek<T extends object>(key: symbol): T | undefined {
    return this.#data?.get(key) as T | undefined;
  }

  /** Its variables and the state of plugins. */
  protected forget(): void {
    this.#variables = undefined;
    this.#data = undefined;
  }

  getTimeout(which: TimeoutChoice): number {
    return this.backend.settings.timeouts[which] ?? 0;
  }
}
