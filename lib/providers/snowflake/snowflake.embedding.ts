import { textsOf, toEmbeddingResponse } from '../kit/embeddings.js';
import { checkSupported } from '../kit/params.js';
import type { EmbeddingFormat } from '../provider-adapter.interface.js';

const SUPPORTED = new Set(['encoding_format']);

interface EmbedAnswer {
  data?: { index?: number; embedding?: number[] | number[][] }[];
  usage?: { total_tokens?: number };
}

/** @see {@link https://docs.snowflake.com/en/user-guide/snowflake-cortex/cortex-rest-api/embed-api} */
export const SNOWFLAKE_EMBEDDING: EmbeddingFormat = {
  request(request, context) {
    checkSupported(request, SUPPORTED, context);
    const own = request.providerOptions?.[context.provider];
    const body = { model: context.model, text: textsOf(request, context), ...own };
    return { path: '/cortex/inference:embed', body: JSON.stringify(body) };
  },
  response(body, context) {
    const { data, usage } = (body ?? {}) as EmbedAnswer;
    if (!Array.isArray(data)) return undefined;
    // A vector stands in a list of its own.
    const vectors = data.map(({ embedding }) => (Array.isArray(embedding?.[0]) ? embedding[0] : embedding));
    if (!vectors.every((vector) => typeof vector?.[0] === 'number')) return undefined;
    return toEmbeddingResponse(vectors as number[][], usage?.total_tokens ?? 0, context);
  },
};
