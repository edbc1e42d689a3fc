/**
 * OpenAI's embeddings request whose model is `provider/model`.
 *
 * @see {@link https://platform.openai.com/docs/api-reference/embeddings/create}
 * @publicApi
 */
export interface EmbeddingRequest {
  model: string;
  input: string | string[] | number[] | number[][];
  dimensions?: number | undefined;
  encoding_format?: 'float' | 'base64' | undefined;
  user?: string | undefined;
  /** Fields that only one provider has, by its prefix, such as a task type. Those of other providers are ignored. */
  providerOptions?: { [provider: string]: { [field: string]: unknown } } | undefined;
}

/**
 * OpenAI's embeddings response. With `encoding_format: 'base64'` each `embedding` is a string of little-endian
 * 32-bit floats.
 *
 * @publicApi
 */
export interface EmbeddingResponse<Vector = number[]> {
  object: 'list';
  model: string;
  data: { object: 'embedding'; index: number; embedding: Vector }[];
  usage: { prompt_tokens: number; total_tokens: number };
}
