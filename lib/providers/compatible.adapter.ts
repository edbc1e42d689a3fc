import { LlmConfigurationError } from '../errors/errors.js';
import type { CompatibleProvider } from './compatible.js';
import { checkBaseURL, firstOf, keyConnection, missingKey, withoutSlashes } from './kit/connection.js';
import type {
  CompletionCapabilities,
  Environment,
  ProviderAdapter,
  ConnectOptions,
} from './provider-adapter.interface.js';
import { OPENAI_MODELS } from './openai/openai.model-list.js';
import { readOpenAIError } from './openai/openai.errors.js';
import { openAIEmbeddingFormat } from './openai/openai.embedding.js';
import { openAICompletionFormat } from './openai/openai.format.js';
import type { OpenAIQuirks } from './openai/openai.quirks.js';

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

type CompatibleOptions = ConnectOptions & Readonly<Record<string, unknown>>;

function baseURLOf(
  provider: string,
  data: CompatibleProvider,
  options: CompatibleOptions,
  env: Environment,
): string {
  if (options.baseURL !== undefined) return options.baseURL;
  const variables = data.baseURLEnv ?? [];
  const fromEnv = firstOf(env, variables);
  if (fromEnv !== undefined) return withEnd(fromEnv, data.baseURLEnvEnd ?? '');
  if (data.baseURL !== undefined) return withParts(provider, data, options, env);
  const set = variables.length > 0 ? `set ${variables.join(' or ')}, or` : 'set';
  throw new LlmConfigurationError(
    `${provider}: no base URL; ${set} providers.${provider}.baseURL in the module's options`,
    { code: 'missing_base_url', provider },
  );
}

/** @returns `url` with what it lacks of `end` after it */
function withEnd(url: string, end: string): string {
  const base = withoutSlashes(url);
  const segments = end.split('/').slice(1);
  for (let count = segments.length; count > 0; count--) {
    const begin = `/${segments.slice(0, count).join('/')}`;
    if (base.endsWith(begin)) return base + end.slice(begin.length);
  }
  return base + end;
}

/** The base URL with the user's own parts in it. */
function withParts(
  provider: string,
  { baseURL = '', baseURLParts = {} }: CompatibleProvider,
  options: CompatibleOptions,
  env: Environment,
): string {
  return baseURL.replace(/\{(\w+)\}/g, (_match, name: string) => {
    const part = baseURLParts[name];
    const value = options[name] ?? firstOf(env, part?.env ?? []) ?? part?.default;
    // It stands in the host or the path: anything else could lead the key elsewhere.
    if (typeof value === 'string' && /^[\w-]+$/.test(value)) return value;
    const variables = part?.env.join(' or ');
    throw new LlmConfigurationError(
      `${provider}: ${value === undefined ? `no ${name}` : `the ${name} is none`}; set ${variables}, or providers.${provider}.${name} in the module's options`,
      { code: 'missing_base_url', provider },
    );
  });
}

/** A provider of the table of compatible ones. */
export function compatibleAdapter(provider: string, data: CompatibleProvider): ProviderAdapter {
  const quirks: OpenAIQuirks = {
    modelName: data.modelName,
    rename: data.rename,
    unsupported: data.unsupported,
    messageFields: data.messageFields ?? MESSAGE_FIELDS,
    limit: data.limit,
    strict: data.strict,
    textAsString: data.textAsString,
    alternates: data.alternates,
    templates: data.templates,
    reasoningParts: data.reasoningParts,
    demandsReasoning: data.demandsReasoning,
    reasoningInContent: data.reasoningInContent,
    thinking: data.thinking,
    jsonObjectAsSchema: data.jsonObjectAsSchema,
    thinkTags: data.thinkTags,
    streamUsage: data.streamUsage,
    reasoningTokensApart: data.reasoningTokensApart,
    capabilities: COMPATIBLE_CAPABILITIES,
    embedding: data.embedding,
  };
  const operations = data.operations ?? ['completion', 'embedding'];
  const completion = openAICompletionFormat(quirks);
  const embedding = openAIEmbeddingFormat(quirks);
  const { baseURLParts, paths } = data;
  return {
    provider,
    optionNames: ['streamUsage', ...Object.keys(baseURLParts ?? {})],
    connect(options, env) {
      const key = options.apiKey ?? firstOf(env, data.apiKeyEnv);
      if (key === undefined && data.apiKeyOptional !== true) throw missingKey(provider, data.apiKeyEnv);
      const baseURL = checkBaseURL(provider, baseURLOf(provider, data, options, env));
      const headers = { ...data.headers, ...options.headers };
      const connection = keyConnection(provider, baseURL, headers, key, (token) => ({
        authorization: `Bearer ${token}`,
      }));
      return paths === undefined
        ? connection
        : { ...connection, pathOf: (path: string) => paths[path] ?? path };
    },
    ...(operations.includes('completion') && { completion: () => completion }),
    ...(operations.includes('embedding') && { embedding: () => embedding }),
    operations: { models: () => OPENAI_MODELS },
    readError: readOpenAIError,
  };
}
