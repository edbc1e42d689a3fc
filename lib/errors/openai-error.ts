import { clientMessageOf } from './client-message.js';
import { AuthenticationError } from './errors.js';
import type { LlmError } from './llm.error.js';

/** OpenAI's error document, which its clients turn into their typed errors. */
export interface OpenAIErrorBody {
  error: { message: string; type: string; param: string | null; code: string };
}

export interface ClientErrorOptions {
  /**
   * Tells clients the whole message, with the host, the port and the advice for whoever runs the application: for
   * development. Default `false`.
   */
  details?: boolean | undefined;
  /**
   * Passes on a provider's 401, for a gateway whose clients bring the provider's keys. By default it is a failure of the
   * application, which has the keys: 502 with the code `upstream_authentication`.
   */
  passAuthentication?: boolean | undefined;
}

/** The error document that a client of the application gets. */
export function toOpenAIError(
  error: LlmError,
  { details = false, passAuthentication = false }: ClientErrorOptions = {},
): OpenAIErrorBody {
  const ownKey = error instanceof AuthenticationError && !passAuthentication;
  return {
    error: {
      message: details ? error.message : clientMessageOf(error),
      type: ownKey ? 'api_error' : (error.type ?? 'api_error'),
      param: error.param ?? null,
      code: ownKey ? 'upstream_authentication' : error.code,
    },
  };
}
