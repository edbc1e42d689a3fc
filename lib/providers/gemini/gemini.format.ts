import type { CompletionFormat, FormatContext } from '../provider-adapter.interface.js';
import { toGeminiRequest } from './gemini.request.js';
import { toCompletion } from './gemini.response.js';
import { GeminiTranslator } from './gemini.translator.js';

/** Where the methods of a model are, without the method. */
export type ModelPath = (context: FormatContext) => string;

/** Gemini's completions: at the Gemini API and at Vertex AI, which differ in the address. */
export function geminiCompletionFormat(modelPath: ModelPath): CompletionFormat {
  return {
    capabilities: {
      tools: true,
      structuredOutput: 'native',
      reasoning: true,
      images: true,
      audio: true,
      files: true,
      promptCaching: true,
    },
    framing: 'sse',
    request: (request, context) => ({
      path:
        modelPath(context) +
        (request.stream === true ? ':streamGenerateContent?alt=sse' : ':generateContent'),
      body: JSON.stringify(toGeminiRequest(request, context)),
    }),
    response: toCompletion,
    translator: (context) => new GeminiTranslator(context),
  };
}
