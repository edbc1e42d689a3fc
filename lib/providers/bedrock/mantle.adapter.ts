import { readAnthropicError } from '../anthropic/anthropic.errors.js';
import { anthropicCompletionFormatAt } from '../anthropic/anthropic.hosts.js';
import { readOpenAIError } from '../openai/openai.errors.js';
import { openAICompletionFormat } from '../openai/openai.format.js';
import type { OpenAIQuirks } from '../openai/openai.quirks.js';
import type { ProviderAdapter } from '../provider-adapter.interface.js';
import { AWS_OPTION_NAMES, awsConnection, type AwsService } from './aws/aws-connection.js';

const SERVICE: AwsService = {
  provider: 'bedrock_mantle',
  signingName: 'bedrock-mantle',
  baseURL: (region) => `https://bedrock-mantle.${region}.api.aws`,
  baseURLEnv: ['BEDROCK_MANTLE_API_BASE'],
  keyEnv: ['BEDROCK_MANTLE_API_KEY', 'AWS_BEARER_TOKEN_BEDROCK'],
  regionEnv: ['BEDROCK_MANTLE_REGION'],
  defaultRegion: 'us-east-1',
};

const QUIRKS: OpenAIQuirks = {
  unsupported: ['thinking'],
  messageFields: [],
  capabilities: {
    tools: true,
    structuredOutput: 'native',
    reasoning: true,
    images: true,
    audio: false,
    files: false,
    promptCaching: true,
  },
};

const COMPLETION = openAICompletionFormat(QUIRKS);
/** Claude's file ids and addresses are of Anthropic's own API. */
const CLAUDE = anthropicCompletionFormatAt({ urlSources: false, fileIds: false });

const isClaude = (model: string): boolean => /^anthropic\.|claude/.test(model);

/** Some models are below a path of their own. A request with the wrong one is refused: "isn't supported on this route". */
function versionOf(model: string): string {
  return /gpt-5|gemma-4/.test(model) ? '/openai/v1' : '/v1';
}

/**
 * Amazon Bedrock's other endpoint: OpenAI's API, and Anthropic's for Claude.
 *
 * @see {@link https://docs.aws.amazon.com/bedrock/latest/userguide/bedrock-mantle.html}
 */
export const bedrockMantleAdapter: ProviderAdapter = {
  provider: SERVICE.provider,
  optionNames: AWS_OPTION_NAMES,
  connect(options, env) {
    const connection = awsConnection(SERVICE, options, env);
    const base = new URL(connection.baseURL);
    // A base URL may have the version already, as LiteLLM's variable does.
    if (base.pathname !== '/') return connection;
    return {
      ...connection,
      pathOf: (path, model) => (path === '/messages' ? '/anthropic/v1/messages' : versionOf(model) + path),
    };
  },
  completion: (model) => (isClaude(model) ? CLAUDE : COMPLETION),
  readError: (body, status) =>
    (body as { type?: unknown } | null)?.type === 'error'
      ? readAnthropicError(body)
      : readOpenAIError(body, status),
};
