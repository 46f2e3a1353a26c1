import { ADMIN, type CheckRecord, type PluginContext, type Server, type ServerChange } from 'sluice/plugin';

/** What scripts hear of servers; lua-api.rst, `core.event_sub`. */
export const SERVER_EVENTS = [
  'SERVER_ADD',
  'SERVER_DEL',
  'SERVER_UP',
  'SERVER_DOWN',
  'SERVER_STATE',
  'SERVER_ADMIN',
  'SERVER_CHECK',
] as const;
export type ServerEventName = (typeof SERVER_EVENTS)[number];

/** A result of a check as it was when it came: the record goes on changing. */
export interface CheckFinding {
  readonly result: 'FAILED' | 'PASSED' | 'CONDPASS';
  readonly agent: boolean;
  readonly duration: number;
  readonly short: string;
  readonly words: string;
  /** Of layer 5 and above only. */
  readonly code: number | undefined;
  readonly health: number;
  readonly rise: number;
  readonly fall: number;
}

export interface ServerEvent {
  readonly name: ServerEventName;
  readonly server: Server;
  readonly revision: number;
  readonly state?: Omit<Extract<ServerChange, { kind: 'state' }>, 'check'> & {
    readonly check: CheckFinding | undefined;
  };
  readonly admin?: Extract<ServerChange, { kind: 'admin' }>;
  readonly check?: CheckFinding;
}

type Told = (event: ServerEvent) => void;

/** Tells scripts of servers, all or single ones; nobody is asked as long as no script wants to know. */
export class ServerEvents {
  #context: PluginContext | undefined;
  readonly #all = new Set<Told>();
  readonly #single = new Map<Server, Set<Told>>();
  readonly #watched = new Map<Server, () => void>();
  readonly #revisions = new WeakMap<Server, number>();
  #revision = 0;
  #removed = false;

  /** Servers are there. */
  begin(context: PluginContext): void {
    this.#context = context;
    for (const backend of context.backends)
      backend.onServers((server, change) => {
        if (change === 'added') this.#added(server);
        else this.#gone(server);
      });
    if (this.#all.size > 0) this.#watchAll();
  }

  /** `Server.get_rid`: grows when a server comes after others have gone. */
  revisionOf(server: Server): number {
    return this.#revisions.get(server) ?? 0;
  }

  /** Tells of that server's events, or of all servers', until the function it gives is called. */
  watch(told: Told, server?: Server): () => void {
    if (server === undefined) {
      this.#all.add(told);
      this.#watchAll();
      return () => {
        this.#all.delete(told);
        this.#forget();
      };
    }
    const set = this.#single.get(server) ?? new Set();
    this.#single.set(server, set.add(told));
    this.#watch(server);
    return () => {
      set.delete(told);
      if (set.size === 0 && this.#single.get(server) === set) this.#single.delete(server);
      this.#forget();
    };
  }

  #watchAll(): void {
    for (const backend of this.#context?.backends ?? []) for (const server of backend.servers) this.#watch(server);
  }

  #watch(server: Server): void {
    if (this.#watched.has(server)) return;
    this.#watched.set(
      server,
      server.state.watch((change) => this.#changed(server, change)),
    );
  }

  /** Stops watching those that nobody asks for. */
  #forget(): void {
    if (this.#all.size > 0) return;
    for (const [server, stop] of this.#watched) {
      if (this.#single.has(server)) continue;
      stop();
      this.#watched.delete(server);
    }
  }

  #added(server: Server): void {
    if (this.#removed) this.#revision++;
    this.#removed = false;
    this.#revisions.set(server, this.#revision);
    if (this.#all.size > 0) this.#watch(server);
    this.#tell('SERVER_ADD', server);
  }

  #gone(server: Server): void {
    this.#removed = true;
    this.#tell('SERVER_DEL', server);
    this.#watched.get(server)?.();
    this.#watched.delete(server);
    this.#single.delete(server);
  }

  #changed(server: Server, change: ServerChange): void {
    switch (change.kind) {
      case 'state': {
        const state = { ...change, check: change.check === undefined ? undefined : findingOf(change.check) };
        if (change.after === 'stopped') this.#tell('SERVER_DOWN', server, { state });
        else if (change.before === 'stopped') this.#tell('SERVER_UP', server, { state });
        this.#tell('SERVER_STATE', server, { state });
        break;
      }
      case 'admin':
        this.#tell('SERVER_ADMIN', server, { admin: change });
        break;
      default:
        this.#tell('SERVER_CHECK', server, { check: findingOf(change.check) });
    }
  }

  #tell(name: ServerEventName, server: Server, more: Pick<ServerEvent, 'state' | 'admin' | 'check'> = {}): void {
    const event: ServerEvent = { name, server, revision: this.revisionOf(server), ...more };
    for (const told of [...(this.#single.get(server) ?? []), ...this.#all]) told(event);
  }
}

const RESULTS = { failed: 'FAILED', passed: 'PASSED', conditional: 'CONDPASS' } as const;

function findingOf(check: CheckRecord): CheckFinding {
  return {
    result: RESULTS[check.outcome as keyof typeof RESULTS] ?? 'FAILED',
    agent: check.kind === 'agent',
    duration: Math.max(0, Math.round(check.durationMs)),
    short: check.code,
    words: check.words,
    code: /^(?:L[567]|PROC)/.test(check.code) && check.l7code >= 0 ? check.l7code : undefined,
    health: check.health,
    rise: check.rise,
    fall: check.fall,
  };
}

/** The words of a sum of {@link ADMIN}; lua-api.rst, "ServerEventAdmin class". */
export function adminWords(admin: number): string[] {
  const words: string[] = [];
  const maintenance = [
    [ADMIN.forcedMaintenance, 'FMAINT'],
    [ADMIN.inheritedMaintenance, 'IMAINT'],
    [ADMIN.resolutionMaintenance, 'RMAINT'],
    [ADMIN.configuredMaintenance, 'CMAINT'],
  ] as const;
  const drain = [
    [ADMIN.forcedDrain, 'FDRAIN'],
    [ADMIN.inheritedDrain, 'IDRAIN'],
  ] as const;
  for (const [title, flags] of [
    ['MAINT', maintenance],
    ['DRAIN', drain],
  ] as const) {
    const set = flags.filter(([flag]) => (admin & flag) !== 0).map(([, word]) => word);
    if (set.length > 0) words.push(title, ...set);
  }
  return words;
}
