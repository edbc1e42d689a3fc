import {
  APIUserAbortError,
  BadRequestError,
  ContentPolicyViolationError,
  ContextWindowExceededError,
  LlmConfigurationError,
  SessionClosedError,
  UnsupportedParamsError,
} from '../errors/errors.js';
import { LlmError, type LlmAttempt } from '../errors/llm.error.js';

/** Whether another model may succeed where one failed with `error`. */
function leadsOn(error: unknown): error is LlmError {
  if (!(error instanceof LlmError)) return false;
  if (error instanceof BadRequestError) {
    return (
      error instanceof ContextWindowExceededError ||
      error instanceof ContentPolicyViolationError ||
      error instanceof UnsupportedParamsError
    );
  }
  return !(
    error instanceof APIUserAbortError ||
    error instanceof SessionClosedError ||
    error instanceof LlmConfigurationError
  );
}

/**
 * Runs the request, then each fallback, until one succeeds.
 *
 * @param run gets the attempts of the models before
 * @throws the error of the last one that was tried, with the attempts of all
 */
export async function withFallbacks<Request extends object, Result>(
  request: Request,
  fallbacks: readonly (string | Partial<Request>)[],
  run: (request: Request, earlier: readonly LlmAttempt[]) => Promise<Result>,
): Promise<Result> {
  const requests = [
    request,
    ...fallbacks.map((fallback) => ({
      ...request,
      ...(typeof fallback === 'string' ? { model: fallback } : fallback),
    })),
  ];
  const earlier: LlmAttempt[] = [];
  for (const [index, one] of requests.entries()) {
    try {
      return await run(one, earlier);
    } catch (error) {
      if (error instanceof LlmError) {
        earlier.push(...error.attempts);
        error.attempts = [...earlier];
      }
      if (!leadsOn(error) || index === requests.length - 1) throw error;
    }
  }
  throw new LlmConfigurationError('fallbacks: there is nothing to try');
}
