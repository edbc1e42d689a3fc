/**
 * What this package's own adapters are made of, for adapters of one's own.
 *
 * @packageDocumentation
 */
import { compatibleAdapter } from '../providers/compatible.adapter.js';
import type { CompatibleProvider } from '../providers/compatible.js';
import type { ProviderAdapter } from '../providers/provider-adapter.interface.js';

/**
 * The adapter of a server that speaks OpenAI's wire format.
 *
 * ```ts
 * LlmModule.forRoot({ adapters: [openAICompatible('acme', { baseURL: 'https://llm.acme.dev/v1', apiKeyEnv: ['ACME_API_KEY'] })] })
 * ```
 *
 * @param name the prefix of its models, and its key under `providers`
 * @publicApi
 */
export function openAICompatible(
  name: string,
  data: Omit<CompatibleProvider, 'source'> & { readonly source?: string },
): ProviderAdapter {
  return compatibleAdapter(name, { source: '', ...data });
}

export type { CompatibleProvider } from '../providers/compatible.js';
export type * from '../providers/provider-adapter.interface.js';
export type { ProviderErrorDetail } from '../errors/http-error.js';
export type { WireEvent, WireFraming } from '../wire/wire-decoder.interface.js';
export { ChunkWriter } from '../providers/kit/chunk-writer.js';
export {
  checkBaseURL,
  firstOf,
  isHeaderValue,
  isKey,
  keyConnection,
  missingKey,
} from '../providers/kit/connection.js';
export { textsOf, toBase64, toEmbeddingResponse } from '../providers/kit/embeddings.js';
export { checkSupported, refuse } from '../providers/kit/params.js';
export { openAICompletionFormat } from '../providers/openai/openai.format.js';
export { openAIEmbeddingFormat } from '../providers/openai/openai.embedding.js';
export { readOpenAIError } from '../providers/openai/openai.errors.js';
