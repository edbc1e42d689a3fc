import type { CompletionFormat } from '../../provider-adapter.interface.js';
import { toResponsesRequest } from './responses.request.js';
import { toChatCompletion } from './responses.response.js';
import { ResponsesTranslator } from './responses.translator.js';

/**
 * OpenAI's Responses API, for a provider that has it.
 *
 * @see {@link https://platform.openai.com/docs/api-reference/responses}
 */
export const openAIResponsesFormat: CompletionFormat = {
  capabilities: {
    tools: true,
    structuredOutput: 'native',
    reasoning: true,
    images: true,
    audio: false,
    files: true,
    promptCaching: true,
  },
  framing: 'sse',
  request: toResponsesRequest,
  response: toChatCompletion,
  translator: (context) => new ResponsesTranslator(context),
};
