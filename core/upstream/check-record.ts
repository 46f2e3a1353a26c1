import type { CheckCode, CheckKind, CheckOutcome, CheckRecord, CheckResult, Endpoint } from '../api/index.ts';

/** What a code means, as the messages and `check_desc` print it (measured). */
const WORDS: Readonly<Record<CheckCode, string>> = {
  UNK: 'Unknown',
  INI: 'Initializing',
  CHECKED: 'No status change',
  HANA: 'Health analyze',
  SOCKERR: 'Socket error',
  L4OK: 'Layer4 check passed',
  L4TOUT: 'Layer4 timeout',
  L4CON: 'Layer4 connection problem',
  L6OK: 'Layer6 check passed',
  L6TOUT: 'Layer6 timeout',
  L6RSP: 'Layer6 invalid response',
  L7OK: 'Layer7 check passed',
  L7OKC: 'Layer7 check conditionally passed',
  L7TOUT: 'Layer7 timeout',
  L7RSP: 'Layer7 invalid response',
  L7STS: 'Layer7 wrong status',
  PROCERR: 'External check error',
  PROCTOUT: 'External check timeout',
  PROCOK: 'External check passed',
};

/** What would break a log line is written as its code (measured). */
// oxlint-disable-next-line no-control-regex -- that is what is looked for
const UNPRINTABLE = /[\0-\x1f"<>\x7f-\xff]/g;
const escaped = (character: string): string =>
  `<${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}>`;

/** Codes that say that nothing but traffic, or nothing at all, was tried: they took no time. */
const TIMELESS: ReadonlySet<CheckCode> = new Set(['UNK', 'INI', 'HANA']);

/** One of a server's checks: counters and the last result. */
export class CheckState implements CheckRecord {
  readonly kind: CheckKind;
  configured = false;
  enabled = false;
  paused = false;
  running = false;
  code: CheckCode = 'INI';
  outcome: CheckOutcome | 'unknown' = 'unknown';
  l7code = -1;
  durationMs = -1;
  info = '';
  rise: number;
  fall: number;
  health: number;
  /** What it begins with, and again behind a maintenance (`init-state`). */
  initially: number;
  address: Endpoint | undefined = undefined;
  port: number | undefined = undefined;
  send = '';

  constructor(kind: CheckKind) {
    this.kind = kind;
    // HAProxy's defaults, which statistics show of servers without a check, too.
    this.rise = kind === 'health' ? 2 : 1;
    this.fall = kind === 'health' ? 3 : 1;
    this.health = this.rise;
    this.initially = this.rise;
  }

  get words(): string {
    return WORDS[this.code];
  }

  get best(): number {
    return this.rise + this.fall - 1;
  }

  get up(): boolean {
    return this.health >= this.rise;
  }

  /**
   * Counts a result: what the server is to become by it, or nothing. A success after failures takes all of them back;
   * a server that is down stays so when a check passes on conditions only.
   */
  count(outcome: CheckOutcome): 'running' | 'stopping' | 'stopped' | undefined {
    const wasUp = this.up;
    if (outcome === 'neutral') return undefined;
    if (outcome === 'failed' || (outcome === 'conditional' && !wasUp)) {
      this.health = this.health > this.rise ? this.health - 1 : 0;
      return wasUp && !this.up ? 'stopped' : undefined;
    }
    if (this.health < this.best) {
      this.health++;
      if (this.up) this.health = this.best;
    }
    if (!this.up) return undefined;
    return outcome === 'conditional' ? 'stopping' : 'running';
  }

  take({ code, outcome, info, l7code, durationMs }: CheckResult): void {
    this.code = code;
    this.outcome = outcome;
    this.info = info ?? '';
    this.l7code = l7code ?? -1;
    this.durationMs = durationMs ?? -1;
  }

  /** `reason: Layer7 wrong status, code: 500, info: "X", check duration: 1ms`. */
  get reason(): string {
    const code = /^(?:L7|PROC)/.test(this.code) && this.l7code >= 0 ? `, code: ${this.l7code}` : '';
    const info = this.info === '' ? '' : `, info: "${this.info.replaceAll(UNPRINTABLE, escaped)}"`;
    const took = TIMELESS.has(this.code) || this.durationMs < 0 ? '' : `, check duration: ${this.durationMs}ms`;
    return `reason: ${WORDS[this.code]}${code}${info}${took}`;
  }

  /** `2/3 UP`; without weight a server that is up gets no traffic. */
  progress(weight: number): string {
    return this.up
      ? `${this.health - this.rise + 1}/${this.fall} ${weight > 0 ? 'UP' : 'DRAIN'}`
      : `${this.health}/${this.rise} DOWN`;
  }
}
