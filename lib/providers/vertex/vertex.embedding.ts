import type { EmbeddingRequest, EmbeddingResponse } from '../../operations/embeddings/embedding.interface.js';
import { textsOf, toEmbeddingResponse } from '../kit/embeddings.js';
import { geminiEmbeddingFormat } from '../gemini/gemini.embedding.js';
import type { ModelPath } from '../gemini/gemini.format.js';
import { listOf } from '../gemini/gemini.wire.js';
import { checkSupported } from '../kit/params.js';
import type { EmbeddingFormat, FormatContext } from '../provider-adapter.interface.js';

const SUPPORTED: ReadonlySet<string> = new Set<keyof EmbeddingRequest>(['dimensions', 'encoding_format']);

/**
 * Texts that one request may have.
 *
 * @see {@link https://cloud.google.com/vertex-ai/generative-ai/docs/embeddings/get-text-embeddings}
 */
const MAX_INPUTS = 250;

/** Fields of `providerOptions` that belong to each text, by the name that the API has for them. */
const INSTANCE_FIELDS: Readonly<Record<string, string>> = {
  taskType: 'task_type',
  task_type: 'task_type',
  title: 'title',
};

/** Fields that belong to the whole request. */
const PARAMETERS = new Set(['autoTruncate', 'outputDimensionality']);

interface Prediction {
  embeddings?: { values?: number[]; statistics?: { token_count?: number } };
}

/** The format of a model: Gemini's second generation of embeddings has no `:predict`, its first takes one text. */
export function vertexEmbeddingFormat(modelPath: ModelPath): (model: string) => EmbeddingFormat {
  const predict = predictFormat(modelPath, MAX_INPUTS);
  const predictOne = predictFormat(modelPath, 1);
  const embedContent = geminiEmbeddingFormat(modelPath, false);
  return (model) => {
    if (!model.includes('gemini')) return predict;
    return model.includes('gemini-embedding-001') ? predictOne : embedContent;
  };
}

function predictFormat(modelPath: ModelPath, maxInputs: number): EmbeddingFormat {
  return {
    maxInputs,
    request(request, context) {
      checkSupported(request, SUPPORTED, context);
      const instance: Record<string, unknown> = {};
      const parameters: Record<string, unknown> = {};
      const body: Record<string, unknown> = {};
      if (request.dimensions !== undefined) parameters['outputDimensionality'] = request.dimensions;
      for (const [name, value] of Object.entries(request.providerOptions?.[context.provider] ?? {})) {
        const field = INSTANCE_FIELDS[name];
        if (field !== undefined) instance[field] = value;
        else if (PARAMETERS.has(name)) parameters[name] = value;
        else body[name] = value;
      }
      const instances = textsOf(request, context).map((content) => ({ content, ...instance }));
      return {
        path: `${modelPath(context)}:predict`,
        body: JSON.stringify({
          instances,
          ...(Object.keys(parameters).length > 0 && { parameters }),
          ...body,
        }),
      };
    },
    response: toEmbeddings,
  };
}

function toEmbeddings(
  body: unknown,
  context: FormatContext<EmbeddingRequest>,
): EmbeddingResponse | undefined {
  const predictions = listOf((body as { predictions?: Prediction[] }).predictions);
  const vectors = predictions
    .map(({ embeddings }) => embeddings?.values)
    .filter((values) => Array.isArray(values));
  if (vectors.length === 0 || vectors.length < predictions.length) return undefined;
  const tokens = predictions.reduce(
    (sum, { embeddings }) => sum + (embeddings?.statistics?.token_count ?? 0),
    0,
  );
  return toEmbeddingResponse(vectors, tokens, context);
}
