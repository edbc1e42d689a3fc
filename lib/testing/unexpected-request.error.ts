import { LlmError } from '../index.js';

/**
 * A session that stands in for the providers got a request that it has no answer for. Never retried: the test, or the
 * recording, is what has to change.
 *
 * @publicApi
 */
export class UnexpectedRequestError extends LlmError {
  constructor(message: string, cause?: Error) {
    super(message, { code: 'unexpected_request', cause });
  }
}
