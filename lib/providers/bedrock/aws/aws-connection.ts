import { LlmConfigurationError } from '../../../errors/errors.js';
import { credentialsIn } from '../../../errors/redact.js';
import { checkBaseURL, firstOf, keyConnection } from '../../kit/connection.js';
import { CredentialsCache } from '../../kit/credentials-cache.js';
import type { Environment, ProviderConnection, ConnectOptions } from '../../provider-adapter.interface.js';
import { AwsClock } from './clock.js';
import {
  activeProfile,
  findCredentials,
  hasOwnCredentials,
  missingCredentials,
  type AwsSettings,
} from './credentials-chain.js';
import { environmentSource } from './profile-credentials.js';
import { regionOfHost } from './regions.js';
import { signRequest } from './sign-request.js';

/** An AWS service that serves models. */
export interface AwsService {
  readonly provider: string;
  /** As signatures name it. */
  readonly signingName: string;
  readonly baseURL: (region: string) => string;
  /** Environment variables that may hold the base URL. */
  readonly baseURLEnv: readonly string[];
  /** Environment variables that may hold a bearer key; none for a service that takes signatures only. */
  readonly keyEnv: readonly string[];
  /** Environment variables that may hold its region, before AWS's own. */
  readonly regionEnv?: readonly string[];
  readonly defaultRegion?: string;
}

/** LiteLLM's name among them. */
const REGION_ENV = ['AWS_REGION', 'AWS_DEFAULT_REGION', 'AWS_REGION_NAME'];

export const AWS_OPTION_NAMES = ['region', 'accessKeyId', 'secretAccessKey', 'sessionToken', 'profile'];

/**
 * Connects to a service by a bearer key, or by signatures with the credentials that AWS's SDKs would find.
 *
 * @throws {AuthenticationError} when there are no credentials
 * @throws {LlmConfigurationError} when there is no region, or a setting cannot be followed
 */
export function awsConnection(
  service: AwsService,
  options: ConnectOptions & AwsSettings,
  env: Environment,
): ProviderConnection {
  const { provider, keyEnv, signingName } = service;
  const configured = options.baseURL ?? firstOf(env, service.baseURLEnv);
  const custom = configured === undefined ? undefined : checkBaseURL(provider, configured);
  const key = options.apiKey ?? (hasOwnCredentials(options) ? undefined : firstOf(env, keyEnv));
  const headers = options.headers ?? {};
  const byKey = (baseURL: string, bearer: NonNullable<ConnectOptions['apiKey']>) =>
    keyConnection(provider, baseURL, headers, bearer, (token) => ({ authorization: `Bearer ${token}` }));
  if (key !== undefined && custom !== undefined) return byKey(custom, key);
  const region = findRegion(service, options, custom, env);
  if (region === undefined) {
    const hasCredentials =
      key !== undefined || hasOwnCredentials(options) || environmentSource(env) !== undefined;
    throw hasCredentials ? missingRegion(provider) : missingCredentials(provider, ' and no region');
  }
  const baseURL = custom ?? service.baseURL(region);
  if (key !== undefined) return byKey(baseURL, key);
  const clock = new AwsClock();
  const cache = new CredentialsCache(findCredentials(options, { provider, region, env, clock }));
  return {
    baseURL,
    headers,
    held: () => credentialsIn(cache.current),
    authorize: async (request, exchange) =>
      signRequest(request, await cache.get(exchange), { region, service: signingName }, clock.now()),
    reject: ({ status, headers, sentHeaders, message }) => {
      if (status !== 400 && clock.correct(headers['date'])) return true;
      if (!EXPIRED.test(`${String(headers['x-amzn-errortype'])} ${message}`)) return false;
      return cache.drop(({ accessKeyId }) => sentHeaders['authorization']!.includes(`=${accessKeyId}/`));
    },
  };
}

/** What says that credentials are not good any more, whatever they said of their end. */
const EXPIRED =
  /ExpiredToken|UnrecognizedClient|security token included in the request is (expired|invalid)/i;

function findRegion(
  { provider, regionEnv = [], defaultRegion }: AwsService,
  settings: AwsSettings,
  baseURL: string | undefined,
  env: Environment,
): string | undefined {
  const region =
    settings.region ??
    (baseURL === undefined ? undefined : regionOfHost(new URL(baseURL).hostname)) ??
    firstOf(env, [...regionEnv, ...REGION_ENV]) ??
    activeProfile(provider, settings, env).values?.['region'] ??
    defaultRegion;
  if (region === undefined || /^[a-z0-9-]+$/.test(region)) return region;
  throw new LlmConfigurationError(`${provider}: ${JSON.stringify(region)} is no AWS region`, { provider });
}

function missingRegion(provider: string): LlmConfigurationError {
  return new LlmConfigurationError(
    `${provider}: no region; set AWS_REGION, or providers.${provider}.region in the module's options, or region in the AWS profile`,
    { code: 'missing_region', provider },
  );
}
