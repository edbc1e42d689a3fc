import type { RouterOptions } from '../../deployments/router-options.interface.js';
import { Bucket } from '../../quotas/bucket.js';
import type { BudgetOf } from './build-groups.js';

const MINUTE_MS = 60_000;

/** What a process may spend of each limit: its part, where others share it. */
export function budgetsOf({ replicas = 1 }: RouterOptions, now = () => performance.now()): BudgetOf {
  return (_quota, _limit, perMinute) => {
    const capacity = perMinute / replicas;
    return new Bucket(capacity, capacity / MINUTE_MS, now());
  };
}
