import type { EmbeddingRequest, EmbeddingResponse } from '../../operations/embeddings/embedding.interface.js';
import { BadRequestError } from '../../errors/errors.js';
import type { FormatContext } from '../provider-adapter.interface.js';

/**
 * The texts of a request, for providers that take no tokens.
 *
 * @throws {BadRequestError} when the input is tokens
 */
export function textsOf({ input }: EmbeddingRequest, { provider, model }: FormatContext): string[] {
  const texts: unknown[] = Array.isArray(input) ? input : [input];
  if (texts.every((text) => typeof text === 'string')) return texts;
  throw new BadRequestError(`${provider} embeds texts: input has to be a string or a list of strings`, {
    provider,
    model: `${provider}/${model}`,
    param: 'input',
  });
}

/**
 * OpenAI's answer of the vectors, in the encoding that the request asks for.
 *
 * @param tokens of all the inputs
 */
export function toEmbeddingResponse(
  vectors: readonly number[][],
  tokens: number,
  { request, model }: FormatContext<EmbeddingRequest>,
): EmbeddingResponse {
  const encode = request.encoding_format === 'base64' ? toBase64 : (vector: number[]) => vector;
  return {
    object: 'list',
    model,
    data: vectors.map((vector, index) => ({
      object: 'embedding',
      index,
      // The type of `embedding()` says which of the two it is.
      embedding: encode(vector) as number[],
    })),
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  };
}

/** Little-endian 32-bit floats, as OpenAI encodes them. */
export function toBase64(vector: readonly number[]): string {
  const bytes = Buffer.alloc(vector.length * 4);
  for (const [index, value] of vector.entries()) bytes.writeFloatLE(value, index * 4);
  return bytes.toString('base64');
}

/** Reads what {@link toBase64} writes. */
export function fromBase64(text: string): number[] {
  const bytes = Buffer.from(text, 'base64');
  return Array.from({ length: Math.floor(bytes.length / 4) }, (_, index) => bytes.readFloatLE(index * 4));
}

/** Signed 8-bit integers, as numbers between -1 and 1. */
export function fromBase64Int8(text: string): number[] {
  return Array.from(new Int8Array(Buffer.from(text, 'base64')), (value) => value / 127);
}
