import { checkBaseURL, firstOf, keyConnection, missingKey, withoutSlashes } from '../kit/connection.js';
import { openAIEmbeddingFormat } from '../openai/openai.embedding.js';
import { OPENAI_MODELS } from '../openai/openai.model-list.js';
import type { OpenAIQuirks } from '../openai/openai.quirks.js';
import { toOpenAICompletion } from '../openai/openai.response.js';
import { exchangingToolNames, OPENAI_TOOL_NAMES } from '../kit/tool-names.js';
import { OpenAITranslator } from '../openai/openai.translator.js';
import type { CompletionFormat, ProviderAdapter } from '../provider-adapter.interface.js';
import { readMistralError } from './mistral.errors.js';
import { toMistralRequest } from './mistral.request.js';

/** The answers are OpenAI's but for their content, which may be a list of typed parts. */
const QUIRKS: OpenAIQuirks = {
  rename: { dimensions: 'output_dimension' },
  unsupported: ['user'],
  messageFields: [],
  capabilities: {
    tools: true,
    structuredOutput: 'native',
    reasoning: true,
    images: true,
    audio: true,
    files: true,
    promptCaching: true,
  },
  // The AI SDK's limit: Mistral documents one of tokens only.
  embedding: { maxInputs: 32, textsOnly: true },
};

/** Mistral's chat completions. */
export const MISTRAL_COMPLETION: CompletionFormat = exchangingToolNames(
  {
    capabilities: QUIRKS.capabilities,
    framing: 'sse',
    request: toMistralRequest,
    response: (body, context) => toOpenAICompletion(body, QUIRKS, context),
    translator: (context) => new OpenAITranslator(QUIRKS, context),
  },
  OPENAI_TOOL_NAMES,
);

const EMBEDDING = openAIEmbeddingFormat(QUIRKS);

interface MistralHost {
  readonly provider: string;
  readonly baseURL: string;
  readonly baseURLEnv: readonly string[];
  readonly apiKeyEnv: readonly string[];
}

/** The variable may hold the address without the version, as LiteLLM has it. */
function withVersion(url: string): string {
  const base = withoutSlashes(url);
  return /\/v\d+$/.test(base) ? base : `${base}/v1`;
}

function adapterOf(
  { provider, baseURL, baseURLEnv, apiKeyEnv }: MistralHost,
  completion: CompletionFormat,
): ProviderAdapter {
  return {
    provider,
    connect(options, env) {
      const key = options.apiKey ?? firstOf(env, apiKeyEnv);
      if (key === undefined) throw missingKey(provider, apiKeyEnv);
      const fromEnv = firstOf(env, baseURLEnv);
      const url = checkBaseURL(provider, options.baseURL ?? (fromEnv && withVersion(fromEnv)) ?? baseURL);
      return keyConnection(provider, url, options.headers ?? {}, key, (token) => ({
        authorization: `Bearer ${token}`,
      }));
    },
    completion: () => completion,
    operations: { models: () => OPENAI_MODELS },
    readError: readMistralError,
  };
}

/**
 * Mistral.
 *
 * @see {@link https://docs.mistral.ai/api}
 */
export const mistralAdapter: ProviderAdapter = {
  ...adapterOf(
    {
      provider: 'mistral',
      baseURL: 'https://api.mistral.ai/v1',
      baseURLEnv: ['MISTRAL_API_BASE'],
      apiKeyEnv: ['MISTRAL_API_KEY'],
    },
    MISTRAL_COMPLETION,
  ),
  embedding: () => EMBEDDING,
};

/** Mistral's API for code, at an address and with a key of its own. Its models read and write text. */
export const codestralAdapter: ProviderAdapter = adapterOf(
  {
    provider: 'codestral',
    baseURL: 'https://codestral.mistral.ai/v1',
    baseURLEnv: ['CODESTRAL_API_BASE'],
    apiKeyEnv: ['CODESTRAL_API_KEY'],
  },
  {
    ...MISTRAL_COMPLETION,
    capabilities: { ...QUIRKS.capabilities, reasoning: false, images: false, audio: false, files: false },
  },
);
