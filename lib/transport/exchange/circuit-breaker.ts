/**
 * When calls to a provider are refused without being sent.
 *
 * @publicApi
 */
export interface CircuitOptions {
  /** Consecutive failures that open the circuit: no connection, no answer in time, 5xx. Default 10. */
  failures?: number | undefined;
  /**
   * Milliseconds until one call is let through to try; a longer `Retry-After` of the provider prevails, up to six times
   * this. Default 10,000.
   */
  openMs?: number | undefined;
}

/** @publicApi */
export interface CircuitStats {
  /** `half-open`: one call is under way to try whether the provider is back. */
  state: 'closed' | 'open' | 'half-open';
  /** Consecutive failures. */
  failures: number;
  /** Milliseconds until an open circuit lets a call through; 0 otherwise. */
  opensForMs: number;
}

const DEFAULT_FAILURES = 10;
const DEFAULT_OPEN_MS = 10_000;

/** How many times longer than `openMs` a provider may keep its circuit open: what it asks for may be any number. */
const LONGEST_OPEN = 6;

/** Stops calls to a provider that fails again and again, and tries one from time to time. */
export class CircuitBreaker {
  private failures = 0;
  private openUntil = 0;
  private probing = false;

  constructor(private readonly options: CircuitOptions) {}

  private get threshold(): number {
    return this.options.failures ?? DEFAULT_FAILURES;
  }

  private get openMs(): number {
    return this.options.openMs ?? DEFAULT_OPEN_MS;
  }

  /** @returns milliseconds for which the call is refused; 0 when it may be sent, and then its outcome has to be told */
  admit(now: number): number {
    if (this.failures < this.threshold) return 0;
    const wait = this.openUntil - now;
    if (wait > 0) return wait;
    // One probe at a time; the others are told to come back when it must have ended one way or the other.
    if (this.probing) return this.openMs;
    this.probing = true;
    return 0;
  }

  onSuccess(): void {
    this.failures = 0;
    this.probing = false;
  }

  onFailure(now: number, retryAfterMs = 0): void {
    this.failures++;
    this.probing = false;
    if (this.failures < this.threshold) return;
    this.openUntil = now + Math.min(Math.max(this.openMs, retryAfterMs), this.openMs * LONGEST_OPEN);
  }

  /** A call ended in a way that says nothing of the provider: the caller aborted it, or it was refused as wrong. */
  onNeutral(): void {
    this.probing = false;
  }

  stats(now: number): CircuitStats {
    const open = this.failures >= this.threshold;
    return {
      state: !open ? 'closed' : this.probing ? 'half-open' : 'open',
      failures: this.failures,
      opensForMs: open ? Math.max(0, this.openUntil - now) : 0,
    };
  }
}
