import { LlmConfigurationError } from '../../errors/errors.js';
import { checkBaseURL, firstOf } from '../kit/connection.js';
import { openAIEmbeddingFormat } from '../openai/openai.embedding.js';
import { openAICompletionFormat } from '../openai/openai.format.js';
import { OPENAI_LACKS } from '../openai/openai.params.js';
import type { OpenAIQuirks } from '../openai/openai.quirks.js';
import { readResponsesError } from '../openai/responses/responses.errors.js';
import { openAIResponsesFormat } from '../openai/responses/responses.format.js';
import { needsResponses } from '../openai/responses/responses.models.js';
import type { Environment, ProviderAdapter } from '../provider-adapter.interface.js';
import { azureAddress } from './azure.address.js';
import { azureConnection, type AzureAuthOptions, type AzureCredentials } from './azure.credentials.js';

const PROVIDER = 'azure';

const BASE_URL_ENV = ['AZURE_API_BASE', 'AZURE_OPENAI_ENDPOINT'];
const VERSION_ENV = ['AZURE_API_VERSION', 'OPENAI_API_VERSION'];

/** LiteLLM's names, then those of OpenAI's SDK. */
const CREDENTIALS: AzureCredentials = {
  keyEnv: ['AZURE_API_KEY', 'AZURE_OPENAI_API_KEY'],
  tokenEnv: ['AZURE_AD_TOKEN'],
  keyHeader: true,
};

/** The first version whose streams take `stream_options`; older ones refuse it. */
const STREAM_USAGE_SINCE = '2024-09-01';

/** @see {@link https://learn.microsoft.com/azure/ai-foundry/openai/whats-new} */
function takesStreamUsage({ apiVersion, baseURL }: AzureOptions): boolean {
  const address = baseURL ?? firstOf(process.env, BASE_URL_ENV) ?? '';
  const ofAddress = /[?&]api-version=([^&]+)/.exec(address)?.[1];
  const version = apiVersion ?? firstOf(process.env, VERSION_ENV) ?? ofAddress;
  return version === undefined || !/^\d/.test(version) || version >= STREAM_USAGE_SINCE;
}

const QUIRKS: OpenAIQuirks = {
  unsupported: OPENAI_LACKS,
  own: true,
  strict: true,
  messageFields: [],
  streamUsage: takesStreamUsage,
  // DeepSeek's models.
  thinkTags: true,
  capabilities: {
    tools: true,
    structuredOutput: 'native',
    reasoning: true,
    images: true,
    audio: true,
    files: true,
    promptCaching: true,
  },
};

const COMPLETION = openAICompletionFormat(QUIRKS);
const EMBEDDING = openAIEmbeddingFormat(QUIRKS);

type AzureOptions = AzureAuthOptions & {
  /** Such as `2024-10-21`. Without one, calls go to the `v1` endpoint, which has none. */
  apiVersion?: string;
};

function baseURLOf({ baseURL }: AzureOptions, env: Environment): string {
  const url = baseURL ?? firstOf(env, BASE_URL_ENV);
  if (url !== undefined) return checkBaseURL(PROVIDER, url);
  throw new LlmConfigurationError(
    `azure: no endpoint; set ${BASE_URL_ENV.join(' or ')}, or providers.azure.baseURL in the module's options, to https://<resource>.openai.azure.com`,
    { code: 'missing_base_url', provider: PROVIDER },
  );
}

/**
 * OpenAI's models, and others with the same API, on Azure. The name of a model is the name of its deployment.
 *
 * @see {@link https://learn.microsoft.com/azure/ai-foundry/openai/reference}
 */
export const azureAdapter: ProviderAdapter = {
  provider: PROVIDER,
  optionNames: ['apiVersion', 'tokenProvider', 'streamUsage'],
  connect(options: AzureOptions, env) {
    const version = options.apiVersion ?? firstOf(env, VERSION_ENV);
    const { baseURL, pathOf } = azureAddress(baseURLOf(options, env), version);
    return { ...azureConnection(PROVIDER, CREDENTIALS, options, env, baseURL), pathOf };
  },
  completion: (model, request) => (needsResponses(model, request) ? openAIResponsesFormat : COMPLETION),
  embedding: () => EMBEDDING,
  readError: readResponsesError,
};
