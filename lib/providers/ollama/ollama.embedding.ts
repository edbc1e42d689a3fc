import { textsOf, toEmbeddingResponse } from '../kit/embeddings.js';
import { checkSupported } from '../kit/params.js';
import type { EmbeddingFormat } from '../provider-adapter.interface.js';

const SUPPORTED = new Set(['dimensions', 'encoding_format']);

/** @see {@link https://docs.ollama.com/api/embed} */
export const OLLAMA_EMBEDDING: EmbeddingFormat = {
  request(request, context) {
    checkSupported(request, SUPPORTED, context);
    const { dimensions } = request;
    const body = {
      model: context.model,
      input: textsOf(request, context),
      ...(dimensions !== undefined && { dimensions }),
      ...request.providerOptions?.[context.provider],
    };
    return { path: '/api/embed', body: JSON.stringify(body) };
  },
  response(body, context) {
    const { embeddings, embedding, prompt_eval_count: tokens } = (body ?? {}) as Record<string, unknown>;
    // The single one is what a proxy in front of an older version answers.
    const vectors = Array.isArray(embedding) ? [embedding as unknown] : embeddings;
    if (!isVectors(vectors)) return undefined;
    return toEmbeddingResponse(vectors, typeof tokens === 'number' ? tokens : 0, context);
  },
};

function isVectors(value: unknown): value is number[][] {
  return Array.isArray(value) && value.every((one) => Array.isArray(one) && typeof one[0] === 'number');
}
