import type { EmbeddingRequest, EmbeddingResponse } from '../../operations/embeddings/embedding.interface.js';
import { textsOf, toEmbeddingResponse } from '../kit/embeddings.js';
import { checkSupported } from '../kit/params.js';
import type { EmbeddingFormat, FormatContext, ProviderRequest } from '../provider-adapter.interface.js';
import type { ModelPath } from './gemini.format.js';
import { listOf } from './gemini.wire.js';

const SUPPORTED: ReadonlySet<string> = new Set<keyof EmbeddingRequest>(['dimensions', 'encoding_format']);

/** @see {@link https://ai.google.dev/api/embeddings#method:-models.batchembedcontents} */
const MAX_INPUTS = 100;

interface GeminiEmbedding {
  values?: number[];
}

interface GeminiEmbeddingResponse {
  embedding?: GeminiEmbedding;
  embeddings?: GeminiEmbedding[];
  usageMetadata?: { promptTokenCount?: number };
}

/**
 * Embeddings by `embedContent`, several by `batchEmbedContents`. What only Gemini has (`taskType`, `title`) goes into
 * every one of them.
 *
 * @param batch whether there is a method for several
 */
export function geminiEmbeddingFormat(modelPath: ModelPath, batch: boolean): EmbeddingFormat {
  return {
    maxInputs: batch ? MAX_INPUTS : 1,
    request(request, context): ProviderRequest {
      checkSupported(request, SUPPORTED, context);
      const texts = textsOf(request, context);
      const path = modelPath(context);
      const one = (text: string) => ({
        content: { parts: [{ text }] },
        ...(request.dimensions !== undefined && { outputDimensionality: request.dimensions }),
        ...request.providerOptions?.[context.provider],
      });
      if (texts.length === 1) return { path: `${path}:embedContent`, body: JSON.stringify(one(texts[0]!)) };
      const model = path.slice(1);
      const requests = texts.map((text) => ({ model, ...one(text) }));
      return { path: `${path}:batchEmbedContents`, body: JSON.stringify({ requests }) };
    },
    response: toEmbeddings,
  };
}

function toEmbeddings(
  body: unknown,
  context: FormatContext<EmbeddingRequest>,
): EmbeddingResponse | undefined {
  const { embedding, embeddings, usageMetadata } = body as GeminiEmbeddingResponse;
  const all = embedding === undefined ? listOf(embeddings) : [embedding];
  const vectors = all.map(({ values }) => values).filter((values) => Array.isArray(values));
  if (vectors.length === 0 || vectors.length < all.length) return undefined;
  return toEmbeddingResponse(vectors, usageMetadata?.promptTokenCount ?? 0, context);
}
