import type { CompletionFormat } from '../provider-adapter.interface.js';
import { anthropicCompletionFormat } from './anthropic.format.js';
import type { AnthropicHost } from './anthropic.host.js';

/** The version of Anthropic's API that the formats are of. */
const VERSION = '2023-06-01';

/**
 * Anthropic's messages on a cloud that has Anthropic's own paths and headers, beside other APIs: the version goes with
 * these messages alone.
 */
export function anthropicCompletionFormatAt(differences: Partial<AnthropicHost> = {}): CompletionFormat {
  const format = anthropicCompletionFormat(differences);
  return {
    ...format,
    request(request, context) {
      const translated = format.request(request, context);
      return { ...translated, headers: { 'anthropic-version': VERSION, ...translated.headers } };
    },
  };
}
