/**
 * A part of one limit of a quota that a process asks for. Amounts are whole numbers.
 *
 * @publicApi
 */
export interface LeaseLimit {
  /** Which of the quota's limits, such as `requests` or `tokens`. */
  readonly name: string;
  /** What is asked for; less may be granted. */
  readonly want: number;
  /** The least that is of any use. More than `capacity` is granted on a full bucket, which is in debt then. */
  readonly least: number;
  /** What a full bucket holds. */
  readonly capacity: number;
  /** What it fills with in a millisecond. */
  readonly perMs: number;
}

/** @publicApi */
export interface Lease {
  /** Of each limit, in their order; all 0 when one of them has less than its `least`: then nothing is taken of any. */
  readonly granted: readonly number[];
  /** Milliseconds until the `least` of all is there; 0 when it was granted. */
  readonly waitMs: number;
}

/** @publicApi */
export interface ReturnedPart {
  readonly name: string;
  readonly amount: number;
  readonly capacity: number;
}

/**
 * Where processes share the limits of quotas. A process takes a part ahead of its calls, and spends it alone.
 *
 * @publicApi
 */
export interface QuotaStore {
  /** Grants a part of each of a quota's limits, or of none. */
  lease(quota: string, limits: readonly LeaseLimit[]): Promise<Lease>;
  /** Takes back what a process holds and does not need. No bucket gets fuller than full. */
  giveBack(quota: string, parts: readonly ReturnedPart[]): Promise<void>;
}
