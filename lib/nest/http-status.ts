import {
  APIConnectionError,
  APIResponseValidationError,
  APITimeoutError,
  APIUserAbortError,
  AuthenticationError,
  BadRequestError,
  LlmConfigurationError,
  QueueFullError,
  RateLimitError,
  ServiceUnavailableError,
  SessionClosedError,
} from '../errors/errors.js';
import type { LlmError } from '../errors/llm.error.js';
import type { ClientErrorOptions } from '../errors/openai-error.js';

/** Nothing was sent: the session, the queue, the circuit or the router did not let it. */
const REFUSED_HERE = [SessionClosedError, QueueFullError, ServiceUnavailableError];

/** 499: nginx's status for a client that left; nobody reads it but a log. */
const CLIENT_CLOSED_REQUEST = 499;

/** Seconds: a client that has to wait for longer than a day is not told to the second. */
const MAX_RETRY_AFTER = 86_400;

/**
 * The HTTP status for an error: the upstream's where it answered with one of failure (400 to 599), otherwise what a gateway
 * says. A provider's 401 for the application's own key is 502, unless it is to be passed on.
 *
 * @publicApi
 */
export function toHttpStatus(
  error: LlmError,
  { passAuthentication = false }: Pick<ClientErrorOptions, 'passAuthentication'> = {},
): number {
  if (error instanceof APIResponseValidationError) return 502;
  if (error instanceof AuthenticationError) return passAuthentication ? 401 : 502;
  if (error.status !== undefined && error.status >= 400 && error.status <= 599) return error.status;
  if (error instanceof BadRequestError) return 400;
  if (error instanceof APIUserAbortError) return CLIENT_CLOSED_REQUEST;
  if (error instanceof RateLimitError) return 429;
  if (REFUSED_HERE.some((refused) => error instanceof refused)) return 503;
  if (error instanceof APITimeoutError) return 504;
  if (error instanceof APIConnectionError) return 502;
  return error instanceof LlmConfigurationError ? 500 : 502;
}

/** The value of `Retry-After` in whole seconds, a day at most; `undefined` where none makes sense. */
export function toRetryAfter({ retryAfterMs }: LlmError): string | undefined {
  if (retryAfterMs === undefined || !(retryAfterMs >= 0)) return undefined;
  return String(Math.min(Math.ceil(retryAfterMs / 1000), MAX_RETRY_AFTER));
}
