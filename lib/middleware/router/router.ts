import { Logger } from '@nestjs/common';
import type { LlmMiddleware } from '../../calls/chain.js';
import type { LlmCall } from '../../calls/llm-call.js';
import type { Deployments } from '../../deployments/deployments.js';
import type { RouterOptions } from '../../deployments/router-options.interface.js';
import { buildGroups, type BudgetOf } from './build-groups.js';
import { sizeOf, type RequestSize } from './cost.js';
import type { Group, Wish } from './group.js';
import { pinOf } from './pin.js';
import type { Cooldown, Place } from './place.js';
import { RoutedCall, type Surroundings } from './routed-call.js';
import type { RouterStats } from './router-stats.js';
import { statsOfGroup } from './router-stats.js';

const UNMEASURED: RequestSize = { bytes: 0, maxOutput: undefined };

/** Time and chance, which tests set. */
export interface Circumstances {
  now(): number;
  random(): number;
}

const REAL: Circumstances = { now: () => performance.now(), random: () => Math.random() };

/** Leads calls that name a group to one of its deployments, and on to others when that fails. */
export class Router implements Surroundings {
  readonly waits: boolean;
  private readonly groups: ReadonlyMap<string, Group>;
  private readonly logger = new Logger('LlmModule');

  /** @throws {LlmConfigurationError} when the options make no sense */
  constructor(
    options: RouterOptions,
    private readonly deployments: Deployments,
    budgetOf: BudgetOf,
    private readonly circumstances: Circumstances = REAL,
  ) {
    this.waits = options.wait ?? false;
    this.groups = buildGroups(options, deployments, budgetOf, (advice) => this.logger.warn(advice));
  }

  now(): number {
    return this.circumstances.now();
  }

  random(): number {
    return this.circumstances.random();
  }

  /** The innermost of all: fallbacks come after a group, each of them once. */
  readonly middleware: LlmMiddleware = (call, next) => {
    const group = this.groupOf(call);
    return group === undefined
      ? next()
      : new RoutedCall(call, next, group, this.wishOf(call, group), this).run();
  };

  onCooldown({ id }: Place, { ms, reason, quota }: Cooldown): void {
    const who = quota === undefined || quota === id ? id : `${id}, with all of the quota ${quota},`;
    this.logger.warn(`router: ${who} is left alone for ${Math.round(ms)} ms after ${reason}`);
  }

  stats(): RouterStats {
    const now = this.now();
    return Object.fromEntries([...this.groups].map(([name, group]) => [name, statsOfGroup(group, now)]));
  }

  private groupOf({ operation, request }: LlmCall): Group | undefined {
    if (operation === 'models') return undefined;
    return this.groups.get(request.model ?? this.deployments.defaultModel ?? '');
  }

  private wishOf(call: LlmCall, group: Group): Wish {
    const { request, options } = call;
    // Whether the group, and what else the request names, may be called at all.
    this.deployments.targetOf(request, options);
    const key = options.affinity ?? (request as { prompt_cache_key?: unknown }).prompt_cache_key;
    return {
      size: group.measures ? sizeOf(request) : UNMEASURED,
      tags: options.tags,
      affinity: typeof key === 'string' && key !== '' ? key : undefined,
      isPinned: pinOf(options.pin, group),
    };
  }
}
