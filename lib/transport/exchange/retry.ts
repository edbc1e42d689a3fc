import { APIConnectionError, SessionClosedError } from '../../errors/errors.js';
import type { LlmError } from '../../errors/llm.error.js';
import type { RetryBudgetOptions } from './retry-budget.js';

/**
 * How a call is tried again. Only failures that cannot be billed twice are: the request never left, a pooled
 * connection that the provider had closed, or an answer of 408, 409, 429, 500, 502, 503 and 529, of Cloudflare's that the
 * origin was not reached (521, 522, 523, 525, 526, 530), or of any status with `x-should-retry`. Never once a byte of a successful answer was seen.
 *
 * @publicApi
 */
export interface RetryOptions {
  /** Tries after the first one; 0 for none. */
  maxRetries?: number | undefined;
  /** Upper bound of the first wait in milliseconds; doubled for each further one, and drawn at random below it. */
  baseDelay?: number | undefined;
  /** Upper bound of every wait in milliseconds. */
  maxDelay?: number | undefined;
  /** The longest `Retry-After`, in milliseconds, that is waited for; a longer one fails the call at once. */
  maxRetryAfter?: number | undefined;
  /**
   * Also try again what the provider may have worked on, and may bill twice: a connection that broke, or a limit that
   * expired, after the request was sent and before a byte of the answer came, and an answer of 504, or Cloudflare's 520,
   * 524 and 527.
   */
  mayBillTwice?: boolean | undefined;
  /** Bounds the retries of all calls to a provider together; `false` for no bound. */
  budget?: RetryBudgetOptions | false | undefined;
}

export type ResolvedRetry = Readonly<Required<RetryOptions>>;

/** @returns milliseconds to wait before the next try, or `null` when there shall be none. */
export function retryDelay(
  retry: ResolvedRetry,
  error: LlmError,
  tries: number,
  remaining: number,
): number | null {
  if (tries > retry.maxRetries) return null;
  if (!maySendAgain(retry, error)) return null;
  const asked = error.retryAfterMs;
  if (asked !== undefined && asked > retry.maxRetryAfter) return null;
  const bound = Math.min(retry.maxDelay, retry.baseDelay * 2 ** (tries - 1));
  const delay = asked !== undefined && asked > 0 ? asked : Math.random() * bound;
  return delay < remaining ? delay : null;
}

/** Whether the request that failed with `error` may be sent once more, here or elsewhere, without being billed twice. */
export function maySendAgain({ mayBillTwice }: ResolvedRetry, error: LlmError): boolean {
  return error.retryable || (mayBillTwice && isUnanswered(error));
}

/** Whether the provider itself sets the pace, so that the wait is no load that it has not asked for. */
export function isPaced(error: LlmError): boolean {
  return error.status === 429 && error.retryAfterMs !== undefined && error.retryAfterMs > 0;
}

/** What a gateway answers when it has passed the request on and got no answer. */
const UNANSWERED = new Set([504, 520, 524, 527]);

/** Whether the request was sent, and nothing tells what became of it. */
function isUnanswered(error: LlmError): boolean {
  if (error.status !== undefined) return UNANSWERED.has(error.status);
  return (
    error instanceof APIConnectionError &&
    !(error instanceof SessionClosedError) &&
    error.phase === 'firstByte'
  );
}
