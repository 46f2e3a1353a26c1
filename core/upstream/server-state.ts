import { ADMIN } from '../api/index.ts';
import type {
  CheckKind,
  CheckResult,
  Endpoint,
  Observer,
  ServerChange,
  OperationalState,
  SavedState,
  ServerState,
} from '../api/index.ts';
import { admitting, noteAvailability, requeue, shutdownSessions } from './availability.ts';
import { CheckState } from './check-record.ts';
import type { UpstreamServer } from './server.ts';
import { readWeight } from './read-weight.ts';
import { restoreState } from './restore-state.ts';
import { SlowStart } from './slow-start.ts';
import { aftermath, changeWords, healthMessage, serverPath, serverTitle, tell } from './state-messages.ts';
import { statusText } from './status-text.ts';

const MAINTENANCE = ADMIN.forcedMaintenance | ADMIN.inheritedMaintenance | ADMIN.resolutionMaintenance;
const DRAIN = ADMIN.forcedDrain | ADMIN.inheritedDrain;
/** The parts of a weight of 1 that slow start counts in. */
const FINE = 16;

/** Why a state changes, as the messages say it. */
const ADVICE: ReadonlySet<string> = new Set(['L7OK', 'L7STS']);

type Cause = { readonly check: CheckState } | { readonly via: UpstreamServer } | { readonly by: string };

/** The state machine of one server; management.txt 9.3, `show servers state`. Messages and their order as measured with HAProxy. */
export class HealthState implements ServerState {
  readonly health: CheckState = new CheckState('health');
  readonly agent: CheckState = new CheckState('agent');
  operational: OperationalState = 'running';
  admin = 0;
  initialWeight: number;
  userWeight: number;
  changedAt: number;
  timesDown = 0;
  failedChecks = 0;
  failedAnalyses = 0;
  tracked: UpstreamServer | undefined = undefined;
  readonly #trackers: UpstreamServer[] = [];
  readonly #server: UpstreamServer;
  /** How many who waited the change of {@link admin} under way has moved. */
  #moved = 0;
  readonly slowStart: SlowStart;
  #downtime = 0;
  readonly #watchers = new Set<(change: ServerChange) => void>();

  constructor(server: UpstreamServer) {
    this.#server = server;
    this.changedAt = server.backend.clock.now();
    this.initialWeight = server.config.weight;
    this.userWeight = server.config.weight;
    this.slowStart = new SlowStart(server.backend.clock, server.config.slowstart, () => this.#ramp());
    if (server.config.disabled) {
      this.admin = ADMIN.forcedMaintenance | (server.config.dynamic ? 0 : ADMIN.configuredMaintenance);
      this.operational = 'stopped';
      this.health.health = 0;
      this.health.paused = true;
    }
    this.#refresh();
  }

  get maintenance(): boolean {
    return (this.admin & MAINTENANCE) !== 0;
  }

  get draining(): boolean {
    return (this.admin & DRAIN) !== 0;
  }

  get usable(): boolean {
    return (this.operational === 'running' || this.operational === 'starting') && !this.maintenance && !this.draining;
  }

  get acceptsBound(): boolean {
    return this.operational !== 'stopped' && !this.maintenance;
  }

  get text(): string {
    return statusText(this.#server);
  }

  get throttle(): number {
    return this.operational === 'starting' ? Math.floor(this.slowStart.share * 100) : 100;
  }

  get downtime(): number {
    return this.#downtime + (this.operational === 'stopped' ? this.#server.backend.clock.now() - this.changedAt : 0);
  }

  /** What the balance algorithm looks at. */
  #refresh(): void {
    const server = this.#server;
    const full = this.userWeight * FINE;
    server.ramp = this.operational === 'starting' ? this.slowStart.share : 1;
    server.fineWeight = full === 0 ? 0 : Math.max(1, Math.floor(full * server.ramp));
    server.effectiveWeight = Math.ceil(server.fineWeight / FINE);
    server.usable = this.usable;
  }

  /** After something of it was set: its weight and place in the backend follow. */
  changed(): void {
    this.#refresh();
    this.#server.backend.changed(this.#server);
  }

  #say(level: 'alert' | 'notice', words: string): void {
    tell(this.#server, level, `${serverTitle(this.#server)} ${words}`);
  }

  #ramp(): void {
    if (this.operational !== 'starting') return;
    if (this.slowStart.share >= 1) {
      this.operational = 'running';
      this.changed();
      this.#say('notice', `is UP.${aftermath(this.#server, 0)}`);
    } else this.changed();
  }

