import { APIConnectionError, SessionClosedError } from '../../errors/errors.js';
import type { LlmError } from '../../errors/llm.error.js';

/**
 * How a call is tried again. Only failures that cannot be billed twice are: the request never left, a pooled
 * connection that the provider had closed, or an answer of 408, 409, 429, 500, 502, 503 and 529 (any status with
 * `x-should-retry`). Never once a byte of a successful answer was seen.
 *
 * @publicApi
 */
export interface RetryOptions {
  /** Tries after the first one; 0 for none. */
  maxRetries?: number;
  /** Upper bound of the first wait in milliseconds; doubled for each further one, and drawn at random below it. */
  baseDelay?: number;
  /** Upper bound of every wait in milliseconds. */
  maxDelay?: number;
  /** The longest `Retry-After`, in milliseconds, that is waited for; a longer one fails the call at once. */
  maxRetryAfter?: number;
  /**
   * Also try again what the provider may have worked on, and may bill twice: a connection that broke, or a limit that
   * expired, after the request was sent and before a byte of the answer came, and an answer of 504.
   */
  mayBillTwice?: boolean;
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
  if (!error.retryable && !(retry.mayBillTwice && isUnanswered(error))) return null;
  const asked = error.retryAfterMs;
  if (asked !== undefined && asked > retry.maxRetryAfter) return null;
  const bound = Math.min(retry.maxDelay, retry.baseDelay * 2 ** (tries - 1));
  const delay = asked ?? Math.random() * bound;
  return delay < remaining ? delay : null;
}

/** Whether the request was sent, and nothing tells what became of it. */
function isUnanswered(error: LlmError): boolean {
  if (error.status === 504) return true;
  return (
    error instanceof APIConnectionError &&
    !(error instanceof SessionClosedError) &&
    error.phase === 'firstByte'
  );
}

/**
 * Reads `retry-after-ms`, and `Retry-After` as seconds or as a date.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9110#field.retry-after}
 * @returns milliseconds, or `undefined` when the headers ask for nothing that can be read
 */
export function readRetryAfter(
  headers: Readonly<Record<string, string | string[] | undefined>>,
  now: number,
): number | undefined {
  const ms = Number(headers['retry-after-ms'] ?? NaN);
  if (ms >= 0) return ms;
  const value = headers['retry-after'];
  if (typeof value !== 'string' || value.trim() === '') return undefined;
  const seconds = Number(value);
  if (seconds >= 0) return seconds * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
