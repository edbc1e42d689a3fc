import { textsOf, toEmbeddingResponse } from '../kit/embeddings.js';
import { modelSegments } from '../kit/model-path.js';
import { checkSupported } from '../kit/params.js';
import type { EmbeddingFormat } from '../provider-adapter.interface.js';

const SUPPORTED = new Set(['dimensions', 'encoding_format']);

/** What a batch of Text Embeddings Inference may have, unless its operator allows more. */
const MAX_INPUTS = 32;

/**
 * Feature extraction, which counts no tokens.
 *
 * @see {@link https://huggingface.co/docs/inference-providers/tasks/feature-extraction}
 */
export const HUGGINGFACE_EMBEDDING: EmbeddingFormat = {
  maxInputs: MAX_INPUTS,
  request(request, context) {
    checkSupported(request, SUPPORTED, context);
    const { dimensions } = request;
    const body = {
      inputs: textsOf(request, context),
      ...(dimensions !== undefined && { dimensions }),
      ...request.providerOptions?.[context.provider],
    };
    const name = modelSegments(context.model.replace(/^hf-inference\//, ''), context).join('/');
    return {
      path: `/hf-inference/models/${name}/pipeline/feature-extraction`,
      body: JSON.stringify(body),
    };
  },
  response(body, context) {
    if (!Array.isArray(body)) return undefined;
    // A model that is no sentence transformer answers with a vector a token: that is no embedding of the text.
    if (!body.every((vector) => Array.isArray(vector) && typeof vector[0] === 'number')) return undefined;
    return toEmbeddingResponse(body as number[][], 0, context);
  },
};
