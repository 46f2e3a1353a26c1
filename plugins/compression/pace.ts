import type { CompressionLimits } from './settings.ts';

/** The window over which the process's own use of the processor is looked at, in milliseconds. */
const PERIOD = 500;

/** Holds compression within `maxcomprate` and `maxcompcpuusage`; looks at nothing where neither is set. */
export class Pace {
  readonly #limits: CompressionLimits;
  /** Input bytes of this second, and of the one before. */
  #second = 0;
  #bytes = 0;
  #bytesBefore = 0;
  #measuredAt = 0;
  #cpuBefore = 0;
  #cpuPercent = 0;

  constructor(limits: CompressionLimits) {
    this.#limits = limits;
  }

  get #limited(): boolean {
    return this.#limits.rate > 0 || this.#limits.cpu < 100;
  }

  /** Counts input. */
  took(bytes: number): void {
    if (!this.#limited) return;
    this.#turn(Date.now());
    this.#bytes += bytes;
  }

  /** More than allowed: nothing new is begun, and what runs goes down a level. */
  get exceeded(): boolean {
    if (!this.#limited) return false;
    const now = Date.now();
    return this.#rateExceeded(now) || this.#cpuExceeded(now);
  }

  #turn(now: number): void {
    const second = Math.floor(now / 1000);
    if (second === this.#second) return;
    this.#bytesBefore = second === this.#second + 1 ? this.#bytes : 0;
    this.#bytes = 0;
    this.#second = second;
  }

  /** Over a second that slides: what is left of the one before counts with its share. */
  #rateExceeded(now: number): boolean {
    const { rate } = this.#limits;
    if (rate === 0) return false;
    this.#turn(now);
    return this.#bytes + this.#bytesBefore * (1 - (now % 1000) / 1000) > rate;
  }

  #cpuExceeded(now: number): boolean {
    const { cpu } = this.#limits;
    if (cpu >= 100) return false;
    if (now - this.#measuredAt >= PERIOD) {
      const { user, system } = process.cpuUsage();
      const spent = (user + system) / 1000;
      if (this.#measuredAt > 0) this.#cpuPercent = (100 * (spent - this.#cpuBefore)) / (now - this.#measuredAt);
      this.#cpuBefore = spent;
      this.#measuredAt = now;
    }
    return this.#cpuPercent > cpu;
  }
}
