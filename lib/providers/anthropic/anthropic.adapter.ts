import { checkBaseURL, firstOf, keyConnection, missingKey, withoutSlashes } from '../kit/connection.js';
import type { ApiKey, Environment, ProviderAdapter, ConnectOptions } from '../provider-adapter.interface.js';
import { ANTHROPIC_MODELS } from './anthropic.model-list.js';
import { readAnthropicError } from './anthropic.errors.js';
import { anthropicCompletionFormat } from './anthropic.format.js';

/** Options of Anthropic besides the common ones. */
export interface AnthropicOptions extends ConnectOptions {
  /** A bearer token, in place of a key. */
  authToken?: ApiKey;
  /** Names of betas, for each request. */
  betas?: readonly string[];
}

const VERSION = '2023-06-01';

const COMPLETION = anthropicCompletionFormat();

/** The variables hold a base URL without its version segment, as Anthropic's own SDK wants it. */
function baseURLOf(env: Environment): string {
  const url = firstOf(env, ['ANTHROPIC_BASE_URL', 'ANTHROPIC_API_BASE']) ?? 'https://api.anthropic.com';
  const base = withoutSlashes(url);
  return /\/v\d+$/.test(base) ? base : `${base}/v1`;
}

function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` };
}

/**
 * Anthropic itself.
 *
 * @see {@link https://platform.claude.com/docs/en/api/overview} for the headers
 */
export const anthropicAdapter: ProviderAdapter = {
  provider: 'anthropic',
  optionNames: ['authToken', 'betas'],
  connect(options: AnthropicOptions, env) {
    const key = options.apiKey ?? (options.authToken ? undefined : firstOf(env, ['ANTHROPIC_API_KEY']));
    const token =
      key === undefined ? (options.authToken ?? firstOf(env, ['ANTHROPIC_AUTH_TOKEN'])) : undefined;
    if (key === undefined && token === undefined) {
      throw missingKey('anthropic', ['ANTHROPIC_API_KEY', 'ANTHROPIC_AUTH_TOKEN']);
    }
    const baseURL = checkBaseURL('anthropic', options.baseURL ?? baseURLOf(env));
    const headers = { 'anthropic-version': VERSION, ...options.headers };
    return key === undefined
      ? keyConnection('anthropic', baseURL, headers, token, bearer)
      : keyConnection('anthropic', baseURL, headers, key, (text) => ({ 'x-api-key': text }));
  },
  completion: () => COMPLETION,
  operations: { models: () => ANTHROPIC_MODELS },
  readError: readAnthropicError,
};
