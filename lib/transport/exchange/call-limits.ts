/** When the time limits of one call are over: that of its phase, and the total. All times are performance.now()'s. */
export class CallLimits {
  private since = 0;
  private limit = 0;
  private readonly totalAt: number;

  /** @param total of the whole call in milliseconds; 0 for none */
  constructor(
    private readonly total: number,
    startedAt: number,
  ) {
    this.totalAt = total > 0 ? startedAt + total : Infinity;
  }

  /** When the first of the limits is over; `Infinity` for never. */
  get dueAt(): number {
    return this.limit > 0 ? Math.min(this.since + this.limit, this.totalAt) : this.totalAt;
  }

  /** Which limit is over at {@link dueAt}, and how long it was in milliseconds. */
  get due(): { readonly limit: 'phase' | 'total'; readonly timeoutMs: number } {
    return this.dueAt === this.totalAt
      ? { limit: 'total', timeoutMs: this.total }
      : { limit: 'phase', timeoutMs: this.limit };
  }

  /** Milliseconds left of the total. */
  remaining(now: number): number {
    return this.totalAt - now;
  }

  /** Starts the limit of a phase, in milliseconds; 0 leaves only the total. */
  start(limit: number, now: number): void {
    this.limit = limit;
    this.since = now;
  }

  /** The running phase made progress. */
  restart(now: number): void {
    this.since = now;
  }
}
