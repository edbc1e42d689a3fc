import { LlmConfigurationError } from '../../errors/errors.js';
import { checkBaseURL, firstOf, keyConnection, missingKey } from '../kit/connection.js';
import { isFields } from '../kit/fields.js';
import { tokenConnection } from '../kit/token-exchange.js';
import { readOpenAIError } from '../openai/openai.errors.js';
import type {
  ApiKey,
  Environment,
  ProviderAdapter,
  ProviderConnection,
  ConnectOptions,
} from '../provider-adapter.interface.js';
import { WATSONX_COMPLETION, WATSONX_EMBEDDING } from './watsonx.format.js';

const PROVIDER = 'watsonx';

/** LiteLLM's names. */
const BASE_URL_ENV = ['WATSONX_API_BASE', 'WATSONX_URL', 'WX_URL', 'WML_URL'];
const KEY_ENV = ['WATSONX_APIKEY', 'WATSONX_API_KEY', 'WX_API_KEY'];
const TOKEN_ENV = ['WATSONX_TOKEN'];
const ZEN_KEY_ENV = ['WATSONX_ZENAPIKEY'];
const IAM_URL_ENV = ['WATSONX_IAM_URL'];
const PROJECT_ENV = ['WATSONX_PROJECT_ID', 'WX_PROJECT_ID'];
const SPACE_ENV = ['WATSONX_DEPLOYMENT_SPACE_ID', 'WATSONX_SPACE_ID', 'WX_SPACE_ID'];
const VERSION_ENV = ['WATSONX_API_VERSION'];

const IAM_URL = 'https://iam.cloud.ibm.com/identity/token';
/** A date: the API keeps to what it was then. LiteLLM's. */
const VERSION = '2024-03-13';

/** Options of watsonx.ai besides the common ones. The `apiKey` is one of IBM Cloud: it is exchanged for a token. */
export interface WatsonxOptions extends ConnectOptions {
  /** Default `WATSONX_PROJECT_ID`. */
  projectId?: string;
  /** A deployment space, in place of a project; default `WATSONX_SPACE_ID`. */
  spaceId?: string;
  /** A bearer token, in place of a key, or a function that gives one before each attempt; default `WATSONX_TOKEN`. */
  token?: ApiKey;
  /** A key of Cloud Pak for Data, in place of the others: `base64(user:key)`; default `WATSONX_ZENAPIKEY`. */
  zenApiKey?: ApiKey;
  /** The date of the API's version; default `2024-03-13`. */
  apiVersion?: string;
  /** Where keys are exchanged; default IBM Cloud's. */
  iamURL?: string;
}

/**
 * IBM watsonx.ai.
 *
 * @see {@link https://cloud.ibm.com/apidocs/watsonx-ai}
 */
export const watsonxAdapter: ProviderAdapter = {
  provider: PROVIDER,
  optionNames: ['projectId', 'spaceId', 'token', 'zenApiKey', 'apiVersion', 'iamURL'],
  connect(options: WatsonxOptions, env) {
    const projectId = options.projectId ?? firstOf(env, PROJECT_ENV);
    const spaceId = options.spaceId ?? firstOf(env, SPACE_ENV);
    return { ...authorized(options, env, baseURLOf(options, env)), settings: { projectId, spaceId } };
  },
  completion: () => WATSONX_COMPLETION,
  embedding: () => WATSONX_EMBEDDING,
  readError(body, status) {
    const errors = isFields(body) && Array.isArray(body['errors']) ? body['errors'] : [];
    return readOpenAIError(errors.length > 0 ? { error: errors[0] as unknown } : body, status);
  },
};

function baseURLOf(options: WatsonxOptions, env: Environment): string {
  const configured = options.baseURL ?? firstOf(env, BASE_URL_ENV);
  if (configured === undefined) {
    throw new LlmConfigurationError(
      `${PROVIDER}: no base URL; set ${BASE_URL_ENV[0]} or ${BASE_URL_ENV[1]}, or providers.${PROVIDER}.baseURL in the module's options, to https://<region>.ml.cloud.ibm.com`,
      { code: 'missing_base_url', provider: PROVIDER },
    );
  }
  const url = checkBaseURL(PROVIDER, configured).replace(/\/ml\/v1$/, '');
  const version = options.apiVersion ?? firstOf(env, VERSION_ENV) ?? VERSION;
  return `${url}/ml/v1?version=${encodeURIComponent(version)}`;
}

function authorized(options: WatsonxOptions, env: Environment, baseURL: string): ProviderConnection {
  const { apiKey, headers = {} } = options;
  // What is written down is over what the environment has, and a token over the key that would get one.
  const isConfigured = [apiKey, options.token, options.zenApiKey].some((one) => one !== undefined);
  const fromEnv = (names: readonly string[]) => (isConfigured ? undefined : firstOf(env, names));
  const byScheme = (scheme: string, key: ApiKey) =>
    keyConnection(PROVIDER, baseURL, headers, key, (one) => ({ authorization: `${scheme} ${one}` }));
  const token = options.token ?? fromEnv(TOKEN_ENV);
  if (token !== undefined) return byScheme('Bearer', token);
  const zenKey = options.zenApiKey ?? fromEnv(ZEN_KEY_ENV);
  if (zenKey !== undefined) return byScheme('ZenApiKey', zenKey);
  const key = apiKey ?? fromEnv(KEY_ENV);
  if (key === undefined) throw missingKey(PROVIDER, [...KEY_ENV, ...TOKEN_ENV]);
  return byIam(options, env, baseURL, key);
}

/** @see {@link https://cloud.ibm.com/docs/account?topic=account-iamtoken_from_apikey} */
function byIam(
  { iamURL, headers = {} }: WatsonxOptions,
  env: Environment,
  baseURL: string,
  key: ApiKey,
): ProviderConnection {
  const url = checkBaseURL(PROVIDER, iamURL ?? firstOf(env, IAM_URL_ENV) ?? IAM_URL);
  return tokenConnection(PROVIDER, baseURL, headers, async () => ({
    method: 'POST',
    url,
    headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
    body: new URLSearchParams({
      grant_type: 'urn:ibm:params:oauth:grant-type:apikey',
      apikey: typeof key === 'function' ? await key() : key,
    }).toString(),
  }));
}
