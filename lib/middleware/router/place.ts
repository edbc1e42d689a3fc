import type { PlacedTarget } from '../../deployments/deployments.js';
import type { LlmError } from '../../errors/llm.error.js';
import type { Verdict } from './verdict.js';
import { Estimator, type Cost } from './cost.js';
import type { Quota } from './quota.js';
import { hash } from './rendezvous.js';

/** Failures in a row after which a deployment is left alone. */
const FAILURES = 3;
const BROKEN_MS = 5_000;
const LONGEST_BROKEN_MS = 60_000;
const LIMITED_MS = 1_000;
const MISCONFIGURED_MS = 60_000;
/** Of a cooldown at most, upwards only: nobody is back before what was asked for, and not all at once. */
const JITTER = 0.2;

/** What a cooldown is told with. */
export interface Cooldown {
  readonly ms: number;
  readonly reason: string;
  /** The account, where it is all of that. */
  readonly quota?: string;
}

/** A deployment as the router knows it: where it is, what runs there, and how it has fared. */
export class Place {
  inFlight = 0;
  calls = 0;
  /** In a row. */
  failures = 0;
  /** One call finds out whether it is back; the others pass it by. */
  probing = false;
  coolUntil = 0;
  reason: string | undefined;
  readonly seed: number;
  readonly estimator: Estimator;
  /** Left alone at least once since it last answered. */
  private onProbation = false;
  private cooledAt = -Infinity;

  constructor(
    readonly id: string,
    readonly model: string,
    readonly target: PlacedTarget,
    readonly quota: Quota,
  ) {
    this.seed = hash(id);
    this.estimator = new Estimator(target.deployment.provider);
  }

  /** @returns milliseconds until it is worth asking again; it may be asked before */
  brokenFor(now: number): number {
    return Math.max(this.coolUntil, this.quota.brokeUntil) - now;
  }

  begin(cost: Cost, now: number): boolean {
    this.inFlight++;
    this.calls++;
    this.quota.reserve(cost, now);
    if (!this.onProbation || this.probing) return false;
    this.probing = true;
    return true;
  }

  /** It has answered, if only with response headers. */
  onAnswer(): void {
    this.onProbation = false;
  }

  /** @param beganAt when the attempt did: what began before a cooldown says nothing of now */
  onSuccess(beganAt: number): void {
    if (beganAt < this.cooledAt) return;
    this.failures = 0;
    this.onProbation = false;
    this.reason = undefined;
  }

  /**
   * @param tries of the attempt
   * @param random 0 to 1, for the jitter
   * @returns the cooldown that begins; `undefined` for none, or one that runs already
   */
  onFailure(
    verdict: Verdict,
    error: LlmError,
    { beganAt, tries }: { readonly beganAt: number; readonly tries: number },
    now: number,
    random: number,
  ): Cooldown | undefined {
    const { quota } = this;
    const jitter = 1 + JITTER * random;
    const reason = error.status === undefined ? error.name : `${error.name} ${error.status}`;
    if (verdict === 'limited') {
      const ms = (error.retryAfterMs ?? LIMITED_MS) * jitter;
      const begins = quota.limitedUntil <= now;
      quota.limitedUntil = Math.max(quota.limitedUntil, now + ms);
      quota.reason = reason;
      return begins ? { ms, reason, quota: quota.name } : undefined;
    }
    if (verdict === 'broke') {
      const ms = MISCONFIGURED_MS * jitter;
      const begins = quota.brokeUntil <= now;
      quota.brokeUntil = Math.max(quota.brokeUntil, now + ms);
      quota.reason = reason;
      return begins ? { ms, reason, quota: quota.name } : undefined;
    }
    if (verdict === 'misconfigured') return this.cool(MISCONFIGURED_MS * jitter, reason, now);
    if (verdict !== 'broken' || beganAt < this.cooledAt) return undefined;
    this.failures += tries;
    this.reason = reason;
    if (this.failures < FAILURES) return undefined;
    const ms = Math.min(LONGEST_BROKEN_MS, BROKEN_MS * 2 ** (this.failures - FAILURES)) * jitter;
    return this.cool(ms, reason, now);
  }

  private cool(ms: number, reason: string, now: number): Cooldown | undefined {
    const begins = this.coolUntil <= now;
    this.coolUntil = Math.max(this.coolUntil, now + ms);
    this.cooledAt = now;
    this.onProbation = true;
    this.reason = reason;
    return begins ? { ms, reason } : undefined;
  }
}
