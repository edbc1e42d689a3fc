/**
 * How many retries a provider gets from all calls together; an outage would otherwise be answered with a multiple of the
 * usual load. A wait that the provider asked for with 429 is not counted: it sets the pace itself.
 *
 * @see {@link https://sre.google/sre-book/handling-overload/} for retry budgets
 * @publicApi
 */
export interface RetryBudgetOptions {
  /** Retries that may be made at once before the ratio counts: a burst of failures of a healthy provider. Default 50. */
  burst?: number;
  /** Retries that each call adds again, 0 to 1 or more. Default 0.2: a fifth more requests than calls during an outage. */
  ratio?: number;
}

/** What is the default of `retry.budget`. */
export const DEFAULT_RETRY_BUDGET: Readonly<Required<RetryBudgetOptions>> = { burst: 50, ratio: 0.2 };

/** The retries of one provider. The options are each call's own; `false` is a call outside of the budget. */
export class RetryBudget {
  private spent = 0;
  private burst = DEFAULT_RETRY_BUDGET.burst;

  onCall(options: RetryBudgetOptions | false): void {
    if (options === false) return;
    this.burst = options.burst ?? DEFAULT_RETRY_BUDGET.burst;
    if (this.spent > 0) this.spent = Math.max(0, this.spent - (options.ratio ?? DEFAULT_RETRY_BUDGET.ratio));
  }

  /** Takes one retry. @returns whether there was one */
  take(options: RetryBudgetOptions | false): boolean {
    if (options === false) return true;
    if (this.spent + 1 > (options.burst ?? DEFAULT_RETRY_BUDGET.burst)) return false;
    this.spent++;
    return true;
  }

  /** Retries that are left. */
  get left(): number {
    return Math.max(0, Math.floor(this.burst - this.spent));
  }
}
