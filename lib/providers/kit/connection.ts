import { AuthenticationError, LlmConfigurationError } from '../../errors/errors.js';
import type { ApiKey, Environment, ProviderConnection } from '../provider-adapter.interface.js';

/** @returns the first of the variables that is set and not empty */
export function firstOf(env: Environment, names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = env[name];
    if (value !== undefined && value !== '') return value;
  }
  return undefined;
}

/** @throws {AuthenticationError} naming the variables that may hold the key */
export function missingKey(provider: string, names: readonly string[]): AuthenticationError {
  const variables = names.length > 0 ? `set ${names.join(' or ')}, or ` : 'set ';
  return new AuthenticationError(
    `${provider}: no API key; ${variables}providers.${provider}.apiKey in the module's options`,
    {
      code: 'missing_api_key',
      provider,
    },
  );
}

/**
 * A connection whose credential is a key in a header.
 *
 * @param toHeaders the headers that carry a key
 */
export function keyConnection(
  provider: string,
  baseURL: string,
  headers: Readonly<Record<string, string>>,
  key: ApiKey | undefined,
  toHeaders: (key: string) => Record<string, string>,
): ProviderConnection {
  if (key === undefined) return { baseURL, headers };
  if (typeof key === 'string')
    return { baseURL, headers: { ...toHeaders(checkKey(provider, key)), ...headers } };
  return {
    baseURL,
    headers,
    authorize: async ({ headers: given }) => {
      const credentials = Object.entries(toHeaders(checkKey(provider, await key())));
      // A header that was set by hand is over the key, as it is when the key is known beforehand.
      return Object.fromEntries(credentials.filter(([name]) => given[name] === undefined));
    },
  };
}

/** Whether `key` can stand in a header behind a scheme. */
export function isKey(key: unknown): key is string {
  return typeof key === 'string' && /^[\x21-\x7e]+$/.test(key);
}

/**
 * Whether `value` can be a header's.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9110#field.values}
 */
export function isHeaderValue(value: unknown): value is string {
  return typeof value === 'string' && /^[\t\x20-\x7e\x80-\xff]*$/.test(value);
}

function checkKey(provider: string, key: unknown): string {
  if (isKey(key)) return key;
  throw new LlmConfigurationError(
    `${provider}: the API key is ${typeof key === 'string' ? 'empty, or holds a blank, a line break or a character that no header may have' : `of type ${typeof key}`}`,
    { code: 'invalid_api_key', provider },
  );
}

/** @returns what is wrong with a base URL, without its value, which may hold a password */
export function baseURLFault(baseURL: string): string | undefined {
  const url = URL.canParse(baseURL) ? new URL(baseURL) : undefined;
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    return 'has to be an absolute http or https URL';
  }
  if (url.username === '' && url.password === '') return undefined;
  return `has credentials in it (host ${url.host}); use apiKey or headers for them`;
}

/**
 * @returns the URL without a slash at its end
 * @throws {LlmConfigurationError} when it is no absolute http(s) URL, or holds credentials
 */
export function checkBaseURL(provider: string, baseURL: string): string {
  const fault = baseURLFault(baseURL);
  if (fault !== undefined) throw new LlmConfigurationError(`${provider}: baseURL ${fault}`, { provider });
  return withoutSlashes(new URL(baseURL).href);
}

/** @returns `url` without the slashes at its end */
export function withoutSlashes(url: string): string {
  let end = url.length;
  while (url[end - 1] === '/') end--;
  return url.slice(0, end);
}
