import { checkBaseURL, firstOf, keyConnection } from '../kit/connection.js';
import type { CompletionFormat, Environment, ProviderAdapter } from '../provider-adapter.interface.js';
import { OLLAMA_EMBEDDING } from './ollama.embedding.js';
import { readOllamaError } from './ollama.errors.js';
import { toOllamaRequest } from './ollama.request.js';
import { toCompletion } from './ollama.response.js';
import { OllamaTranslator } from './ollama.translator.js';

const PROVIDER = 'ollama';
const DEFAULT_BASE_URL = 'http://localhost:11434';

const COMPLETION: CompletionFormat = {
  capabilities: {
    tools: true,
    structuredOutput: 'native',
    reasoning: true,
    images: true,
    audio: false,
    files: false,
    promptCaching: false,
  },
  framing: 'ndjson',
  fetchesMedia: false,
  request: toOllamaRequest,
  response: toCompletion,
  translator: (context) => new OllamaTranslator(context),
};

/**
 * The address that `OLLAMA_HOST` says: it may lack the scheme and the port, and where it tells the server to listen
 * everywhere it tells a client nothing but this machine.
 *
 * @see {@link https://docs.ollama.com/faq#how-do-i-configure-ollama-server}
 */
function ofHost(host: string): string {
  const hasScheme = /^https?:\/\//i.test(host);
  const address = (hasScheme ? host : `http://${host}`).replace(
    /\/\/(0\.0\.0\.0|\[::\])(?=[:/]|$)/,
    '//127.0.0.1',
  );
  return hasScheme || /:\d+$/.test(address) ? address : `${address}:11434`;
}

function baseURLOf(env: Environment): string {
  const base = firstOf(env, ['OLLAMA_API_BASE']);
  const host = firstOf(env, ['OLLAMA_HOST']);
  return base ?? (host === undefined ? DEFAULT_BASE_URL : ofHost(host));
}

/**
 * Ollama, by its own API. Its imitation of OpenAI's is there under `hosted_vllm` or `lm_studio` with a `baseURL` that
 * ends in `/v1`.
 *
 * @see {@link https://docs.ollama.com/api}
 */
export const ollamaAdapter: ProviderAdapter = {
  provider: PROVIDER,
  connect(options, env) {
    const configured = checkBaseURL(PROVIDER, options.baseURL ?? baseURLOf(env));
    // Base URLs of its OpenAI-compatible API are in use, too: the paths here begin with the host.
    const baseURL = configured.replace(/\/(v1|api)$/, '');
    const key = options.apiKey ?? firstOf(env, ['OLLAMA_API_KEY']);
    return keyConnection(PROVIDER, baseURL, options.headers ?? {}, key, (token) => ({
      authorization: `Bearer ${token}`,
    }));
  },
  completion: () => COMPLETION,
  embedding: () => OLLAMA_EMBEDDING,
  readError: readOllamaError,
};
