import type { CompletionFormat } from '../provider-adapter.interface.js';
import { toConverseRequest } from './bedrock.request.js';
import { toCompletion } from './bedrock.response.js';
import { BedrockTranslator } from './bedrock.translator.js';

/** The Converse API: one form for all of Bedrock's chat models. */
export const BEDROCK_COMPLETION: CompletionFormat = {
  capabilities: {
    tools: true,
    structuredOutput: 'tool',
    reasoning: true,
    images: true,
    audio: true,
    files: true,
    promptCaching: true,
  },
  framing: 'aws-event-stream',
  fetchesMedia: false,
  request: toConverseRequest,
  response: toCompletion,
  translator: (context) => new BedrockTranslator(context),
};
