import { LlmConfigurationError } from '../../errors/errors.js';
import { readAnthropicError } from '../anthropic/anthropic.errors.js';
import { anthropicCompletionFormatAt } from '../anthropic/anthropic.hosts.js';
import { checkBaseURL, firstOf, keyConnection, missingKey } from '../kit/connection.js';
import { openAICompletionFormat } from '../openai/openai.format.js';
import type { OpenAIQuirks } from '../openai/openai.quirks.js';
import { readOpenAIError } from '../openai/openai.errors.js';
import type { Environment, ProviderAdapter, ConnectOptions } from '../provider-adapter.interface.js';
import { SNOWFLAKE_EMBEDDING } from './snowflake.embedding.js';

const PROVIDER = 'snowflake';
const ACCOUNT_ENV = ['SNOWFLAKE_ACCOUNT_ID'];
const BASE_URL_ENV = ['SNOWFLAKE_API_BASE'];
const KEY_ENV = ['SNOWFLAKE_JWT'];
/** LiteLLM's mark of a programmatic access token. */
const PAT = 'pat/';

type SnowflakeOptions = ConnectOptions & {
  /** The account's identifier, as in `<account>.snowflakecomputing.com`; default `SNOWFLAKE_ACCOUNT_ID`. */
  account?: string;
};

const QUIRKS: OpenAIQuirks = {
  rename: { max_tokens: 'max_completion_tokens' },
  messageFields: [],
  capabilities: {
    tools: true,
    structuredOutput: 'native',
    reasoning: false,
    images: true,
    audio: false,
    files: false,
    promptCaching: true,
  },
};

const cortex = (path: string): string => `/cortex/v1${path}`;

/** @see {@link https://docs.snowflake.com/en/user-guide/snowflake-cortex/cortex-rest-api} */
const COMPLETION = openAICompletionFormat(QUIRKS);
const CLAUDE = anthropicCompletionFormatAt({ urlSources: false, fileIds: false });

function baseURLOf({ baseURL, account }: SnowflakeOptions, env: Environment): string {
  const given = baseURL ?? (account === undefined ? firstOf(env, BASE_URL_ENV) : undefined);
  if (given !== undefined) {
    const url = checkBaseURL(PROVIDER, given).replace(/\/cortex(\/.*)?$/, '');
    return url.endsWith('/api/v2') ? url : `${url}/api/v2`;
  }
  const name = account ?? firstOf(env, ACCOUNT_ENV);
  if (name !== undefined && /^[\w.-]+$/.test(name)) return `https://${name}.snowflakecomputing.com/api/v2`;
  throw new LlmConfigurationError(
    `${PROVIDER}: ${name === undefined ? 'no account' : 'the account is none'}; set ${ACCOUNT_ENV.join(' or ')}, or providers.${PROVIDER}.account in the module's options`,
    { code: 'missing_base_url', provider: PROVIDER },
  );
}

/** The headers of a key: a JSON Web Token, or, after `pat/`, a programmatic access token. */
function toHeaders(key: string): Record<string, string> {
  const isPat = key.startsWith(PAT);
  return {
    authorization: `Bearer ${isPat ? key.slice(PAT.length) : key}`,
    'x-snowflake-authorization-token-type': isPat ? 'PROGRAMMATIC_ACCESS_TOKEN' : 'KEYPAIR_JWT',
  };
}

/**
 * Models of Snowflake Cortex: OpenAI's API, and Anthropic's for Claude. A JSON Web Token lives for an hour at the most:
 * an `apiKey` that is a function gives a new one.
 *
 * @see {@link https://docs.snowflake.com/en/user-guide/snowflake-cortex/cortex-rest-api}
 */
export const snowflakeAdapter: ProviderAdapter = {
  provider: PROVIDER,
  optionNames: ['account'],
  connect(options: SnowflakeOptions, env) {
    const key = options.apiKey ?? firstOf(env, KEY_ENV);
    if (key === undefined) throw missingKey(PROVIDER, KEY_ENV);
    const connection = keyConnection(
      PROVIDER,
      baseURLOf(options, env),
      options.headers ?? {},
      key,
      toHeaders,
    );
    return { ...connection, pathOf: (path) => (path.startsWith('/cortex/') ? path : cortex(path)) };
  },
  completion: (model) => (/^claude/i.test(model) ? CLAUDE : COMPLETION),
  embedding: () => SNOWFLAKE_EMBEDDING,
  readError: (body, status) =>
    (body as { type?: unknown } | null)?.type === 'error'
      ? readAnthropicError(body)
      : readOpenAIError(body, status),
};
