import type { ChatRequest } from '../../operations/chat/chat-request.interface.js';
import { mergeFields } from '../kit/fields.js';
import { checkSupported, refuse } from '../kit/params.js';
import type { FormatContext } from '../provider-adapter.interface.js';
import { toConversation } from './gemini.messages.js';
import { geminiTraits } from '../kit/families/gemini.js';
import { toGeminiJsonSchema } from './gemini.json-schema.js';
import { toGeminiSchema } from './gemini.schema.js';
import { toThinkingConfig } from './gemini.thinking.js';
import { toTools } from './gemini.tools.js';
import type { GeminiGenerationConfig, GeminiRequest } from './gemini.wire.js';
import { SUPPORTED } from './gemini.params.js';

/**
 * Translates a request.
 *
 * @throws {UnsupportedParamsError} when it has a field that Gemini lacks
 * @throws {BadRequestError} when a message has a part that Gemini does not read
 */
export function toGeminiRequest(request: ChatRequest, context: FormatContext): GeminiRequest {
  checkSupported(request, SUPPORTED, context);
  const { contents, system } = toConversation(request.messages, context);
  const config = toGenerationConfig(request, context);
  const body: GeminiRequest = {
    contents,
    ...(system.length > 0 && { systemInstruction: { parts: system } }),
    ...toTools(request, context),
    ...(Object.keys(config).length > 0 && { generationConfig: config }),
  };
  const own = request.providerOptions?.[context.provider];
  return own === undefined ? body : (mergeFields(body, own, ['tools']) as unknown as GeminiRequest);
}

function toGenerationConfig(request: ChatRequest, context: FormatContext): GeminiGenerationConfig {
  const { stop } = request;
  const config: GeminiGenerationConfig = {
    temperature: request.temperature ?? undefined,
    topP: request.top_p ?? undefined,
    maxOutputTokens: request.max_completion_tokens ?? request.max_tokens ?? undefined,
    stopSequences: typeof stop === 'string' ? [stop] : (stop ?? undefined),
    seed: request.seed ?? undefined,
    candidateCount: request.n ?? undefined,
    presencePenalty: request.presence_penalty ?? undefined,
    frequencyPenalty: request.frequency_penalty ?? undefined,
    responseLogprobs: request.logprobs ?? undefined,
    logprobs: request.top_logprobs ?? undefined,
    responseModalities: request.modalities?.map((modality) => modality.toUpperCase()),
    thinkingConfig: toThinkingConfig(request, context),
    ...toResponseFormat(request, context),
  };
  for (const [name, value] of Object.entries(config))
    if (value === undefined) delete config[name as keyof GeminiGenerationConfig];
  return config;
}

function toResponseFormat(
  { response_format: format, tools }: ChatRequest,
  context: FormatContext,
): GeminiGenerationConfig {
  const { model } = context;
  if (format === undefined || format.type === 'text') return {};
  const { functions, combinesFunctions } = geminiTraits(model);
  const besideTools = functions && !combinesFunctions && tools !== undefined && tools.length > 0;
  if (!functions || besideTools) {
    refuse(['response_format'], context, besideTools ? `beside tools with ${model}` : `with ${model}`);
    return {};
  }
  const schema = format.type === 'json_schema' ? format.json_schema.schema : undefined;
  return {
    responseMimeType: 'application/json',
    ...(schema !== undefined &&
      (geminiTraits(model).jsonSchema
        ? { responseJsonSchema: toGeminiJsonSchema(schema) }
        : { responseSchema: toGeminiSchema(schema, 'response_format', context) })),
  };
}
