import { checkBaseURL, firstOf, keyConnection, missingKey } from '../kit/connection.js';
import { modelSegments } from '../kit/model-path.js';
import type { ProviderAdapter } from '../provider-adapter.interface.js';
import { GEMINI_MODELS } from './gemini.model-list.js';
import { geminiEmbeddingFormat } from './gemini.embedding.js';
import { readGeminiError } from './gemini.errors.js';
import { geminiCompletionFormat, type ModelPath } from './gemini.format.js';

const KEY_VARIABLES = ['GEMINI_API_KEY', 'GOOGLE_API_KEY'];

/** A name with a collection, such as `tunedModels/mine`, says itself where the model is. */
const modelPath: ModelPath = (context) => {
  const name = modelSegments(context.model, context).join('/');
  return name.includes('/') ? `/${name}` : `/models/${name}`;
};

const COMPLETION = geminiCompletionFormat(modelPath);
const EMBEDDING = geminiEmbeddingFormat(modelPath, true);

/**
 * The Gemini API, with a key of Google AI Studio.
 *
 * @see {@link https://ai.google.dev/gemini-api/docs/api-key} for the header and the variables
 */
export const geminiAdapter: ProviderAdapter = {
  provider: 'gemini',
  connect(options, env) {
    const key = options.apiKey ?? firstOf(env, KEY_VARIABLES);
    if (key === undefined) throw missingKey('gemini', KEY_VARIABLES);
    const baseURL =
      options.baseURL ??
      firstOf(env, ['GEMINI_API_BASE']) ??
      'https://generativelanguage.googleapis.com/v1beta';
    return keyConnection('gemini', checkBaseURL('gemini', baseURL), { ...options.headers }, key, (value) => ({
      'x-goog-api-key': value,
    }));
  },
  completion: () => COMPLETION,
  embedding: () => EMBEDDING,
  operations: { models: () => GEMINI_MODELS },
  readError: readGeminiError,
};
