import { LlmConfigurationError } from '../../errors/errors.js';
import { checkBaseURL, firstOf, keyConnection } from '../kit/connection.js';
import type {
  Environment,
  ProviderAdapter,
  ProviderConnection,
  ProviderOptions,
} from '../provider-adapter.interface.js';
import {
  activeProfile,
  findCredentials,
  hasOwnCredentials,
  missingCredentials,
  type AwsSettings,
} from './aws/credentials-chain.js';
import { credentialsIn } from '../../errors/redact.js';
import { CredentialsCache } from '../kit/credentials-cache.js';
import { environmentSource } from './aws/profile-credentials.js';
import { dnsSuffixOf, regionOfHost } from './aws/regions.js';
import { signRequest } from './aws/sign-request.js';
import { bedrockEmbeddingFormat } from './bedrock.embedding.js';
import { readBedrockError } from './bedrock.errors.js';
import { BEDROCK_COMPLETION } from './bedrock.format.js';

const PROVIDER = 'bedrock';

/** LiteLLM's name among them. */
const REGION_ENV = ['AWS_REGION', 'AWS_DEFAULT_REGION', 'AWS_REGION_NAME'];
const BASE_URL_ENV = ['AWS_ENDPOINT_URL_BEDROCK_RUNTIME', 'AWS_BEDROCK_RUNTIME_ENDPOINT', 'AWS_ENDPOINT_URL'];

function findRegion(
  settings: AwsSettings,
  baseURL: string | undefined,
  env: Environment,
): string | undefined {
  const region =
    settings.region ??
    (baseURL === undefined ? undefined : regionOfHost(new URL(baseURL).hostname)) ??
    firstOf(env, REGION_ENV) ??
    activeProfile(PROVIDER, settings, env).values?.['region'];
  if (region === undefined || /^[a-z0-9-]+$/.test(region)) return region;
  throw new LlmConfigurationError(`${PROVIDER}: ${JSON.stringify(region)} is no AWS region`, {
    provider: PROVIDER,
  });
}

function missingRegion(): LlmConfigurationError {
  return new LlmConfigurationError(
    `${PROVIDER}: no region; set AWS_REGION, or providers.${PROVIDER}.region in the module's options, or region in the AWS profile`,
    { code: 'missing_region', provider: PROVIDER },
  );
}

function connect(options: ProviderOptions & AwsSettings, env: Environment): ProviderConnection {
  const configured = options.baseURL ?? firstOf(env, BASE_URL_ENV);
  const custom = configured === undefined ? undefined : checkBaseURL(PROVIDER, configured);
  const key =
    options.apiKey ?? (hasOwnCredentials(options) ? undefined : firstOf(env, ['AWS_BEARER_TOKEN_BEDROCK']));
  const headers = options.headers ?? {};
  if (key !== undefined && custom !== undefined) return bearerConnection(custom, headers, key);
  const region = findRegion(options, custom, env);
  if (region === undefined) {
    const hasCredentials =
      key !== undefined || hasOwnCredentials(options) || environmentSource(env) !== undefined;
    throw hasCredentials ? missingRegion() : missingCredentials(PROVIDER, ' and no region');
  }
  const baseURL = custom ?? `https://bedrock-runtime.${region}.${dnsSuffixOf(region)}`;
  if (key !== undefined) return bearerConnection(baseURL, headers, key);
  const cache = new CredentialsCache(findCredentials(options, { provider: PROVIDER, region, env }));
  return {
    baseURL,
    headers,
    held: () => credentialsIn(cache.current),
    authorize: async (request, exchange) =>
      signRequest(request, await cache.get(exchange), { region, service: 'bedrock' }),
  };
}

function bearerConnection(
  baseURL: string,
  headers: Readonly<Record<string, string>>,
  key: NonNullable<ProviderOptions['apiKey']>,
): ProviderConnection {
  return keyConnection(PROVIDER, baseURL, headers, key, (token) => ({ authorization: `Bearer ${token}` }));
}

/**
 * Amazon Bedrock: chats by the Converse API, embeddings by InvokeModel.
 *
 * @see {@link https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html}
 * @see {@link https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html} for the credentials
 */
export const bedrockAdapter: ProviderAdapter = {
  provider: PROVIDER,
  optionNames: ['region', 'accessKeyId', 'secretAccessKey', 'sessionToken', 'profile'],
  connect,
  completion: () => BEDROCK_COMPLETION,
  embedding: (model) => bedrockEmbeddingFormat(model),
  readError: readBedrockError,
};
