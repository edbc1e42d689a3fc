import type { ProviderErrorDetail } from '../../errors/http-error.js';
import { errorText } from '../kit/error-text.js';
import type { Fields } from '../kit/fields.js';

/** A limit of the output that is too high has the same beginning. */
const CONTEXT_WINDOW = /too many tokens(?!: max tokens)|context (length|window)|input is too long/i;
const TRIAL_LIMIT = /trial key|api calls \/ month|monthly/i;
const UNKNOWN_MODEL = /model .{0,149}(not found|does not exist|was removed)/i;

/** 402: the bill is not paid; 498: what was asked, or answered, is blocked. */
function kindOf(status: number, message: string): ProviderErrorDetail['kind'] {
  if (status === 498) return 'content_policy';
  if (status === 402 || (status === 429 && TRIAL_LIMIT.test(message))) return 'quota';
  return status === 400 && CONTEXT_WINDOW.test(message) ? 'context_window' : undefined;
}

/**
 * Reads Cohere's error document, `{ id, message }`.
 *
 * @see {@link https://docs.cohere.com/reference/errors}
 */
export function readCohereError(body: unknown, status: number): ProviderErrorDetail | undefined {
  if (typeof body !== 'object' || body === null) return undefined;
  const fields = body as Fields;
  const failure = failureOf(errorText(fields['finish_reason']));
  if (failure !== undefined) return failure;
  const message = errorText(fields['message']) ?? errorText(fields['detail']) ?? errorText(fields['error']);
  if (message === undefined) return undefined;
  return {
    message,
    ...((status === 404 || status === 400) && UNKNOWN_MODEL.test(message) && { code: 'model_not_found' }),
    kind: kindOf(status, message),
  };
}

/**
 * A finish reason that means that there is no answer.
 *
 * @param said what Cohere says of it
 */
export function failureOf(finishReason: string | undefined, said?: string): ProviderErrorDetail | undefined {
  switch (finishReason) {
    case 'ERROR':
      return { message: said ?? 'the generation failed (ERROR)', code: 'generation_failed', status: 500 };
    case 'TIMEOUT':
      return { message: said ?? 'the generation took too long (TIMEOUT)', code: 'timeout', status: 504 };
    case 'ERROR_TOXIC':
      return { message: said ?? 'the answer was blocked (ERROR_TOXIC)', kind: 'content_policy', status: 400 };
    default:
      return undefined;
  }
}
