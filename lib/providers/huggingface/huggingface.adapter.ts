import { checkBaseURL, firstOf, keyConnection, missingKey } from '../kit/connection.js';
import { readOpenAIError } from '../openai/openai.errors.js';
import { openAICompletionFormat } from '../openai/openai.format.js';
import type { OpenAIQuirks } from '../openai/openai.quirks.js';
import type { ProviderAdapter } from '../provider-adapter.interface.js';
import { HUGGINGFACE_EMBEDDING } from './huggingface.embedding.js';

const PROVIDER = 'huggingface';
const ROUTER = 'https://router.huggingface.co';
const BASE_URL_ENV = ['HUGGINGFACE_API_BASE', 'HF_API_BASE'];
const KEY_ENV = ['HF_TOKEN', 'HUGGINGFACE_API_KEY'];

const QUIRKS: OpenAIQuirks = {
  modelName,
  messageFields: ['reasoning_content'],
  thinkTags: true,
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

/** LiteLLM names the provider first, `together/deepseek-ai/DeepSeek-R1`; the router last, `deepseek-ai/DeepSeek-R1:together`. */
function modelName(model: string): string {
  const [provider, ...name] = model.split('/');
  return name.length > 1 ? `${name.join('/')}:${provider}` : model;
}

/**
 * Hugging Face: chats by the router of its inference providers, or a server of one's own under `baseURL`; embeddings by
 * the feature extraction of its own inference, or of such a server.
 *
 * @see {@link https://huggingface.co/docs/inference-providers}
 */
export const huggingfaceAdapter: ProviderAdapter = {
  provider: PROVIDER,
  connect(options, env) {
    const key = options.apiKey ?? firstOf(env, KEY_ENV);
    if (key === undefined) throw missingKey(PROVIDER, KEY_ENV);
    const configured = options.baseURL ?? firstOf(env, BASE_URL_ENV);
    const url = checkBaseURL(PROVIDER, configured ?? `${ROUTER}/v1`);
    // Chats have a version in their path, the feature extraction has none.
    const root = url.replace(/\/v1$/, '');
    const version = root === url ? '' : '/v1';
    const connection = keyConnection(PROVIDER, root, options.headers ?? {}, key, (token) => ({
      authorization: `Bearer ${token}`,
    }));
    const isRouter = configured === undefined || new URL(url).origin === ROUTER;
    return {
      ...connection,
      pathOf: (path) => {
        if (!path.startsWith('/hf-inference/')) return version + path;
        return isRouter ? path : '/';
      },
    };
  },
  completion: () => COMPLETION,
  embedding: () => HUGGINGFACE_EMBEDDING,
  readError: readOpenAIError,
};
