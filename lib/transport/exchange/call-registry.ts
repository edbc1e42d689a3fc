import { APIUserAbortError, CircuitOpenError, SessionClosedError } from '../../errors/errors.js';
import type { LlmError } from '../../errors/llm.error.js';
import { watchConnections } from '../session/connection-watch.js';
import type { HttpSession } from '../session/http-session.interface.js';
import { ActiveCalls } from './active-calls.js';
import { Call, type CallOwner } from './call.js';
import type { HttpReply, HttpRequest } from './http-request.interface.js';
import { ProviderHealth, type ProviderStats } from './provider-health.js';
import { TrafficCounter, type ProviderTraffic } from './provider-traffic.js';

/**
 * Counters since the start, and gauges.
 *
 * @publicApi
 */
export interface CallStats {
  /** Calls that have not ended; a stream ends with its body. */
  active: number;
  started: number;
  succeeded: number;
  /** Those that an open circuit refused count, too. */
  failed: number;
  /** Ended by the caller: its signal, a stream that was left or aborted. */
  aborted: number;
  /** Further tries of all calls. */
  retries: number;
  /** By provider prefix, for those that were called. Where one is called at several places, the worst of them. */
  providers: Record<string, ProviderStats>;
  /** What the calls came to, by provider prefix. */
  traffic: Record<string, ProviderTraffic>;
}

/** Places and credentials that the statistics tell of. */
const MAX_HEALTH = 1000;

/** A session that was replaced, with the calls that still run on it. */
interface RetiredSession {
  readonly session: HttpSession;
  readonly calls: Set<Call>;
  readonly onFree: () => void;
}

/** The calls of a handler: those that run, and what became of the others. */
export class CallRegistry implements CallOwner {
  refusing = false;
  private readonly calls = new ActiveCalls();
  private readonly retired = new Set<RetiredSession>();
  private readonly counters = { started: 0, succeeded: 0, failed: 0, aborted: 0, retries: 0 };
  /** Of requests that bring no health of their own, by provider and origin. */
  private readonly ownHealth = new Map<string, ProviderHealth>();
  /** All that calls were made with, and whose it is; the latest ones, for keys of single calls make more and more. */
  private readonly health = new Map<ProviderHealth, string>();
  private readonly traffic = new Map<string, TrafficCounter>();
  private onIdle: (() => void)[] = [];
  private unwatch: (() => void) | undefined = watchConnections();
  /** Of the calls that no statistics count. */
  private readonly uncounted: CallOwner = {
    onCallEnd: (call) => this.release(call),
    onRetry: () => {},
    wakeBy: (dueAt, now) => this.wakeBy(dueAt, now),
  };

  stats(): CallStats {
    const providers: Record<string, ProviderStats> = {};
    for (const [health, provider] of this.health) {
      const stats = health.stats();
      const known = providers[provider];
      providers[provider] = known === undefined ? stats : worseOf(known, stats);
    }
    const traffic: Record<string, ProviderTraffic> = {};
    for (const [provider, counter] of this.traffic) traffic[provider] = counter.stats();
    return { active: this.calls.size, ...this.counters, providers, traffic };
  }

  start(session: HttpSession, request: HttpRequest): Promise<HttpReply> {
    const health = request.health ?? this.healthOf(request);
    if (request.purpose !== undefined) return this.run(new Call(session, request, health, this.uncounted));
    if (!this.health.has(health)) this.remember(health, request.provider);
    const traffic = this.trafficOf(request.provider);
    this.counters.started++;
    traffic.onStart();
    const refusedForMs = health.admit(request.circuit);
    if (refusedForMs > 0) {
      const error = new CircuitOpenError(request.provider, request.model, refusedForMs);
      this.counters.failed++;
      traffic.onFailed(error);
      return Promise.reject(error);
    }
    health.retries.onCall(request.retry.budget);
    return this.run(new Call(session, request, health, this));
  }

