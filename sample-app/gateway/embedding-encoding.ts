import type { EmbeddingResponse } from '../../lib/index.js';

/**
 * Encodes the vectors as base64 where the provider did not. OpenAI's clients ask for base64 unless told otherwise and
 * decode whatever comes, but many compatible servers ignore `encoding_format` and send numbers.
 */
export function toBase64Embeddings(
  response: EmbeddingResponse<string | number[]>,
): EmbeddingResponse<string> {
  return {
    ...response,
    data: response.data.map((entry) => ({ ...entry, embedding: toBase64(entry.embedding) })),
  };
}

/** OpenAI's encoding: 32-bit floats, little-endian. */
function toBase64(vector: string | number[]): string {
  if (typeof vector === 'string') return vector;
  const bytes = Buffer.alloc(vector.length * 4);
  vector.forEach((value, index) => bytes.writeFloatLE(value, index * 4));
  return bytes.toString('base64');
}
