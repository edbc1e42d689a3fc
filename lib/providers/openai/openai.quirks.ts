import type { CompletionCapabilities, FormatContext } from '../provider-adapter.interface.js';

/** How a provider's wire format differs from OpenAI's own. */
export interface OpenAIQuirks {
  /** What the provider calls the models of chats, by the name behind the prefix. */
  readonly modelName?: ((model: string) => string) | undefined;
  /** Request fields that the provider takes under another name. */
  readonly rename?: Readonly<Record<string, string>> | undefined;
  /** Request fields that the provider refuses. */
  readonly unsupported?: readonly string[] | undefined;
  /** Refuses or renames fields of a request's body that only some models refuse. */
  readonly limit?: ((body: Record<string, unknown>, context: FormatContext) => void) | undefined;
  /** What the provider takes of the fields that this package adds to OpenAI's messages; the others are left out. */
  readonly messageFields: readonly string[];
  /** Models may put their reasoning into the answer, as `<think>...</think>` at its begin. */
  readonly thinkTags?: boolean | undefined;
  /**
   * Content may be a list of typed parts. Those that OpenAI's shape has no field for stand under this prefix in the
   * message's `provider_specific_fields`.
   */
  readonly contentParts?: string | undefined;
  /** `completion_tokens` does not include the tokens of reasoning. */
  readonly reasoningTokensApart?: boolean | undefined;
  /** Streams take `stream_options.include_usage`: all of them, or those that the provider's options lead to. */
  readonly streamUsage?: boolean | ((options: FormatContext['providerOptions']) => boolean) | undefined;
  /** Streams may end without `[DONE]` once every choice has its finish reason. */
  readonly endsWithFinishReason: boolean;
  readonly capabilities: CompletionCapabilities;
  readonly embedding?: EmbeddingQuirks | undefined;
}

/** How a provider's embeddings differ from OpenAI's own. */
export interface EmbeddingQuirks {
  /** Inputs that one request may have. Default OpenAI's 2,048. */
  readonly maxInputs?: number;
  /** Tokens as input are refused. */
  readonly textsOnly?: true;
  /** Request fields that the provider refuses with this value, which is what it does without them. */
  readonly omit?: Readonly<Record<string, unknown>>;
  /**
   * The provider sends bytes only: vectors of signed 8-bit integers in base64, which it has by this name. They are
   * given out as numbers between -1 and 1, as LiteLLM has them.
   */
  readonly encoding?: 'base64_int8';
}
