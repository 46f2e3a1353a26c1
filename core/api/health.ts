import type { Clock } from './plugin.ts';
import type { Server } from './traffic.ts';
import type { Endpoint } from './values.ts';

/**
 * What a server does: out of order, back but not at full speed yet (slow start), at work, or at work for those who are
 * bound to it only (a check passed conditionally). management.txt 9.3, `srv_op_state`.
 */
export type OperationalState = 'stopped' | 'starting' | 'running' | 'stopping';

/** Why a server gets no or less traffic though it may be well: bits of `srv_admin_state`, management.txt 9.3. */
export const ADMIN: Readonly<{
  forcedMaintenance: 0x01;
  inheritedMaintenance: 0x02;
  configuredMaintenance: 0x04;
  forcedDrain: 0x08;
  inheritedDrain: 0x10;
  resolutionMaintenance: 0x20;
  hostNameMaintenance: 0x40;
}> = {
  /** `set server … state maint`, `disable server`, an agent's `maint`. */
  forcedMaintenance: 0x01,
  /** The tracked server is in maintenance. */
  inheritedMaintenance: 0x02,
  /** `disabled` in the configuration. Only a state file tells it from the forced one. */
  configuredMaintenance: 0x04,
  forcedDrain: 0x08,
  inheritedDrain: 0x10,
  /** Its name has no address. */
  resolutionMaintenance: 0x20,
  /** Its name was set at run time. It is no maintenance by itself. */
  hostNameMaintenance: 0x40,
};

/** How a check ended, as `check_status` prints it; management.txt 9.1, column 36. */
export type CheckCode =
  | 'UNK'
  | 'INI'
  | 'CHECKED'
  | 'HANA'
  | 'SOCKERR'
  | 'L4OK'
  | 'L4TOUT'
  | 'L4CON'
  | 'L6OK'
  | 'L6TOUT'
  | 'L6RSP'
  | 'L7OK'
  | 'L7OKC'
  | 'L7TOUT'
  | 'L7RSP'
  | 'L7STS'
  | 'PROCERR'
  | 'PROCTOUT'
  | 'PROCOK';

/** What follows: one more success or failure, `conditional` for those bound to the server only, `neutral` for nothing. */
export type CheckOutcome = 'neutral' | 'failed' | 'passed' | 'conditional';

/** What a health check found. */
export interface CheckResult {
  readonly code: CheckCode;
  readonly outcome: CheckOutcome;
  /** What the message says in `info: "…"`: an error, or what the server said. A byte string without control characters. */
  readonly info?: string | undefined;
  /** The code of the protocol: a status of HTTP or SMTP. */
  readonly l7code?: number | undefined;
  /** Milliseconds; measured by the caller where left out. */
  readonly durationMs?: number | undefined;
}

/** What a health check has to know of the attempt under way. */
export interface CheckAttempt {
  /** Aborted when nobody wants the result any more: the generation ends, or the check was disabled. */
  readonly signal: AbortSignal;
  /** For times of its own: a check goes by the clock of its proxy. */
  readonly clock: Clock;
  /**
   * Milliseconds. Without `timeout check` `whole` is true and both are `inter`: one time for all. With it, `connect` is the
   * smaller of `timeout connect` and `inter`, counted from the beginning, and `read` counts from when the connection
   * stands; HAProxy ends the check at the later of the two (measured). configuration.txt 4.2, `timeout check`.
   */
  readonly timeouts: { readonly connect: number; readonly read: number; readonly whole: boolean };
  /** Where to connect unless the protocol says otherwise: `addr` and `port`, else the server's own. */
  readonly address: Endpoint;
  readonly port: number;
  /** The PROXY header to begin with: `check-send-proxy`, or the server's own. */
  readonly sendProxy: 1 | 2 | undefined;
  /**
   * Opens a connection as the server's own are opened: from its `source`, with its socket options. Without `to` it goes to
   * {@link address} and sends the PROXY header by itself.
   */
  connect(reader: OutgoingReader, to?: OutgoingOptions): OutgoingSocket;
}

/** Checks a server once. It gives a result for whatever happens, and rejects only when the signal has been aborted. */
export type CheckFunction = (server: Server, attempt: CheckAttempt) => Promise<CheckResult>;

