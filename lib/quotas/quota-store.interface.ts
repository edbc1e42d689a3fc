/** One limit of a quota that a process asks for a part of. */
export interface LeaseLimit {
  /** Which of the quota's limits, such as `requests` or `tokens`. */
  readonly name: string;
  /** What is asked for; less may be granted. */
  readonly want: number;
  /** The least that is of any use. More than `capacity` is granted on a full bucket. */
  readonly least: number;
  /** What a full bucket holds. */
  readonly capacity: number;
  /** What it fills with in a millisecond. */
  readonly perMs: number;
  /** What the process was granted before and has not spent; negative for what it has spent beyond that. */
  readonly back: number;
}

/** @publicApi */
export interface Lease {
  /** Of each limit, in their order; all 0 when one of them has less than its `least`: then nothing is taken of any. */
  readonly granted: readonly number[];
  /** Milliseconds until the `least` of all is there; 0 when it was granted. */
  readonly waitMs: number;
}

/**
 * Where processes share the limits of a quota. A process takes a part ahead of its calls, and spends it alone.
 *
 * @publicApi
 */
export interface QuotaStore {
  /** Grants a part of each of a quota's limits, or of none. What comes back with it is counted in either case. */
  lease(quota: string, limits: readonly LeaseLimit[]): Promise<Lease>;
  /** Gives back what a process holds and will not spend, at its end. */
  giveBack(quota: string, limits: readonly LeaseLimit[]): Promise<void>;
}
