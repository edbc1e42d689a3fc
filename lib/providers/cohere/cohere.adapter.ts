import { checkBaseURL, firstOf, keyConnection, missingKey, withoutSlashes } from '../kit/connection.js';
import { exchangingToolNames, OPENAI_TOOL_NAMES } from '../kit/tool-names.js';
import type { CompletionFormat, ProviderAdapter } from '../provider-adapter.interface.js';
import { COHERE_EMBEDDING } from './cohere.embedding.js';
import { readCohereError } from './cohere.errors.js';
import { toCohereRequest } from './cohere.request.js';
import { toCompletion } from './cohere.response.js';
import { CohereTranslator } from './cohere.translator.js';

const PROVIDER = 'cohere';

/** LiteLLM's name, then that of Cohere's own SDK. */
const KEY_ENV = ['COHERE_API_KEY', 'CO_API_KEY'];
const BASE_URL_ENV = ['COHERE_API_BASE', 'CO_API_URL'];

const FORMAT: CompletionFormat = {
  capabilities: {
    tools: true,
    structuredOutput: 'native',
    reasoning: true,
    images: true,
    audio: false,
    files: false,
    promptCaching: true,
  },
  framing: 'sse',
  request: toCohereRequest,
  response: toCompletion,
  translator: (context) => new CohereTranslator(context),
};

const COMPLETION = exchangingToolNames(FORMAT, OPENAI_TOOL_NAMES);

/** The SDK's variable holds the address without the version, LiteLLM's with the path of the chat. */
function withVersion(url: string): string {
  const base = withoutSlashes(url).replace(/\/chat$/, '');
  return /\/v\d+$/.test(base) ? base : `${base}/v2`;
}

/**
 * Cohere, by version 2 of its API.
 *
 * @see {@link https://docs.cohere.com/reference/about}
 */
export const cohereAdapter: ProviderAdapter = {
  provider: PROVIDER,
  connect(options, env) {
    const key = options.apiKey ?? firstOf(env, KEY_ENV);
    if (key === undefined) throw missingKey(PROVIDER, KEY_ENV);
    const fromEnv = firstOf(env, BASE_URL_ENV);
    const baseURL = options.baseURL ?? (fromEnv && withVersion(fromEnv)) ?? 'https://api.cohere.com/v2';
    return keyConnection(PROVIDER, checkBaseURL(PROVIDER, baseURL), options.headers ?? {}, key, (token) => ({
      authorization: `Bearer ${token}`,
    }));
  },
  completion: () => COMPLETION,
  embedding: () => COHERE_EMBEDDING,
  readError: readCohereError,
};