/** Where {@link Server.open} connects to, instead of the server's own address. */
export interface OutgoingOptions {
  readonly address?: Endpoint | undefined;
  readonly port?: number | undefined;
  /** Sends a PROXY protocol header that names this connection itself, as health checks do. */
  readonly sendProxy?: 1 | 2 | undefined;
  /** What it is for; a check, if left out. */
  readonly purpose?: 'traffic' | 'check' | undefined;
}

/** A connection that a plugin opened. A string is a byte string. */
export interface OutgoingSocket {
  readonly connected: boolean;
  /** False when {@link OutgoingReader.onDrain} should be awaited. */
  write(data: string | Uint8Array): boolean;
  /** Sends FIN behind what has been written. */
  end(): void;
  /** Closes at once; the reader hears no more. */
  destroy(): void;
  /** The same, so that no side has to remember the connection (RST). */
  reset(): void;
}

/** Told of what happens to an outgoing connection; never before `open` has returned. */
export interface OutgoingReader {
  onConnect(): void;
  /** The bytes are only valid during the call: copy what is needed later. */
  onData(bytes: Buffer): void;
  /** The peer sends no more. */
  onEnd(): void;
  /** `code` is that of the system (`ECONNREFUSED`), `words` what strerror(3) makes of it. Nothing follows. */
  onError(code: string, words: string): void;
  onDrain?(): void;
}

/** The two checks a server may have: the health check, and that of its agent. */
export type CheckKind = 'health' | 'agent';

/** One of a server's checks: what it is to do, and what came of it. */
export interface CheckRecord {
  readonly kind: CheckKind;
  /** The configuration has it. */
  readonly configured: boolean;
  /** Not switched off (`disable health`, `disable agent`). */
  readonly enabled: boolean;
  /** Held up by maintenance. */
  readonly paused: boolean;
  readonly running: boolean;
  readonly code: CheckCode;
  /** What the code means: `Layer4 check passed`. */
  readonly words: string;
  readonly outcome: CheckOutcome | 'unknown';
  /** The code of the protocol; -1: none. */
  readonly l7code: number;
  /** Milliseconds; -1 before there was one. */
  readonly durationMs: number;
  readonly info: string;
  /** 0 to rise + fall - 1: below `rise` it counts successes up from 0, else failures down. */
  readonly health: number;
  readonly rise: number;
  readonly fall: number;
  /** Where it goes, if not to the server's own address (`addr`, `port`, `agent-addr`, `agent-port`); may be changed. */
  address: Endpoint | undefined;
  port: number | undefined;
  /** `agent-send`. */
  send: string;
}

/** A server's state as a state file has it: what `show servers state` prints. management.txt 9.3. */
export interface SavedState {
  readonly operational: OperationalState;
  readonly admin: number;
  readonly userWeight: number;
  /** Where the configuration's weight is another now, the user's is forgotten. */
  readonly initialWeight: number;
  readonly sinceMs: number;
  readonly code: CheckCode;
  readonly outcome: CheckOutcome | 'unknown';
  readonly health: number;
  readonly checkEnabled: boolean;
  readonly agentEnabled: boolean;
  readonly port: number | undefined;
}

/** What traffic tells about a server. configuration.txt 5.2, `observe`. */
export type Observation =
  | 'connected'
  | 'connect-failed'
  | 'response'
  | 'bad-status'
  | 'bad-response'
  | 'closed'
  | 'read-timeout'
  | 'read-error';
export type Observer = (what: Observation) => void;

/** Something that changed of a server; told to those who {@link ServerState.watch} it, when it has been logged. */
export type ServerChange =
  | {
      readonly kind: 'state';
      readonly before: OperationalState;
      readonly after: OperationalState;
      /** The user, or whom it tracks, put it into maintenance or took it out; else it was found so. */
      readonly byAdmin: boolean;
      /** The check that found it; undefined when none did. */
      readonly check: CheckRecord | undefined;
      /** Printable; may be empty. */
      readonly cause: string;
      /** Who waited for it, or for any server, and was moved by it. */
      readonly requeued: number;
    }
  | {
      readonly kind: 'admin';
      /** Sums of {@link ADMIN}. */
      readonly before: number;
      readonly after: number;
      readonly cause: string;
      readonly requeued: number;
    }
  /** A check, or the agent, gave a result. */
  | { readonly kind: 'check'; readonly check: CheckRecord };

