import type { Group } from './group.js';
import type { QuotaLevels } from './quota.js';

/**
 * How a deployment of a group is.
 *
 * @publicApi
 */
export interface RouterDeploymentStats {
  id: string;
  /** `provider/model`. */
  model: string;
  /** Its account, where it is named. */
  quota: string;
  /** Calls that were sent to it since the start. */
  calls: number;
  /** Calls that have not ended; a stream ends with its body. */
  inFlight: number;
  /** In a row. */
  failures: number;
  /** Milliseconds for which it is left alone; 0 when it is not. */
  coolingMs: number;
  /** What its last failures, or its account's, were; `undefined` while it is well. */
  reason: string | undefined;
  /** What is left of its account's limits, of those that it has. */
  levels: QuotaLevels;
}

/**
 * The deployments by the name of their group.
 *
 * @publicApi
 */
export type RouterStats = Record<string, RouterDeploymentStats[]>;

export function statsOfGroup({ members }: Group, now: number): RouterDeploymentStats[] {
  return members.map(({ place }) => {
    const { id, model, quota, calls, inFlight, failures } = place;
    const account = Math.max(quota.limitedUntil, quota.brokeUntil) - now;
    const coolingMs = Math.max(0, account, place.coolUntil - now);
    return {
      id,
      model,
      quota: quota.name,
      calls,
      inFlight,
      failures,
      coolingMs: Math.ceil(coolingMs),
      reason: place.reason ?? (account > 0 ? quota.reason : undefined),
      levels: quota.levels(now),
    };
  });
}
