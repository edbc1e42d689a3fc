import type { ProviderErrorDetail } from '../../errors/http-error.js';
import { errorText } from '../kit/error-text.js';
import type { Fields } from '../kit/fields.js';

const CONTEXT_WINDOW = /(input|prompt) .{0,199}(exceed|too long)|context length/i;
const UNKNOWN_MODEL = /model .{0,149}not found/i;

/**
 * Reads Ollama's error document, `{ error }`, which is also a line of a stream that failed.
 *
 * @see {@link https://docs.ollama.com/api/errors}
 */
export function readOllamaError(body: unknown, status: number): ProviderErrorDetail | undefined {
  if (typeof body !== 'object' || body === null) return undefined;
  const { error } = body as Fields;
  // Some versions pass the runner's own error on: an object with a message.
  const nested = errorText(
    typeof error === 'object' && error !== null ? (error as Fields)['message'] : error,
  );
  if (nested === undefined) return undefined;
  return {
    message: nested,
    ...(status === 404 && UNKNOWN_MODEL.test(nested) && { code: 'model_not_found' }),
    // The runner's refusal of a prompt comes with 500 in some versions.
    kind: (status === 400 || status === 500) && CONTEXT_WINDOW.test(nested) ? 'context_window' : undefined,
  };
}
