import type { Fields } from '../kit/fields.js';
import { textsOf, toEmbeddingResponse } from '../kit/embeddings.js';
import { checkSupported } from '../kit/params.js';
import type { EmbeddingFormat } from '../provider-adapter.interface.js';

const SUPPORTED = new Set(['dimensions', 'encoding_format']);

/** What the text is for decides on its vector: without a word of the caller's, it is to be found. */
const DEFAULT_INPUT_TYPE = 'search_document';

/** @see {@link https://docs.cohere.com/reference/embed} */
export const COHERE_EMBEDDING: EmbeddingFormat = {
  maxInputs: 96,
  request(request, context) {
    checkSupported(request, SUPPORTED, context);
    const { dimensions } = request;
    const body = {
      model: context.model,
      texts: textsOf(request, context),
      input_type: DEFAULT_INPUT_TYPE,
      embedding_types: ['float'],
      ...(dimensions !== undefined && { output_dimension: dimensions }),
      ...request.providerOptions?.[context.provider],
    };
    return { path: '/embed', body: JSON.stringify(body) };
  },
  response(body, context) {
    const { embeddings, meta } = (body ?? {}) as { embeddings?: Fields; meta?: Fields };
    if (typeof embeddings !== 'object' || embeddings === null) return undefined;
    // The caller may have asked for another type than `float`.
    const vectors = Object.values(embeddings).find(isVectors);
    if (vectors === undefined) return undefined;
    const { input_tokens: tokens } = (meta?.['billed_units'] ?? {}) as { input_tokens?: number };
    return toEmbeddingResponse(vectors, tokens ?? 0, context);
  },
};

function isVectors(value: unknown): value is number[][] {
  return Array.isArray(value) && value.every((one) => Array.isArray(one) && typeof one[0] === 'number');
}
