/** What may be spent of one limit: requests, tokens or money. Times are milliseconds of one steady clock. */
export interface Budget {
  /** @returns milliseconds until `amount` may be taken; 0 when it may be now */
  waitFor(amount: number, now: number): number;
  take(amount: number, now: number): void;
  /** What was taken has cost more, or less, than was thought. */
  giveBack(amount: number, now: number): void;
  /** What is left; less than 0 after something that was larger than the whole. */
  level(now: number): number;
  /** Somebody is being asked for more; it settles soon, without an error. */
  readonly pending?: Promise<void> | undefined;
}

/**
 * A token bucket that fills all the time, as the providers' do: a settlement that comes minutes later finds no window
 * that has passed.
 *
 * @see {@link https://platform.claude.com/docs/en/api/rate-limits} "continuously replenished"
 */
export class Bucket implements Budget {
  private left: number;

  /** @param perMs what it fills with in a millisecond */
  constructor(
    readonly capacity: number,
    private readonly perMs: number,
    private at: number,
  ) {
    this.left = capacity;
  }

  /** Asking for more than the whole is granted on a full bucket, for it could never be sent otherwise. */
  waitFor(amount: number, now: number): number {
    const missing = Math.min(amount, this.capacity) - this.level(now);
    return missing <= 0 ? 0 : missing / this.perMs;
  }

  take(amount: number, now: number): void {
    this.left = this.level(now) - amount;
  }

  giveBack(amount: number, now: number): void {
    this.left = Math.min(this.capacity, this.level(now) + amount);
  }

  level(now: number): number {
    if (now > this.at) {
      this.left = Math.min(this.capacity, this.left + (now - this.at) * this.perMs);
      this.at = now;
    }
    return this.left;
  }
}
