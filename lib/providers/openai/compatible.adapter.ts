import { LlmConfigurationError } from '../../errors/errors.js';
import type { CompatibleProvider } from '../compatible.js';
import { checkBaseURL, firstOf, keyConnection, missingKey } from '../kit/connection.js';
import type {
  CompletionCapabilities,
  Environment,
  ProviderAdapter,
  ProviderOptions,
} from '../provider-adapter.interface.js';
import { readOpenAIError } from './openai.errors.js';
import { openAIEmbeddingFormat } from './openai.embedding.js';
import { openAICompletionFormat } from './openai.format.js';
import type { OpenAIQuirks } from './openai.quirks.js';

/** What the format carries. What a model does with it is the provider's to say. */
export const COMPATIBLE_CAPABILITIES: CompletionCapabilities = {
  tools: true,
  structuredOutput: 'native',
  reasoning: true,
  images: true,
  audio: false,
  files: false,
  promptCaching: true,
};

/** Reasoning goes back to most of them: some of their models need it between the calls of one turn. */
const MESSAGE_FIELDS = ['reasoning_content'];

function baseURLOf(
  provider: string,
  data: CompatibleProvider,
  options: ProviderOptions,
  env: Environment,
): string {
  if (options.baseURL !== undefined) return options.baseURL;
  const variables = data.baseURLEnv ?? [];
  const fromEnv = firstOf(env, variables);
  if (fromEnv !== undefined) return fromEnv;
  if (data.baseURL !== undefined) return data.baseURL;
  const set = variables.length > 0 ? `set ${variables.join(' or ')}, or` : 'set';
  throw new LlmConfigurationError(
    `${provider}: no base URL; ${set} providers.${provider}.baseURL in the module's options`,
    { code: 'missing_base_url', provider },
  );
}

/** A provider of the table of compatible ones. */
export function compatibleAdapter(provider: string, data: CompatibleProvider): ProviderAdapter {
  const quirks: OpenAIQuirks = {
    rename: data.rename,
    unsupported: data.unsupported,
    messageFields: data.messageFields ?? MESSAGE_FIELDS,
    thinkTags: data.thinkTags,
    reasoningTokensApart: data.reasoningTokensApart,
    // Servers behind these prefixes change; a body that ended properly after every finish reason is whole.
    endsWithFinishReason: true,
    capabilities: COMPATIBLE_CAPABILITIES,
    embedding: data.embedding,
  };
  const operations = data.operations ?? ['completion', 'embedding'];
  const completion = openAICompletionFormat(quirks);
  const embedding = openAIEmbeddingFormat(quirks);
  return {
    provider,
    connect(options, env) {
      const key = options.apiKey ?? firstOf(env, data.apiKeyEnv);
      if (key === undefined && data.apiKeyOptional !== true) throw missingKey(provider, data.apiKeyEnv);
      const baseURL = checkBaseURL(provider, baseURLOf(provider, data, options, env));
      return keyConnection(provider, baseURL, { ...data.headers, ...options.headers }, key, (token) => ({
        authorization: `Bearer ${token}`,
      }));
    },
    ...(operations.includes('completion') && { completion: () => completion }),
    ...(operations.includes('embedding') && { embedding: () => embedding }),
    readError: readOpenAIError,
  };
}