/**
 * The state of a server: read by statistics and the balance algorithm, changed by checks, agents, discovery and the
 * Runtime API. Every change is told to the backend's loggers in HAProxy's words, and passed on to the servers that
 * track this one. Commands that cannot be done give the message for the one who gave them; undefined means done.
 */
export interface ServerState {
  readonly operational: OperationalState;
  /** A sum of {@link ADMIN}. */
  readonly admin: number;
  readonly maintenance: boolean;
  readonly draining: boolean;
  /** May be given new traffic: up, not stopping, no maintenance, no drain. Its weight may still be 0. */
  readonly usable: boolean;
  /** May be given what is bound to it by persistence: the same, but draining, stopping and of weight 0 too. */
  readonly acceptsBound: boolean;
  /** What the status column of the statistics says: `UP`, `UP 1/3`, `DRAIN (agent)`, `MAINT (via b/s)`, `no check` … */
  readonly text: string;
  /** Of the configuration, and what users see and set; 0 to 256. */
  readonly initialWeight: number;
  readonly userWeight: number;
  /** How far slow start has come, in percent; 100 when it is over. */
  readonly throttle: number;
  /** Milliseconds of {@link Process.clock}. */
  readonly changedAt: number;
  /** Milliseconds in all. */
  readonly downtime: number;
  /** Times it went from up to down, checks that failed while it was up, and errors of traffic that counted as such. */
  readonly timesDown: number;
  readonly failedChecks: number;
  readonly failedAnalyses: number;
  readonly tracked: Server | undefined;
  /** Servers that follow its state. */
  readonly trackers: readonly Server[];
  readonly health: CheckRecord;
  readonly agent: CheckRecord;

  /** `set server … state`. */
  set(state: 'ready' | 'drain' | 'maint'): void;
  /** Sets or clears a bit of {@link ADMIN}; `cause` stands in the message where HAProxy gives one (`No IP for server`). */
  setAdmin(flag: number, on: boolean, cause?: string): void;
  /** `set server … health`; `by` is who wants it, as the message says it: `CLI` if left out. */
  setHealth(state: 'up' | 'stopping' | 'down', by?: string): string | undefined;
  /** `set server … agent`. */
  setAgent(state: 'up' | 'down', by?: string): string | undefined;
  /** `set server … weight`: 0 to 256, or a percentage of the initial one. */
  setWeight(text: string): string | undefined;
  /** The most it may serve at once; 0 means no limit. */
  setMaxconn(count: number): void;
  /** `enable|disable health|agent`. */
  enable(kind: CheckKind, on: boolean): string | undefined;
  /** `set server … addr`: gives what was changed, in the words of the Runtime API; `by` names who wanted it. */
  setAddress(address: Endpoint, port: number | undefined, by: string): string;
  /** From now on a check of that kind exists; done by those who run checks, before they start. */
  configure(kind: CheckKind, settings: { rise: number; fall: number; initially?: number }): void;
  /** A check begins; its result is to be told to {@link report}. */
  begin(kind: CheckKind): void;
  /** Counts a result, and changes the state as `rise` and `fall` say. */
  report(kind: CheckKind, result: CheckResult): void;
  /** The state follows that of another server. The caller sees to it that there is no loop. */
  track(server: Server): void;
  /** Takes up what the last process knew; before there is traffic. */
  restore(saved: SavedState): void;
  /** `shutdown sessions server`: ends what it serves; termination state `K`. */
  shutdownSessions(): void;
  /** Calls `told` with each change from now on, until the function it gives is called. What `told` throws is logged. */
  watch(told: (change: ServerChange) => void): () => void;
  /** Is told of what happens to traffic from now on; `undefined` ends it. */
  observe(observer: Observer | undefined): void;
  /** Counts an error of traffic that counts as a failed check. `fatal`: down at once; `pre-fatal`: the next one is. */
  analysisFailed(info: string, severity: 'check' | 'pre-fatal' | 'fatal' | 'none'): void;
}
