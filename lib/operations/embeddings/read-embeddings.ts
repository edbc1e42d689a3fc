import { answerNumber, answerObject, wrongAnswer } from '../answer-checks.js';
import type { EmbeddingResponse } from './embedding.interface.js';

/**
 * Checks what an adapter made of a document: no field goes to the caller with another type than it is declared with.
 *
 * @throws {APIResponseValidationError} naming the field
 */
export function readEmbeddings(response: EmbeddingResponse | undefined): EmbeddingResponse | undefined {
  if (response === undefined) return undefined;
  const { data, usage } = response;
  for (let at = 0; at < data.length; at++) {
    const { index, embedding } = answerObject(data[at], `data[${at}]`);
    answerNumber(index, `data[${at}].index`);
    if (typeof embedding !== 'string' && !isVector(embedding))
      throw wrongAnswer(`data[${at}].embedding is no list of numbers`);
  }
  const { prompt_tokens: prompt, total_tokens: total } = answerObject(usage, 'usage');
  answerNumber(prompt, 'usage.prompt_tokens');
  answerNumber(total, 'usage.total_tokens');
  return response;
}

function isVector(value: unknown): boolean {
  if (!Array.isArray(value)) return false;
  for (let at = 0; at < value.length; at++) if (typeof value[at] !== 'number') return false;
  return true;
}
