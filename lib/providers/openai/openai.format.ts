import { exchangingToolNames, OPENAI_TOOL_NAMES } from '../kit/tool-names.js';
import type { CompletionFormat } from '../provider-adapter.interface.js';
import type { OpenAIQuirks } from './openai.quirks.js';
import { openAIBody } from './openai.request.js';
import { toOpenAICompletion } from './openai.response.js';
import { OpenAITranslator } from './openai.translator.js';

/** OpenAI's chat completions. */
export function openAICompletionFormat(quirks: OpenAIQuirks): CompletionFormat {
  const toBody = openAIBody(quirks);
  const format: CompletionFormat = {
    capabilities: quirks.capabilities,
    framing: 'sse',
    request: (request, context) => ({
      path: '/chat/completions',
      body: toBody(request, context),
    }),
    response: (body, context) => toOpenAICompletion(body, quirks, context),
    translator: (context) => new OpenAITranslator(quirks, context),
  };
  return exchangingToolNames(format, OPENAI_TOOL_NAMES);
}
