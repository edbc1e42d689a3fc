import { checkBaseURL, firstOf, keyConnection, missingKey } from '../kit/connection.js';
import { refusal } from '../kit/params.js';
import type { FormatContext, ProviderAdapter, ConnectOptions } from '../provider-adapter.interface.js';
import { OPENAI_MODELS } from './openai.model-list.js';
import { openAIEmbeddingFormat } from './openai.embedding.js';
import { openAICompletionFormat } from './openai.format.js';
import { OPENAI_LACKS } from './openai.params.js';
import type { OpenAIQuirks } from './openai.quirks.js';
import { readResponsesError } from './responses/responses.errors.js';
import { openAIResponsesFormat } from './responses/responses.format.js';
import { needsResponses } from './responses/responses.models.js';

const QUIRKS: OpenAIQuirks = {
  unsupported: OPENAI_LACKS,
  own: true,
  strict: true,
  limit: refuseTextModels,
  messageFields: [],
  streamUsage: true,
  capabilities: {
    tools: true,
    structuredOutput: 'native',
    // Chat completions count the reasoning and do not show it.
    reasoning: false,
    images: true,
    audio: true,
    files: true,
    promptCaching: true,
  },
};

const COMPLETION = openAICompletionFormat(QUIRKS);
const EMBEDDING = openAIEmbeddingFormat(QUIRKS);

/** Models that go on with a text, and have no chat. */
const TEXT_MODELS = /^(gpt-3\.5-turbo-instruct|davinci-002|babbage-002)/;

/**
 * @see {@link https://platform.openai.com/docs/api-reference/completions}
 * @throws {BadRequestError}
 */
function refuseTextModels(_body: object, context: FormatContext): void {
  if (!TEXT_MODELS.test(context.model)) return;
  throw refusal(
    `a chat with ${context.model}, which is a model of the completions API: name a model that chats`,
    context,
    'model',
  );
}

/**
 * OpenAI itself.
 *
 * @see {@link https://platform.openai.com/docs/api-reference/authentication} for the headers and variables
 */
export const openAIAdapter: ProviderAdapter = {
  provider: 'openai',
  optionNames: ['organization', 'project', 'streamUsage'],
  connect(options: ConnectOptions & { organization?: string; project?: string }, env) {
    const organization = options.organization ?? env['OPENAI_ORG_ID'];
    const project = options.project ?? env['OPENAI_PROJECT_ID'];
    const key = options.apiKey ?? env['OPENAI_API_KEY'];
    if (key === undefined || key === '') throw missingKey('openai', ['OPENAI_API_KEY']);
    const baseURL =
      options.baseURL ?? firstOf(env, ['OPENAI_BASE_URL', 'OPENAI_API_BASE']) ?? 'https://api.openai.com/v1';
    const headers = {
      ...(organization && { 'openai-organization': organization }),
      ...(project && { 'openai-project': project }),
      ...options.headers,
    };
    return keyConnection('openai', checkBaseURL('openai', baseURL), headers, key, (token) => ({
      authorization: `Bearer ${token}`,
    }));
  },
  completion: (model, request) => (needsResponses(model, request) ? openAIResponsesFormat : COMPLETION),
  embedding: () => EMBEDDING,
  operations: { models: () => OPENAI_MODELS },
  readError: readResponsesError,
};
