import { Logger } from '@nestjs/common';
import type { RouterOptions } from '../../deployments/router-options.interface.js';
import { Bucket } from '../../quotas/bucket.js';
import { LeasedQuota, StoreHealth } from '../../quotas/leased-quota.js';
import type { BudgetOf } from './build-groups.js';

const MINUTE_MS = 60_000;

/** What a process may spend of each limit: of the store what it leases, otherwise its part. */
export function budgetsOf({ replicas = 1, store }: RouterOptions, now = () => performance.now()): BudgetOf {
  if (store === undefined) {
    return (_quota, _limit, perMinute) => {
      const capacity = perMinute / replicas;
      return new Bucket(capacity, capacity / MINUTE_MS, now());
    };
  }
  const logger = new Logger('LlmModule');
  const health = new StoreHealth(
    store,
    now,
    (message) => logger.warn(`router: ${message}`),
    `until it does, each process keeps to its part of the limits (replicas: ${replicas})`,
  );
  const quotas = new Map<string, LeasedQuota>();
  return (name, limit, perMinute) => {
    let quota = quotas.get(name);
    if (quota === undefined) quotas.set(name, (quota = new LeasedQuota(name, health, replicas, true, now)));
    return quota.budget(limit, perMinute, perMinute / MINUTE_MS);
  };
}
