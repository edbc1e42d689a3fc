import type { FormatContext, ProviderRequest } from '../format-context.interface.js';
import type { EmbeddingRequest, EmbeddingResponse } from './embedding.interface.js';

export interface EmbeddingFormat {
  /** Inputs that one request may have; more are split into several, and the answers joined in order. */
  readonly maxInputs?: number;
  /** @throws {UnsupportedParamsError} when the request has a field that the provider lacks */
  request(request: EmbeddingRequest, context: FormatContext<EmbeddingRequest>): ProviderRequest;
  /** @returns the embeddings; `undefined` when `body` is not that */
  response(body: unknown, context: FormatContext<EmbeddingRequest>): EmbeddingResponse | undefined;
}
