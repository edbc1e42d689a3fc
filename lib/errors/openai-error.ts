import type { LlmError } from './llm.error.js';

/** OpenAI's error document, which its clients turn into their typed errors. */
export interface OpenAIErrorBody {
  error: { message: string; type: string; param: string | null; code: string };
}

export function toOpenAIError(error: LlmError): OpenAIErrorBody {
  return {
    error: {
      message: error.message,
      type: error.type ?? 'api_error',
      param: error.param ?? null,
      code: error.code,
    },
  };
}
