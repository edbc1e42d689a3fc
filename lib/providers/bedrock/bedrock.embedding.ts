import type { EmbeddingRequest, EmbeddingResponse } from '../../operations/embeddings/embedding.interface.js';
import type { Fields } from '../kit/fields.js';
import { textsOf, toEmbeddingResponse } from '../kit/embeddings.js';
import { checkSupported } from '../kit/params.js';
import type { EmbeddingFormat } from '../provider-adapter.interface.js';
import { modelPathOf } from './bedrock.models.js';

/** The body of a family of embedding models, and what comes back. */
interface Family {
  readonly maxInputs: number;
  body(inputs: readonly string[], request: EmbeddingRequest): Fields;
  /** @returns `undefined` when the document is not the family's */
  vectors(document: Fields): number[][] | undefined;
}

const SUPPORTED = new Set(['dimensions', 'encoding_format']);
const WITHOUT_DIMENSIONS = new Set(['encoding_format']);

/** The models before them, and Marengo's, have one length. */
function hasDimensions(model: string): boolean {
  return !/titan-embed-text-v1|titan-embed-g1|embed-english|embed-multilingual|marengo-embed/.test(model);
}

/** @see {@link https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-embed-text.html} */
const TITAN: Family = {
  maxInputs: 1,
  body: ([inputText], { dimensions }) => ({ inputText, ...(dimensions !== undefined && { dimensions }) }),
  vectors: ({ embedding }) => (isVector(embedding) ? [embedding] : undefined),
};

/** @see {@link https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-embed-mm.html} */
const TITAN_IMAGE: Family = {
  ...TITAN,
  body: ([inputText], { dimensions }) => ({
    inputText,
    ...(dimensions !== undefined && { embeddingConfig: { outputEmbeddingLength: dimensions } }),
  }),
};

/** @see {@link https://docs.aws.amazon.com/nova/latest/userguide/embeddings-schema.html} */
const NOVA: Family = {
  maxInputs: 1,
  body: ([value], { dimensions }) => ({
    taskType: 'SINGLE_EMBEDDING',
    singleEmbeddingParams: {
      embeddingPurpose: 'GENERIC_INDEX',
      ...(dimensions !== undefined && { embeddingDimension: dimensions }),
      text: { truncationMode: 'NONE', value },
    },
  }),
  vectors({ embeddings }) {
    if (!Array.isArray(embeddings)) return undefined;
    const vectors = embeddings.map((item) => (item as Fields | null)?.['embedding']);
    return vectors.every(isVector) ? vectors : undefined;
  },
};

/** @see {@link https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-embed.html} */
const COHERE: Family = {
  maxInputs: 96,
  body: (texts, { dimensions }) => ({
    texts,
    input_type: 'search_document',
    ...(dimensions !== undefined && { output_dimension: dimensions }),
  }),
  vectors({ embeddings }) {
    const vectors = Array.isArray(embeddings)
      ? embeddings
      : (embeddings as Fields | null | undefined)?.['float'];
    return Array.isArray(vectors) && vectors.every(isVector) ? vectors : undefined;
  },
};

/** @see {@link https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-marengo.html} */
const MARENGO: Family = {
  maxInputs: 1,
  body: ([inputText]) => ({ inputType: 'text', inputText }),
  vectors: ({ data }) => marengoVectors(data),
};

/** @see {@link https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-marengo-3.html} */
const MARENGO_3: Family = {
  ...MARENGO,
  body: ([inputText]) => ({ inputType: 'text', text: { inputText } }),
};

function marengoVectors(data: unknown): number[][] | undefined {
  const vectors = (Array.isArray(data) ? data : [data]).map((item) => (item as Fields | null)?.['embedding']);
  return vectors.every(isVector) ? vectors : undefined;
}

function familyOf(model: string): Family {
  if (model.includes('cohere.')) return COHERE;
  if (model.includes('marengo-embed')) return model.includes('marengo-embed-2') ? MARENGO : MARENGO_3;
  if (model.includes('nova')) return NOVA;
  return model.includes('titan-embed-image') ? TITAN_IMAGE : TITAN;
}

function isVector(value: unknown): value is number[] {
  return Array.isArray(value) && typeof value[0] === 'number';
}

/**
 * Embeddings by InvokeModel, in the form of the model's maker. `providerOptions.bedrock` takes what only that has, such
 * as Cohere's `input_type`.
 */
export function bedrockEmbeddingFormat(model: string): EmbeddingFormat {
  const family = familyOf(model);
  return {
    maxInputs: family.maxInputs,
    request(request, context) {
      checkSupported(request, hasDimensions(model) ? SUPPORTED : WITHOUT_DIMENSIONS, context);
      const own = request.providerOptions?.[context.provider];
      const body = { ...family.body(textsOf(request, context), request), ...own };
      return { path: `${modelPathOf(context)}/invoke`, body: JSON.stringify(body) };
    },
    response(body, context): EmbeddingResponse | undefined {
      const document = body as Fields | null;
      const vectors = document === null ? undefined : family.vectors(document);
      if (vectors === undefined) return undefined;
      // Cohere's answer does not say how many there were: that is in a header.
      const tokens = document!['inputTextTokenCount'] ?? document!['inputTokenCount'];
      return toEmbeddingResponse(vectors, typeof tokens === 'number' ? tokens : 0, context);
    },
  };
}
