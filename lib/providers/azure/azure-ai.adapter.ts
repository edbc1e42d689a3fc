import { LlmConfigurationError } from '../../errors/errors.js';
import { readAnthropicError } from '../anthropic/anthropic.errors.js';
import { anthropicCompletionFormatAt } from '../anthropic/anthropic.hosts.js';
import { checkBaseURL, firstOf, withoutSlashes } from '../kit/connection.js';
import type { ProviderAdapter } from '../provider-adapter.interface.js';
import { azureAdapter } from './azure.adapter.js';
import { azureConnection, type AzureAuthOptions } from './azure.credentials.js';

const PROVIDER = 'azure_ai';
const BASE_URL_ENV = ['AZURE_AI_API_BASE'];
const KEY_ENV = ['AZURE_AI_API_KEY'];
const TOKEN_ENV = ['AZURE_AD_TOKEN'];

type AzureAIOptions = AzureAuthOptions & {
  /** Of Azure AI's model inference API, such as `2024-05-01-preview`: calls then go to `/models`. */
  apiVersion?: string;
};

/** What a base URL may have at its end, as LiteLLM takes it. */
const ENDINGS =
  /\/(models(\/chat\/completions)?|openai(\/v1)?|anthropic(\/v1)?(\/messages)?|api\/projects\/[^/]+)$/;
/** The version without which the model inference API answers nothing. */
const MODELS_VERSION = '2024-05-01-preview';

/** A resource of Foundry: its models have one host and paths by their makers' APIs. Others are the host of one model. */
const isResource = (host: string): boolean =>
  /\.(services\.ai|openai|cognitiveservices)\.azure\.com$/.test(host);

const isClaude = (model: string): boolean => /claude/i.test(model);

/** @see {@link https://platform.claude.com/docs/en/build-with-claude/claude-in-microsoft-foundry} */
const CLAUDE = anthropicCompletionFormatAt();

interface Address {
  readonly baseURL: string;
  readonly pathOf: (path: string) => string;
}

function addressOf(configured: string, version: string | undefined): Address {
  const url = new URL(configured);
  const path = withoutSlashes(url.pathname);
  const queried = url.searchParams.get('api-version') ?? undefined;
  url.search = '';
  const root = path.replace(ENDINGS, '');
  if (!isResource(url.hostname) && root === path && version === undefined) {
    const query = queried === undefined ? '' : `?api-version=${encodeURIComponent(queried)}`;
    return { baseURL: url.href, pathOf: (one) => one + query };
  }
  url.pathname = root;
  const dated = version ?? queried ?? MODELS_VERSION;
  const isModels = version !== undefined || /\/models(\/|$)/.test(path);
  const pathOf = (one: string): string => {
    if (one === '/messages') return '/anthropic/v1/messages';
    return isModels ? `/models${one}?api-version=${encodeURIComponent(dated)}` : `/openai/v1${one}`;
  };
  return { baseURL: withoutSlashes(url.href), pathOf };
}

/**
 * Models of Microsoft Foundry: OpenAI's API, and Anthropic's for Claude. The name of a model is the name of its
 * deployment; one of Claude has `claude` in it.
 *
 * @see {@link https://learn.microsoft.com/azure/ai-foundry/foundry-models/concepts/endpoints}
 */
export const azureAIAdapter: ProviderAdapter = {
  provider: PROVIDER,
  optionNames: ['apiVersion', 'tokenProvider'],
  connect(options: AzureAIOptions, env) {
    const configured = options.baseURL ?? firstOf(env, BASE_URL_ENV);
    if (configured === undefined) {
      throw new LlmConfigurationError(
        `${PROVIDER}: no endpoint; set ${BASE_URL_ENV.join(' or ')}, or providers.${PROVIDER}.baseURL in the module's options, to https://<resource>.services.ai.azure.com`,
        { code: 'missing_base_url', provider: PROVIDER },
      );
    }
    const { baseURL, pathOf } = addressOf(checkBaseURL(PROVIDER, configured), options.apiVersion);
    const keyHeader = isResource(new URL(baseURL).hostname);
    const credentials = { keyEnv: KEY_ENV, tokenEnv: TOKEN_ENV, keyHeader };
    return { ...azureConnection(PROVIDER, credentials, options, env, baseURL), pathOf };
  },
  completion: (model, request) => (isClaude(model) ? CLAUDE : azureAdapter.completion!(model, request)),
  embedding: azureAdapter.embedding!,
  readError: (body, status) =>
    (body as { type?: unknown } | null)?.type === 'error'
      ? readAnthropicError(body)
      : azureAdapter.readError(body, status),
};
