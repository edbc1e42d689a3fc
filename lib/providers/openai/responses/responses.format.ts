import { exchangingToolNames, OPENAI_TOOL_NAMES } from '../../kit/tool-names.js';
import type { CompletionFormat } from '../../provider-adapter.interface.js';
import { toResponsesRequest } from './responses.request.js';
import { toChatCompletion } from './responses.response.js';
import { ResponsesTranslator } from './responses.translator.js';

const FORMAT: CompletionFormat = {
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

/**
 * OpenAI's Responses API, for a provider that has it.
 *
 * @see {@link https://platform.openai.com/docs/api-reference/responses}
 */
export const openAIResponsesFormat = exchangingToolNames(FORMAT, OPENAI_TOOL_NAMES);
