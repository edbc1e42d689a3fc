import {
  APIConnectionError,
  APIResponseValidationError,
  InternalServerError,
  SessionClosedError,
} from '../../errors/errors.js';
import type { LlmError } from '../../errors/llm.error.js';
import { CircuitBreaker, type CircuitOptions, type CircuitStats } from './circuit-breaker.js';
import { RetryBudget } from './retry-budget.js';

/**
 * What is known of a provider's health.
 *
 * @publicApi
 */
export interface ProviderStats {
  /** Retries that may be made now before the budget is used up. */
  retriesLeft: number;
  /** Absent where no circuit is configured. */
  circuit?: CircuitStats;
}

/** What all calls to one provider share: how many retries are left, and whether it is worth asking at all. */
export class ProviderHealth {
  private circuit: CircuitBreaker | undefined;

  /** @param retries which several places may share */
  constructor(readonly retries: RetryBudget = new RetryBudget()) {}

  /** @returns milliseconds for which a call is refused; 0 when it may be sent */
  admit(options: CircuitOptions | undefined): number {
    if (options === undefined) return 0;
    this.circuit ??= new CircuitBreaker(options);
    return this.circuit.admit(performance.now());
  }

  /** An attempt has ended; `null` is an answer. */
  onOutcome(error: LlmError | null): void {
    const { circuit } = this;
    if (circuit === undefined) return;
    if (error === null) circuit.onSuccess();
    else if (isProvidersFault(error)) circuit.onFailure(performance.now(), error.retryAfterMs);
    else if (error.status !== undefined && error.status < 500) circuit.onSuccess();
    else circuit.onNeutral();
  }

  /** An attempt has ended before anything was sent, for want of credentials: that says nothing of the provider. */
  onNothingSent(): void {
    this.circuit?.onNeutral();
  }

  stats(): ProviderStats {
    const circuit = this.circuit?.stats(performance.now());
    return { retriesLeft: this.retries.left, ...(circuit && { circuit }) };
  }
}

function isProvidersFault(error: LlmError): boolean {
  return (
    error instanceof InternalServerError ||
    // A page of whoever stands before the provider, or half an answer.
    error instanceof APIResponseValidationError ||
    (error instanceof APIConnectionError && !(error instanceof SessionClosedError) && error.phase !== 'queue')
  );
}
