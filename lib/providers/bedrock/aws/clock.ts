/** 4 min: AWS takes signatures that are up to five off. In milliseconds. */
const TOLERATED_MS = 4 * 60_000;

/** The time as AWS has it, which is not always that of this machine. */
export class AwsClock {
  private offset = 0;

  now(): Date {
    return new Date(Date.now() + this.offset);
  }

  /**
   * Goes by the `Date` of an answer from now on, where that is not close to what was signed with.
   *
   * @returns whether it was put right
   */
  correct(date: unknown): boolean {
    const difference = typeof date === 'string' ? Date.parse(date) - this.now().getTime() : NaN;
    if (!(Math.abs(difference) > TOLERATED_MS)) return false;
    this.offset += difference;
    return true;
  }
}
