import type { Deployments } from '../../deployments/deployments.js';
import type { RouterDeployment, RouterOptions } from '../../deployments/router-options.interface.js';
import { LlmConfigurationError } from '../../errors/errors.js';
import { LlmError } from '../../errors/llm.error.js';
import { ProviderHealth } from '../../transport/exchange/provider-health.js';
import { RetryBudget } from '../../transport/exchange/retry-budget.js';
import type { Budget } from '../../quotas/bucket.js';
import { Group, type Member } from './group.js';
import { Place } from './place.js';
import { Quota, type QuotaLevels } from './quota.js';

type LimitName = keyof QuotaLevels;

/** Makes what is spent of a limit, given by the minute. */
export type BudgetOf = (quota: string, limit: LimitName, perMinute: number) => Budget;

const LIMITS = { rpm: 'requests', tpm: 'tokens', itpm: 'input', otpm: 'output' } as const satisfies Record<
  string,
  LimitName
>;
const QUOTA_FIELDS = [...(Object.keys(LIMITS) as (keyof typeof LIMITS)[]), 'concurrency'] as const;

/** The limits of an account, as its deployments state them. */
type StatedLimits = Partial<Record<(typeof QUOTA_FIELDS)[number], number>>;

/** An entry of the options, with the place that it leads to. */
interface Entry {
  readonly path: string;
  readonly options: RouterDeployment;
  readonly target: ReturnType<Deployments['place']>;
}

/**
 * @param advise is told what is of no use, though not wrong
 * @throws {LlmConfigurationError} when an entry is wrong, or two of them contradict each other
 */
export function buildGroups(
  { models }: RouterOptions,
  deployments: Deployments,
  budgetOf: BudgetOf,
  advise: (message: string) => void,
): Map<string, Group> {
  const entries = new Map(
    Object.entries(models).map(([name, list]) => [name, entriesOf(name, list, deployments)]),
  );
  const all = [...entries.values()].flat();
  checkKeys(all, advise);
  const quotas = new Map<string, Quota>();
  for (const [name, stated] of limitsOf(all)) quotas.set(name, makeQuota(name, stated, budgetOf));
  const places = new Map<string, Place>();
  const groups = new Map<string, Group>();
  for (const [name, list] of entries) {
    const group = new Group(
      name,
      list.map((entry) => memberOf(entry, places, quotas)),
    );
    groups.set(name, group);
    deployments.addGroup(
      name,
      group.members.toSorted((a, b) => a.order - b.order).map(({ place }) => place.target),
    );
  }
  return groups;
}

function entriesOf(name: string, list: readonly RouterDeployment[], deployments: Deployments): Entry[] {
  const where = `router.models.${name}`;
  if (deployments.isProvider(name)) {
    throw new LlmConfigurationError(
      `${where}: a group cannot be called ${name}, which is the prefix of a provider`,
    );
  }
  if (list.length === 0) throw new LlmConfigurationError(`${where} has no deployment`);
  // The retries of a group are one budget: during an outage of all its deployments they are asked as often as one.
  const retries = new RetryBudget();
  const ids = new Set<string>();
  return list.map((options, index) => {
    const path = `${where}[${index}]`;
    const target = placed(path, options, deployments, retries);
    const { id } = target.deployment;
    if (ids.has(id)) {
      throw new LlmConfigurationError(
        `${path} is ${id} once more; with another key of the same account it adds nothing, with one of another account give each an id and a quota`,
      );
    }
    ids.add(id);
    return { path, options, target };
  });
}

function placed(
  path: string,
  options: RouterDeployment,
  deployments: Deployments,
  retries: RetryBudget,
): ReturnType<Deployments['place']> {
  try {
    return deployments.place(options, new ProviderHealth(retries));
  } catch (error) {
    if (!(error instanceof LlmError)) throw error;
    throw new LlmConfigurationError(`${path}: ${error.message}`, { cause: error });
  }
}

/** What nobody can know of a key is not asked; what contradicts itself is said. */
function checkKeys(entries: readonly Entry[], advise: (message: string) => void): void {
  const byId = new Map<string, Entry>();
  const byKey = new Map<unknown, Entry>();
  const accounts = new Map<string, Entry>();
  for (const entry of entries) {
    const { path, options, target } = entry;
    const { deployment } = target;
    const same = byId.get(deployment.id);
    if (same !== undefined && !isSame(same, entry)) {
      throw new LlmConfigurationError(
        `${path} and ${same.path} are both ${deployment.id}, with another key or other options; give each an id`,
      );
    }
    byId.set(deployment.id, entry);
    const { apiKey, quota } = options;
    const place = `${deployment.provider} ${deployment.origin}`;
    if (typeof apiKey === 'string' && quota !== undefined) {
      const key = `${place} ${apiKey}`;
      const other = byKey.get(key);
      if (other !== undefined && other.options.quota !== quota) {
        throw new LlmConfigurationError(
          `${path} and ${other.path} have one key and two quotas, ${quota} and ${other.options.quota}; a key is of one account, whose limits it shares`,
        );
      }
      byKey.set(key, entry);
      const account = `${place} ${target.model} ${quota}`;
      const mate = accounts.get(account);
      if (mate !== undefined && mate.options.apiKey !== apiKey) {
        advise(
          `${path} and ${mate.path} are two keys of one quota, ${quota}, for one model: providers limit the account, so the second one adds nothing`,
        );
      }
      accounts.set(account, entry);
    }
  }
}

function isSame({ options: one }: Entry, { options: other }: Entry): boolean {
  return (
    one.apiKey === other.apiKey &&
    one.baseURL === other.baseURL &&
    one.quota === other.quota &&
    one.model === other.model
  );
}

/** By the quota's name. What several deployments state of one has to be the same. */
function limitsOf(entries: readonly Entry[]): Map<string, StatedLimits> {
  const quotas = new Map<string, StatedLimits>();
  for (const { path, options, target } of entries) {
    const name = options.quota ?? target.deployment.id;
    let stated = quotas.get(name);
    if (stated === undefined) quotas.set(name, (stated = {}));
    for (const field of QUOTA_FIELDS) {
      const limit = options[field];
      if (limit === undefined) continue;
      if (stated[field] !== undefined && stated[field] !== limit) {
        throw new LlmConfigurationError(
          `${path}.${field} is ${limit}, and another deployment of the quota ${name} says ${stated[field]}; an account has one limit`,
        );
      }
      stated[field] = limit;
    }
  }
  return quotas;
}

function makeQuota(name: string, stated: StatedLimits, budgetOf: BudgetOf): Quota {
  const budgets: Partial<Record<LimitName, Budget>> = {};
  for (const field of Object.keys(LIMITS) as (keyof typeof LIMITS)[]) {
    const limit = stated[field];
    if (limit !== undefined) budgets[LIMITS[field]] = budgetOf(name, LIMITS[field], limit);
  }
  return new Quota(name, budgets, stated.concurrency ?? Infinity);
}

function memberOf(
  { options, target }: Entry,
  places: Map<string, Place>,
  quotas: Map<string, Quota>,
): Member {
  const { id, provider } = target.deployment;
  let place = places.get(id);
  if (place === undefined) {
    const quota = quotas.get(options.quota ?? id)!;
    places.set(id, (place = new Place(id, `${provider}/${target.model}`, target, quota)));
  }
  return {
    place,
    weight: options.weight ?? options.rpm ?? options.tpm ?? options.itpm ?? 1,
    order: options.order ?? 1,
    tags: new Set(options.tags),
    contextWindow: options.contextWindow,
  };
}
