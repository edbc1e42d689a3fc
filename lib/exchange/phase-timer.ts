/**
 * One timer for all the limits of a call. A limit that is pushed back (each read does) costs a clock reading and no
 * timer operation: the timer fires at the earlier time, sees the new one, and is set again.
 */
export class PhaseTimer {
  private timer: NodeJS.Timeout | undefined;
  private firesAt = Infinity;
  private since = 0;
  private limit = 0;
  private readonly totalAt: number;

  constructor(
    private readonly total: number,
    startedAt: number,
    private readonly onExpire: (limit: 'phase' | 'total', timeoutMs: number) => void,
  ) {
    this.totalAt = total > 0 ? startedAt + total : Infinity;
  }

  /** Milliseconds left of the total. */
  remaining(now: number): number {
    return this.totalAt - now;
  }

  /** Starts the limit of a phase, in milliseconds; 0 leaves only the total. */
  start(limit: number, now: number): void {
    this.limit = limit;
    this.since = now;
    const dueAt = this.dueAt();
    if (dueAt < this.firesAt) this.arm(dueAt, now);
  }

  /** The running phase made progress. */
  restart(now: number): void {
    this.since = now;
  }

  /** The call has ended: nothing expires any more, and nothing starts the timer again. */
  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.firesAt = -Infinity;
  }

  private dueAt(): number {
    return this.limit > 0 ? Math.min(this.since + this.limit, this.totalAt) : this.totalAt;
  }

  private arm(dueAt: number, now: number): void {
    clearTimeout(this.timer);
    this.firesAt = dueAt;
    this.timer = setTimeout(this.onTimer, Math.min(Math.ceil(dueAt - now), 0x7fffffff));
  }

  private readonly onTimer = (): void => {
    // After a blocked event loop the timers run before the sockets: bytes that have arrived meanwhile count.
    setImmediate(this.check);
  };

  private readonly check = (): void => {
    if (this.timer === undefined) return;
    const now = performance.now();
    const dueAt = this.dueAt();
    // The limits of a next attempt have to set the timer again.
    this.firesAt = Infinity;
    if (dueAt > now) {
      if (dueAt !== Infinity) this.arm(dueAt, now);
      return;
    }
    clearTimeout(this.timer);
    this.timer = undefined;
    if (dueAt === this.totalAt) this.onExpire('total', this.total);
    else this.onExpire('phase', this.limit);
  };
}
