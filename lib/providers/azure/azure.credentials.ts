import { AuthenticationError } from '../../errors/errors.js';
import { firstOf, keyConnection } from '../kit/connection.js';
import type {
  ApiKey,
  Environment,
  ProviderConnection,
  ConnectOptions,
} from '../provider-adapter.interface.js';

/** How calls to Azure prove who makes them. */
export interface AzureCredentials {
  /** Environment variables that may hold a key. */
  readonly keyEnv: readonly string[];
  /** Environment variables that may hold a token of Microsoft Entra ID. */
  readonly tokenEnv: readonly string[];
  /** Whether the key goes into the header `api-key`; some hosts take it as a bearer token. */
  readonly keyHeader: boolean;
}

export type AzureAuthOptions = ConnectOptions & {
  /** Gives a bearer token of Microsoft Entra ID before each attempt. */
  tokenProvider?: () => string | Promise<string>;
};

/** The connection to `baseURL`, by a key, or a token, of the options or the environment. */
export function azureConnection(
  provider: string,
  { keyEnv, tokenEnv, keyHeader }: AzureCredentials,
  { apiKey, tokenProvider, headers = {} }: AzureAuthOptions,
  env: Environment,
  baseURL: string,
): ProviderConnection {
  const byToken = (token: ApiKey) =>
    keyConnection(provider, baseURL, headers, token, (one) => ({ authorization: `Bearer ${one}` }));
  const byKey = (key: ApiKey) =>
    keyHeader ? keyConnection(provider, baseURL, headers, key, (one) => ({ 'api-key': one })) : byToken(key);
  if (apiKey !== undefined) return byKey(apiKey);
  if (tokenProvider !== undefined) return byToken(tokenProvider);
  const key = firstOf(env, keyEnv);
  if (key !== undefined) return byKey(key);
  const token = firstOf(env, tokenEnv);
  if (token !== undefined) return byToken(token);
  throw new AuthenticationError(
    `${provider}: no credentials; set ${keyEnv.join(' or ')}, or providers.${provider}.apiKey or tokenProvider in the module's options`,
    { code: 'missing_api_key', provider },
  );
}