  /** Moves to another operational state, says so, and takes along those who track this server. */
  #become(wanted: 'running' | 'stopping' | 'stopped', cause: Cause): void {
    if (this.maintenance) return;
    const server = this.#server;
    const before = this.operational;
    const next = wanted === 'running' && before === 'stopped' ? this.#reviving : wanted;
    if (next === before || (wanted === 'running' && before === 'starting')) return;
    noteAvailability(server.backend, () => {
      const alarming = next === 'stopped' && before !== 'stopping' && !this.draining;
      const moved = this.#enter(next);
      this.#say(
        alarming ? 'alert' : 'notice',
        `${changeWords(next)}${this.#because(cause)}.${aftermath(server, moved)}`,
      );
      this.#stillDraining();
      if (this.#watchers.size > 0) {
        const check = 'check' in cause ? cause.check : undefined;
        this.#tellState(before, check, false, check?.reason ?? this.#because(cause).replace(/^,? /, ''), moved);
      }
    });
    this.#shutdown();
    for (const { state } of this.#trackers) state.#become(wanted, { via: server });
  }

  get #reviving(): OperationalState {
    return this.#server.config.slowstart > 0 ? 'starting' : 'running';
  }

  /** Says how many who waited were moved by it. */
  #enter(next: OperationalState): number {
    const server = this.#server;
    const { backend } = server;
    const at = this.#server.backend.clock.now();
    if (this.operational === 'stopped') this.#downtime += at - this.changedAt;
    else if (next === 'stopped') this.timesDown++;
    const before = this.operational;
    this.operational = next;
    this.changedAt = at;
    this.slowStart.end();
    if (next === 'starting') this.slowStart.begin(at);
    if (next === 'stopped') this.changed();
    const moved = next === 'stopped' ? requeue(server) : admitting(backend, () => this.changed());
    if ((before === 'stopped') !== (next === 'stopped')) {
      backend.runtime.generation.surroundings.serverChanged(server, next !== 'stopped');
    }
    return moved;
  }

  /** `on-marked-down`, `on-marked-up`; once the message has counted the sessions. */
  #shutdown(): void {
    const server = this.#server;
    const { backend, config } = server;
    if (this.operational === 'stopped') {
      if (config.shutdownWhenDown) shutdownSessions(server, 'D');
      return;
    }
    if (!config.shutdownBackupsWhenUp || server.backup || !this.usable || server.effectiveWeight === 0) return;
    for (const other of backend.servers) if (other.backup) shutdownSessions(other, 'U');
  }

  #because(cause: Cause): string {
    if ('by' in cause) return `, changed from ${cause.by}`;
    if ('via' in cause) return ` via ${serverPath(cause.via)}`;
    // It has just been logged.
    return this.#logsChecks ? '' : `, ${cause.check.reason}`;
  }

  get #logsChecks(): boolean {
    return this.#server.backend.settings.options.get('log-health-checks') === true;
  }

  set(state: 'ready' | 'drain' | 'maint'): void {
    if (state === 'maint') {
      this.#change(ADMIN.forcedMaintenance, true);
      this.#change(ADMIN.forcedDrain, false);
      return;
    }
    // In maintenance nothing is said of drain; what it leaves to says it.
    this.#change(ADMIN.forcedDrain, state === 'drain');
    this.#change(ADMIN.forcedMaintenance, false);
  }

  setAdmin(flag: number, on: boolean, cause?: string): void {
    this.#change(flag, on, cause);
  }

  #change(flag: number, on: boolean, cause?: string, via?: UpstreamServer): void {
    if (((this.admin & flag) !== 0) === on) return;
    const inMaintenance = this.maintenance;
    const inDrain = this.draining;
    const before = this.admin;
    this.#moved = 0;
    this.admin = on ? this.admin | flag : this.admin & ~flag;
    const isMaintenance = (flag & MAINTENANCE) !== 0;
    const because = via !== undefined ? ` via ${serverPath(via)}` : cause === undefined ? '' : ` (${cause})`;
    if (isMaintenance) {
      if (on && !inMaintenance) this.#enterMaintenance(because, inDrain);
      else if (!on && this.maintenance) this.#say('notice', this.#stillInMaintenance(flag));
      else if (!on) this.#leaveMaintenance(flag);
    } else if (!inMaintenance) {
      if (on && !inDrain) this.#enterDrain(because);
      else if (this.draining) this.#stillDraining();
      else this.#leaveDrain();
    }
    if (this.#watchers.size > 0) {
      const requeued = this.#moved;
      const words = because.trim().replace(/^\((.*)\)$/s, '$1');
      this.#tell({ kind: 'admin', before, after: this.admin, cause: words, requeued });
    }
    if (isMaintenance ? inMaintenance !== this.maintenance : inDrain !== this.draining) this.#passOn(isMaintenance, on);
  }

  #tellState(
    before: OperationalState,
    check: CheckState | undefined,
    byAdmin: boolean,
    cause: string,
    requeued: number,
  ): void {
    this.#tell({ kind: 'state', before, after: this.operational, byAdmin, check, cause, requeued });
  }

  #tell(change: ServerChange): void {
    for (const told of this.#watchers) {
      try {
        told(change);
      } catch (error) {
        const title = serverPath(this.#server);
        this.#server.backend.runtime.generation.log.error({ err: error }, `whoever watches server ${title} failed`);
      }
    }
  }

  watch(told: (change: ServerChange) => void): () => void {
    this.#watchers.add(told);
    return () => void this.#watchers.delete(told);
  }

  #stillInMaintenance(flag: number): string {
    if ((flag & ADMIN.forcedMaintenance) === 0) return 'remains in forced maintenance.';
    const via = this.tracked === undefined ? '' : ` via ${serverPath(this.tracked)}`;
    return `is leaving forced maintenance but remains in maintenance${via}.`;
  }

  /** Whatever else has changed, it still drains. */
  #stillDraining(): void {
    if ((this.admin & ADMIN.forcedDrain) !== 0) this.#say('notice', 'remains in forced drain mode.');
    else if (this.draining && this.tracked !== undefined) {
      this.#say('notice', `is leaving forced drain but remains in drain mode via ${serverPath(this.tracked)}.`);
    }
  }

  #passOn(maintenance: boolean, on: boolean): void {
    for (const { state } of this.#trackers) {
      state.#change(maintenance ? ADMIN.inheritedMaintenance : ADMIN.inheritedDrain, on, undefined, this.#server);
    }
  }

  #enterMaintenance(because: string, wasDraining: boolean): void {
    const server = this.#server;
    this.health.paused ||= this.health.configured;
    this.health.health = 0;
    if (this.operational === 'stopped') {
      this.#refresh();
      this.#say('notice', `was DOWN and now enters maintenance${because}.`);
      return;
    }
    const calm = wasDraining || this.operational === 'stopping';
    noteAvailability(server.backend, () => {
      const before = this.operational;
      const moved = this.#enter('stopped');
      this.#moved = moved;
      this.#say(calm ? 'notice' : 'alert', `is going DOWN for maintenance${because}.${aftermath(server, moved)}`);
      this.#tellState(before, undefined, true, because.trim(), moved);
    });
    this.#shutdown();
  }

  #leaveMaintenance(flag: number): void {
    const { health, agent } = this;
    if (health.configured) {
      health.paused = false;
      health.health = health.initially;
    }
    const follows = this.tracked?.state;
    const next =
      follows === undefined
        ? (health.enabled && !health.up) || (agent.enabled && !agent.up)
          ? 'stopped'
          : 'running'
        : follows.operational;
    noteAvailability(this.#server.backend, () => {
      const before = this.operational;
      if (next === 'stopped') this.#refresh();
      else this.#moved = this.#enter(next === 'stopping' ? next : this.#reviving);
      const forced = (flag & ADMIN.forcedMaintenance) !== 0 ? 'forced ' : '';
      const state = `${next === 'stopped' ? 'DOWN' : next === 'stopping' ? 'stopping' : 'UP'}/${this.draining ? 'DRAIN' : 'READY'}`;
      this.#say('notice', `is ${state} (leaving ${forced}maintenance).`);
      this.#stillDraining();
      if (this.operational !== before) this.#tellState(before, undefined, true, '', this.#moved);
    });
  }

  #enterDrain(because: string): void {
    this.changedAt = this.#passTime();
    noteAvailability(this.#server.backend, () => {
      const moved = admitting(this.#server.backend, () => this.changed());
      this.#moved = moved;
      this.#say('notice', `enters drain state${because}.${aftermath(this.#server, moved)}`);
    });
  }

  /** A change of drain resets the clock, and what it had counted of a time out of order stays. */
  #passTime(): number {
    const at = this.#server.backend.clock.now();
    if (this.operational === 'stopped') this.#downtime += at - this.changedAt;
    return at;
  }

  #leaveDrain(): void {
    this.changedAt = this.#passTime();
    noteAvailability(this.#server.backend, () => {
      this.changed();
      this.#say('notice', `is ${this.operational === 'stopped' ? 'DOWN' : 'UP'} (leaving forced drain).`);
    });
  }

  setHealth(state: 'up' | 'stopping' | 'down', by = 'CLI'): string | undefined {
    if (this.tracked !== undefined) return 'cannot change health on a tracking server.';
    this.health.health = state === 'down' ? 0 : this.health.best;
    this.#become(state === 'up' ? 'running' : state === 'down' ? 'stopped' : 'stopping', { by });
    return undefined;
  }

  setAgent(state: 'up' | 'down', by = 'CLI'): string | undefined {
    if (!this.agent.enabled) return 'agent checks are not enabled on this server.';
    this.agent.health = state === 'up' ? this.agent.best : 0;
    this.#become(state === 'up' ? 'running' : 'stopped', { by });
    return undefined;
  }

  setWeight(text: string): string | undefined {
    const weight = readWeight(text, this.initialWeight);
    if (typeof weight === 'string') return weight;
    this.userWeight = weight;
    noteAvailability(this.#server.backend, () => this.changed());
    if (!this.maintenance) this.#stillDraining();
    return undefined;
  }

  setMaxconn(count: number): void {
    this.#server.maxconn = count;
    this.changed();
  }

  enable(kind: CheckKind, on: boolean): string | undefined {
    const check = this[kind];
    if (!check.configured) {
      if (!on) return undefined;
      return `${kind === 'agent' ? 'Agent' : 'Health check'} was not configured on this server, cannot enable.`;
    }
    check.enabled = on;
    return undefined;
  }

  setAddress(address: Endpoint, port: number | undefined, by: string): string {
    return this.#server.move(address, port, by);
  }

  configure(kind: CheckKind, settings: { rise: number; fall: number; initially?: number }): void {
    const check = this[kind];
    check.configured = true;
    check.enabled = true;
    check.rise = settings.rise;
    check.fall = settings.fall;
    check.initially = settings.initially ?? settings.rise;
    check.health = this.maintenance && kind === 'health' ? 0 : check.initially;
    if (kind === 'health' && !this.maintenance && !check.up) {
      this.operational = 'stopped';
      this.changed();
    }
  }

  begin(kind: CheckKind): void {
    this[kind].running = true;
  }

  report(kind: CheckKind, result: CheckResult): void {
    const check = this[kind];
    check.running = false;
    if (!check.enabled || check.paused) return;
    const before = { code: check.code, health: check.health };
    const wasUp = check.up;
    check.take(result);
    // An agent that cannot be asked says nothing about its server.
    const next = kind === 'agent' && !ADVICE.has(result.code) ? undefined : check.count(result.outcome);
    if (kind === 'health' && result.outcome === 'failed' && wasUp) this.failedChecks++;
    if (
      this.#logsChecks &&
      result.outcome !== 'neutral' &&
      (before.code !== check.code || before.health !== check.health)
    ) {
      tell(this.#server, 'notice', healthMessage(this.#server, check));
    }
    if (result.outcome !== 'neutral' && this.#watchers.size > 0) this.#tell({ kind: 'check', check });
    if (next === undefined || (next === 'running' && !this.#othersUp(kind))) return;
    this.#become(next, { check });
  }

  /** Health check and agent must agree that it is up. */
  #othersUp(kind: CheckKind): boolean {
    const other = kind === 'health' ? this.agent : this.health;
    return !other.enabled || other.up;
  }

  track(server: UpstreamServer): void {
    this.tracked = server;
    const { state } = server;
    state.#trackers.push(this.#server);
    if (state.admin === 0 && state.operational === this.operational) return;
    if (state.maintenance) {
      this.admin |= ADMIN.inheritedMaintenance;
      this.health.health = 0;
    }
    if (state.draining) this.admin |= ADMIN.inheritedDrain;
    if (!this.maintenance || state.maintenance) this.operational = state.operational;
    this.changed();
  }

  get trackers(): readonly UpstreamServer[] {
    return this.#trackers;
  }

  shutdownSessions(): void {
    shutdownSessions(this.#server, 'K');
  }

  /** Another server follows its state. */
  get isTracked(): boolean {
    return this.#trackers.length > 0;
  }

  /** It is removed: whom it followed forgets it. */
  untrack(): void {
    if (this.tracked === undefined) return;
    const trackers = this.tracked.state.#trackers;
    trackers.splice(trackers.indexOf(this.#server), 1);
    this.tracked = undefined;
  }

  observe(observer: Observer | undefined): void {
    this.#server.observer = observer ?? null;
  }

  analysisFailed(info: string, severity: 'check' | 'pre-fatal' | 'fatal' | 'none'): void {
    this.failedAnalyses++;
    const { health } = this;
    if (severity === 'none' || !health.enabled || health.paused || !health.up) return;
    if (severity === 'pre-fatal') health.health = Math.min(health.health, health.rise + 1);
    if (severity === 'fatal') health.health = health.rise;
    this.report('health', { code: 'HANA', outcome: 'failed', info });
  }

  restore(saved: SavedState): void {
    restoreState(this.#server, saved);
  }

  close(): void {
    this.slowStart.end();
  }
}
