import type { CompletionFormat } from './chat/chat-format.interface.js';
import type { ChatRequest } from './chat/chat-request.interface.js';
import type { EmbeddingFormat } from './embeddings/embedding-format.interface.js';
import type { EmbeddingRequest } from './embeddings/embedding.interface.js';
import type { ModelsFormat } from './models/models-format.interface.js';

/** The format of each operation that a provider has: some have several, by model. */
export interface ProviderOperations {
  readonly chat?: (model: string, request: ChatRequest) => CompletionFormat;
  readonly embeddings?: (model: string, request: EmbeddingRequest) => EmbeddingFormat;
  readonly models?: () => ModelsFormat;
}
