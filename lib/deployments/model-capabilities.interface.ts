import type { CompletionCapabilities } from '../operations/chat/chat-format.interface.js';

/**
 * What a model can do at its provider, as far as this package knows: by what the provider's format carries, and by what
 * the generations of Claude, Gemini and OpenAI's models lack.
 *
 * @publicApi
 */
export interface ModelCapabilities {
  /** The prefix, an alias resolved. */
  readonly provider: string;
  /** The model's name at the provider, without the prefix. */
  readonly model: string;
  /** Of chat completions; `undefined` where the provider has none. */
  readonly completion: CompletionCapabilities | undefined;
  /** Whether the provider has embeddings: a name does not tell which of its models make them. */
  readonly embedding: boolean;
}
