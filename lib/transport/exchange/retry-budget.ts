/** Retries that may be made at once before the ratio counts: a burst of failures of a healthy provider. */
const BURST = 50;

/** Retries that each call adds: during an outage a fifth more requests than calls, and not three times as many. */
const RETRIES_PER_CALL = 0.2;

/**
 * How many retries a provider may still get. An outage would otherwise be answered with a multiple of the usual load.
 *
 * @see {@link https://sre.google/sre-book/handling-overload/} for retry budgets
 */
export class RetryBudget {
  private balance = BURST;

  onCall(): void {
    this.balance = Math.min(BURST, this.balance + RETRIES_PER_CALL);
  }

  /** Takes one retry. @returns whether there was one */
  take(): boolean {
    if (this.balance < 1) return false;
    this.balance--;
    return true;
  }

  /** Retries that are left. */
  get left(): number {
    return Math.floor(this.balance);
  }
}
