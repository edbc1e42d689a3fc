import { LlmConfigurationError } from '../../errors/errors.js';
import { textsOf, toEmbeddingResponse } from '../kit/embeddings.js';
import { isFields, type Fields } from '../kit/fields.js';
import { modelSegments } from '../kit/model-path.js';
import { checkSupported } from '../kit/params.js';
import { openAICompletionFormat } from '../openai/openai.format.js';
import type { OpenAIQuirks } from '../openai/openai.quirks.js';
import type { CompletionFormat, EmbeddingFormat, FormatContext } from '../provider-adapter.interface.js';

/** A model that is deployed in a space, as LiteLLM names it. */
const DEPLOYMENT = 'deployment/';

const QUIRKS: OpenAIQuirks = {
  rename: { max_completion_tokens: 'max_tokens' },
  unsupported: [
    'audio',
    'logit_bias',
    'metadata',
    'modalities',
    'parallel_tool_calls',
    'prediction',
    'prompt_cache_key',
    'safety_identifier',
    'service_tier',
    'store',
    'thinking',
    'user',
    'verbosity',
    'web_search_options',
  ],
  limit: toWatsonx,
  messageFields: ['reasoning_content'],
  thinkTags: true,
  capabilities: {
    tools: true,
    structuredOutput: 'native',
    reasoning: true,
    images: true,
    audio: false,
    files: false,
    promptCaching: false,
  },
};

const OPENAI = openAICompletionFormat(QUIRKS);

/**
 * OpenAI's chat completions, but for the names of the model and of the choice of a tool, and a path for streams.
 *
 * @see {@link https://cloud.ibm.com/apidocs/watsonx-ai#text-chat}
 */
export const WATSONX_COMPLETION: CompletionFormat = {
  ...OPENAI,
  request: (request, context) => ({
    ...OPENAI.request(request, context),
    path: `${placeOf(context)}/${request.stream === true ? 'chat_stream' : 'chat'}`,
  }),
};

const EMBEDDING_SUPPORTED = new Set(['encoding_format']);

interface EmbedAnswer {
  results?: { embedding?: number[] }[];
  input_token_count?: number;
}

/** @see {@link https://cloud.ibm.com/apidocs/watsonx-ai#text-embeddings} */
export const WATSONX_EMBEDDING: EmbeddingFormat = {
  maxInputs: 1000,
  request(request, context) {
    checkSupported(request, EMBEDDING_SUPPORTED, context);
    const own = request.providerOptions?.[context.provider];
    const body = { ...scopeOf(context), inputs: textsOf(request, context), ...own };
    return { path: `${placeOf(context)}/embeddings`, body: JSON.stringify(body) };
  },
  response(body, context) {
    const { results, input_token_count: tokens } = (body ?? {}) as EmbedAnswer;
    if (!Array.isArray(results)) return undefined;
    const vectors = results.map((result) => result?.embedding);
    if (!vectors.every((vector) => typeof vector?.[0] === 'number')) return undefined;
    return toEmbeddingResponse(vectors as number[][], tokens ?? 0, context);
  },
};

/** A deployment has a path of its own. */
function placeOf(context: FormatContext): string {
  const { model } = context;
  if (!model.startsWith(DEPLOYMENT)) return '/text';
  return `/deployments/${modelSegments(model.slice(DEPLOYMENT.length), context).join('%2F')}/text`;
}

/** The model, and whose account its tokens are on: a deployment is both. */
function scopeOf({ model, provider, providerOptions }: FormatContext): Fields {
  if (model.startsWith(DEPLOYMENT)) return {};
  const { projectId, spaceId } = providerOptions;
  if (projectId === undefined && spaceId === undefined) {
    throw new LlmConfigurationError(
      `${provider}: no project and no space; set WATSONX_PROJECT_ID or WATSONX_SPACE_ID, or providers.${provider}.projectId or spaceId in the module's options`,
      { code: 'missing_project', provider },
    );
  }
  return {
    model_id: model,
    ...(projectId === undefined ? { space_id: spaceId } : { project_id: projectId }),
  };
}

/** Gives the fields of an OpenAI body watsonx's names. Whether it is a stream is in the path. */
function toWatsonx(body: Fields, context: FormatContext): void {
  const { tool_choice: choice, tools } = body;
  Object.assign(body, scopeOf(context), { model: undefined, stream: undefined, stream_options: undefined });
  if (typeof choice === 'string') {
    body['tool_choice_option'] = choice;
    body['tool_choice'] = undefined;
  }
  if (Array.isArray(tools)) body['tools'] = tools.map(withoutStrict);
}

/** @see {@link https://github.com/BerriAI/litellm/blob/main/litellm/llms/watsonx/chat/transformation.py} */
function withoutStrict(tool: unknown): unknown {
  if (!isFields(tool) || !isFields(tool['function'])) return tool;
  const { strict: _strict, ...called } = tool['function'];
  return { ...tool, function: called };
}
