import { LlmConfigurationError } from '../../errors/errors.js';
import type { CompatibleProvider } from '../compatible.js';
import { checkBaseURL, firstOf, keyConnection, missingKey } from '../connection.js';
import type { Environment, ProviderAdapter, ProviderOptions } from '../provider-adapter.interface.js';
import { readOpenAIError } from './openai.errors.js';
import { openAICompletionFormat, openAIEmbeddingFormat, type OpenAIQuirks } from './openai.format.js';

function bearer(key: string): Record<string, string> {
  return { authorization: `Bearer ${key}` };
}

const COMPLETION = openAICompletionFormat({ endsWithFinishReason: false });
const EMBEDDING = openAIEmbeddingFormat({ endsWithFinishReason: false });

/**
 * OpenAI itself.
 *
 * @see {@link https://platform.openai.com/docs/api-reference/authentication} for the headers and variables
 */
export const openAIAdapter: ProviderAdapter = {
  provider: 'openai',
  optionNames: ['organization', 'project'],
  connect(options: ProviderOptions & { organization?: string; project?: string }, env) {
    const organization = options.organization ?? env['OPENAI_ORG_ID'];
    const project = options.project ?? env['OPENAI_PROJECT_ID'];
    const key = options.apiKey ?? env['OPENAI_API_KEY'];
    if (key === undefined || key === '') throw missingKey('openai', ['OPENAI_API_KEY']);
    const baseURL =
      options.baseURL ?? firstOf(env, ['OPENAI_BASE_URL', 'OPENAI_API_BASE']) ?? 'https://api.openai.com/v1';
    const headers = {
      ...(organization && { 'openai-organization': organization }),
      ...(project && { 'openai-project': project }),
      ...options.headers,
    };
    return keyConnection('openai', checkBaseURL('openai', baseURL), headers, key, bearer);
  },
  completion: () => COMPLETION,
  embedding: () => EMBEDDING,
  readError: readOpenAIError,
};

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
    reasoningField: data.reasoningField,
    // Servers behind these prefixes change; a body that ended properly after every finish reason is whole.
    endsWithFinishReason: true,
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
      return keyConnection(provider, baseURL, { ...data.headers, ...options.headers }, key, bearer);
    },
    ...(operations.includes('completion') && { completion: () => completion }),
    ...(operations.includes('embedding') && { embedding: () => embedding }),
    readError: readOpenAIError,
  };
}