  /** Resolves when no call is active, or after `graceMs` milliseconds. */
  async idle(graceMs: number): Promise<void> {
    if (this.calls.size === 0 || graceMs <= 0) return;
    await new Promise<void>((resolve) => {
      const deadline = setTimeout(resolve, graceMs).unref();
      this.onIdle.push(() => {
        clearTimeout(deadline);
        resolve();
      });
    });
  }

  /** Ends every active call with {@link SessionClosedError}. */
  refuse(): void {
    this.refusing = true;
    for (const call of this.calls) call.shutDown();
    this.calls.close();
    this.unwatch?.();
    this.unwatch = undefined;
  }

  /** Resolves when the calls that run on `session` now have ended. */
  async free(session: HttpSession): Promise<void> {
    const calls = new Set([...this.calls].filter((call) => call.session === session));
    if (calls.size === 0) return;
    await new Promise<void>((resolve) => {
      this.retired.add({ session, calls, onFree: resolve });
    });
  }

  /** Whether calls that began on `session` before it was replaced still run. */
  isRetired(session: HttpSession): boolean {
    return [...this.retired].some((one) => one.session === session);
  }

  onCallEnd(call: Call, error: LlmError | null): void {
    if (error === null) this.counters.succeeded++;
    else if (error instanceof APIUserAbortError) this.counters.aborted++;
    else this.counters.failed++;
    const { request, timings } = call;
    const { reader } = request;
    const used = reader === undefined ? request.tokens?.() : reader.tokens?.();
    this.trafficOf(request.provider).onEnd(error, timings, reader !== undefined, used);
    this.release(call);
  }

  onRetry({ request }: Call): void {
    this.counters.retries++;
    this.trafficOf(request.provider).onRetry();
  }

  wakeBy(dueAt: number, now: number): void {
    this.calls.wakeBy(dueAt, now);
  }

  private run(call: Call): Promise<HttpReply> {
    this.calls.add(call);
    call.start();
    return call.promise;
  }

  private release(call: Call): void {
    this.calls.delete(call);
    for (const retired of this.retired) {
      if (!retired.calls.delete(call) || retired.calls.size > 0) continue;
      this.retired.delete(retired);
      retired.onFree();
    }
    if (this.calls.size > 0) return;
    for (const resolve of this.onIdle.splice(0)) resolve();
  }

  private trafficOf(provider: string): TrafficCounter {
    let traffic = this.traffic.get(provider);
    if (traffic === undefined) this.traffic.set(provider, (traffic = new TrafficCounter()));
    return traffic;
  }

  private healthOf({ provider, origin, purpose }: HttpRequest): ProviderHealth {
    const place = `${purpose ?? 'calls'} ${provider} ${origin}`;
    let health = this.ownHealth.get(place);
    if (health === undefined) this.ownHealth.set(place, (health = new ProviderHealth()));
    return health;
  }

  private remember(health: ProviderHealth, provider: string): void {
    this.health.set(health, provider);
    if (this.health.size <= MAX_HEALTH) return;
    const [oldest] = this.health.keys();
    this.health.delete(oldest!);
  }
}

const SEVERITY = { closed: 0, 'half-open': 1, open: 2 } as const;

/** What a dashboard has to show of a provider that is called at several places, or with several keys. */
function worseOf(one: ProviderStats, other: ProviderStats): ProviderStats {
  const retriesLeft = Math.min(one.retriesLeft, other.retriesLeft);
  const circuits = [one.circuit, other.circuit].filter((circuit) => circuit !== undefined);
  const circuit = circuits.toSorted(
    (a, b) => SEVERITY[b.state] - SEVERITY[a.state] || b.failures - a.failures,
  )[0];
  return { retriesLeft, ...(circuit && { circuit }) };
}

/** The error of a call that comes too late, and of the calls that the shutdown ends. */
export function shutDownError(call?: Pick<HttpRequest, 'provider' | 'model'>): SessionClosedError {
  const where = call === undefined ? '' : `${call.provider}: nothing was sent, for `;
  return new SessionClosedError(`${where}the LLM module has shut down`, call);
}
