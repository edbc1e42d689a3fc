import type { LlmError } from '../../errors/llm.error.js';
import type { Cost, RequestSize } from './cost.js';
import type { Cooldown, Place } from './place.js';
import { isUnbilled, isUnsent, type Verdict } from './verdict.js';

/** Tokens that a provider has counted, in OpenAI's shape. */
interface CountedUsage {
  readonly prompt_tokens?: number;
  readonly completion_tokens?: number;
  readonly prompt_tokens_details?: { readonly cached_tokens?: number | null } | null;
}

const NOTHING: Cost = { input: 0, output: 0 };

/** A try at one deployment: what was reserved for it is settled exactly once, however it ends. */
export class PlacedAttempt {
  private readonly probe: boolean;
  private settled = false;

  constructor(
    readonly place: Place,
    private readonly reserved: Cost,
    private readonly size: RequestSize,
    private readonly beganAt: number,
  ) {
    this.probe = place.begin(reserved, beganAt);
  }

  get isSettled(): boolean {
    return this.settled;
  }

  /** Response headers are in: whether the deployment answers is known, and others may come. */
  answered(): void {
    if (this.settled) return;
    this.place.onAnswer();
    if (this.probe) this.place.probing = false;
  }

  /** @param usage as far as it is known */
  succeeded(usage: CountedUsage | null | undefined, now: number): void {
    if (this.settled) return;
    this.place.onSuccess(this.beganAt);
    if (typeof usage?.prompt_tokens !== 'number') return this.settle(this.reserved, 1, now);
    const prompt = usage.prompt_tokens;
    const output = usage.completion_tokens ?? 0;
    this.place.estimator.learn(this.size, prompt, output);
    const cached = usage.prompt_tokens_details?.cached_tokens ?? 0;
    this.settle({ input: Math.max(0, prompt - cached), output }, 1, now);
  }

  /** The consumer left before the end: what was generated may be billed, and says nothing of the deployment. */
  left(now: number): void {
    if (!this.settled) this.settle(this.reserved, 1, now);
  }

  /** @returns the cooldown that begins with it */
  failed(error: LlmError, verdict: Verdict, now: number, random: number): Cooldown | undefined {
    if (this.settled) return undefined;
    const tries = Math.max(1, error.attempts.length);
    const cooldown = this.place.onFailure(verdict, error, { beganAt: this.beganAt, tries }, now, random);
    this.settle(isUnbilled(error) ? NOTHING : this.reserved, isUnsent(error) ? 0 : tries, now);
    return cooldown;
  }

  private settle(spent: Cost, requests: number, now: number): void {
    const { place } = this;
    this.settled = true;
    place.inFlight--;
    if (this.probe) place.probing = false;
    place.quota.settle(this.reserved, spent, requests, now);
  }
}
