import type { EmbeddingResponse } from '../../operations/embeddings/embedding.interface.js';
import { fromBase64, fromBase64Int8, textsOf, toBase64 } from '../kit/embeddings.js';
import type { EmbeddingFormat } from '../provider-adapter.interface.js';
import type { OpenAIQuirks } from './openai.quirks.js';
import { openAIBody } from './openai.request.js';

/** @see {@link https://platform.openai.com/docs/api-reference/embeddings/create} */
const MAX_INPUTS = 2048;

/** OpenAI's embeddings. */
export function openAIEmbeddingFormat(quirks: OpenAIQuirks): EmbeddingFormat {
  const { maxInputs = MAX_INPUTS, textsOnly, omit = {}, encoding } = quirks.embedding ?? {};
  const toBody = openAIBody({ ...quirks, modelName: undefined });
  return {
    maxInputs,
    request(request, context) {
      if (textsOnly === true) textsOf(request, context);
      const fields: Record<string, unknown> = { ...request };
      for (const [name, value] of Object.entries(omit)) if (fields[name] === value) delete fields[name];
      if (encoding !== undefined) fields['encoding_format'] = encoding;
      return { path: '/embeddings', body: toBody(fields, context) };
    },
    response(body, { request, model, provider }) {
      const { data, usage, ...rest } = (body ?? {}) as Partial<EmbeddingResponse<number[] | string>>;
      if (!Array.isArray(data)) return undefined;
      const asText = request.encoding_format === 'base64';
      const isForeign =
        encoding !== undefined && request.providerOptions?.[provider]?.['encoding_format'] === undefined;
      // Some servers count the total alone, some nothing.
      const total = usage?.total_tokens ?? usage?.prompt_tokens ?? 0;
      return {
        model,
        ...rest,
        object: 'list',
        data: data.map((item, index) => ({
          ...item,
          object: 'embedding',
          index: item.index ?? index,
          // The type of `embedding()` says which of the two it is.
          embedding: encoded(isForeign ? fromInt8(item.embedding) : item.embedding, asText) as number[],
        })),
        usage: { ...usage, prompt_tokens: usage?.prompt_tokens ?? total, total_tokens: total },
      };
    },
  };
}

/** A vector in the encoding that was asked for: some servers have one only. */
function encoded(vector: number[] | string, asText: boolean): number[] | string {
  if (typeof vector === 'string') return asText ? vector : fromBase64(vector);
  return asText && Array.isArray(vector) ? toBase64(vector) : vector;
}

function fromInt8(vector: number[] | string): number[] | string {
  return typeof vector === 'string' ? fromBase64Int8(vector) : vector;
}
