import { Inject, Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import { getHttpSessionToken, getLlmServiceToken, type LlmService } from '../index.js';

/** @publicApi */
export interface LlmHealthOptions {
  /** Which instance: the `name` of the `LlmModule`. Default: the unnamed one. */
  name?: string | undefined;
  /** The prefixes whose circuits count. Default: all that were called. */
  providers?: readonly string[] | undefined;
  /** Requests that may wait for a connection; more is `down`. By default it is `down` when the session's own queue is full. */
  maxQueued?: number | undefined;
  /** When open circuits are `down`: `all` of them are open, `any` is, or `never`. Default `all`. */
  downWhen?: 'all' | 'any' | 'never' | undefined;
  /** Opens a connection to the providers, at most every 30 s, and is `down` when none can be reached; sends nothing. Default `false`. */
  connect?: boolean | undefined;
}

/** Milliseconds for which what became of connecting holds. */
const CONNECT_EVERY_MS = 30_000;

interface Reached {
  readonly at: number;
  readonly results: Promise<{ readonly tried: number; readonly unreachable: readonly string[] }>;
}

/**
 * Whether the application can make calls, for a readiness probe: from what the calls have shown, never by calling a provider.
 * Not for liveness: an outage of a provider is no reason to restart.
 *
 * @publicApi
 */
@Injectable()
export class LlmHealthIndicator {
  private readonly reached = new Map<string, Reached>();

  constructor(
    @Inject(HealthIndicatorService) private readonly health: HealthIndicatorService,
    @Inject(ModuleRef) private readonly modules: ModuleRef,
  ) {}

  async isHealthy<const Key extends string>(
    key: Key,
    options: LlmHealthOptions = {},
  ): Promise<HealthIndicatorResult<Key>> {
    const { name, providers, downWhen = 'all', connect = false } = options;
    const llm: LlmService = this.modules.get(getLlmServiceToken(name) as symbol, { strict: false });
    const session: { closed?: boolean; destroyed?: boolean } = this.modules.get(
      getHttpSessionToken(name) as symbol,
      { strict: false },
    );
    const indicator = this.health.check(key);
    if (session.closed === true || session.destroyed === true)
      return indicator.down({ message: 'the session is closed' });
    const { calls, session: connections } = llm.stats();
    const queued = connections?.queued ?? 0;
    const { maxQueue } = connections ?? {};
    const isFull =
      options.maxQueued === undefined
        ? typeof maxQueue === 'number' && maxQueue > 0 && queued >= maxQueue
        : queued > options.maxQueued;
    const watched = providers ?? Object.keys(calls.providers);
    const open = watched.filter((provider) => calls.providers[provider]?.circuit?.state === 'open');
    const data = { active: calls.active, queued, ...(open.length > 0 && { open }) };
    if (isFull) return indicator.down({ message: `${queued} requests wait for a connection`, ...data });
    const isDown =
      downWhen === 'any' ? open.length > 0 : downWhen === 'all' && open.length === watched.length;
    if (open.length > 0 && isDown)
      return indicator.down({ message: `no calls are made to ${open.join(', ')}`, ...data });
    if (connect) {
      const { unreachable, tried } = await this.connect(name, llm, providers);
      if (unreachable.length > 0 && unreachable.length === tried)
        return indicator.down({
          message: `no connection to ${unreachable.join(', ')}`,
          ...data,
          unreachable,
        });
    }
    // Terminus 11 knows no `degraded`.
    if (open.length > 0 && 'degraded' in indicator) return indicator.degraded(data);
    return indicator.up(data);
  }

  private async connect(name: string | undefined, llm: LlmService, providers: readonly string[] | undefined) {
    const key = JSON.stringify([name, providers]);
    let last = this.reached.get(key);
    if (last === undefined || performance.now() - last.at > CONNECT_EVERY_MS) {
      const results = llm.warmUp(providers);
      last = {
        at: performance.now(),
        results: results.then((all) => ({
          tried: all.length,
          unreachable: all.filter(({ error }) => error !== undefined).map(({ provider }) => provider),
        })),
      };
      this.reached.set(key, last);
    }
    return last.results;
  }
}
