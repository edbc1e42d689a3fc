import {
  APIConnectionError,
  APIResponseValidationError,
  APITimeoutError,
  APIUserAbortError,
  AuthenticationError,
  CircuitOpenError,
  ContentPolicyViolationError,
  ContextWindowExceededError,
  InternalServerError,
  LlmConfigurationError,
  NotFoundError,
  PermissionDeniedError,
  QueueFullError,
  RateLimitError,
  SessionClosedError,
  UnsupportedParamsError,
} from '../../errors/errors.js';
import type { LlmError } from '../../errors/llm.error.js';

/**
 * What an error says, and of whom.
 *
 * - `limited`: the account is at its limit
 * - `broke`: the account has no money left
 * - `misconfigured`: the deployment's key or model is wrong
 * - `broken`: the deployment fails
 * - `elsewhere`: nothing, but another deployment may take this call
 * - `unfit`: nothing, but a deployment of another model may take this call
 * - `caller`: nothing: it is about the call
 */
export type Verdict = 'limited' | 'broke' | 'misconfigured' | 'broken' | 'elsewhere' | 'unfit' | 'caller';

export function verdictOf(error: LlmError): Verdict {
  if (
    error instanceof APIUserAbortError ||
    error instanceof SessionClosedError ||
    error instanceof QueueFullError ||
    error instanceof LlmConfigurationError
  ) {
    return 'caller';
  }
  if (error.status === 402 || error.code === 'quota_exhausted') return 'broke';
  if (error instanceof RateLimitError) return 'limited';
  if (
    error instanceof ContextWindowExceededError ||
    error instanceof ContentPolicyViolationError ||
    error instanceof UnsupportedParamsError
  ) {
    return 'unfit';
  }
  if (error instanceof CircuitOpenError || error instanceof PermissionDeniedError) return 'elsewhere';
  // Without credentials nothing was sent: that says nothing of the deployment.
  if (error.phase === 'request' && (isWithoutCredentials(error) || error instanceof APIConnectionError))
    return 'elsewhere';
  if (error instanceof AuthenticationError || error instanceof NotFoundError) return 'misconfigured';
  if (error instanceof APITimeoutError && LOCAL.has(error.phase)) return 'caller';
  if (
    error instanceof InternalServerError ||
    error instanceof APIConnectionError ||
    error instanceof APIResponseValidationError
  ) {
    return 'broken';
  }
  return error.retryable ? 'elsewhere' : 'caller';
}

/** Limits whose end is nobody's fault but the session's, the consumer's or the call's. */
const LOCAL = new Set(['queue', 'stalled', 'total']);

function isWithoutCredentials(error: LlmError): boolean {
  return (
    error.code === 'credentials_failed' ||
    (error instanceof AuthenticationError && error.status === undefined)
  );
}

/** Whether a provider cannot have billed anything for what failed with `error`. */
export function isUnbilled(error: LlmError): boolean {
  if (error.status !== undefined) return error.status >= 400;
  return isUnsent(error);
}

export function isUnsent({ phase, status }: LlmError): boolean {
  return status === undefined && (phase === 'request' || phase === 'queue' || phase === 'connect');
}
