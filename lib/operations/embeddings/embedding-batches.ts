import type { EmbeddingRequest, EmbeddingResponse } from './embedding.interface.js';
import { plainMeta, withMeta, type ResultMeta, type WithMeta } from '../result-meta.js';

/** The embeddings of some of the inputs. */
export interface BatchResult {
  readonly response: EmbeddingResponse;
  readonly meta: ResultMeta;
}

/** Splits a request into ones that have no more inputs than the provider takes. */
export function splitInputs(request: EmbeddingRequest, maxInputs = Infinity): EmbeddingRequest[] {
  const { input } = request;
  // A list of numbers is one input: its tokens.
  if (!Array.isArray(input) || typeof input[0] === 'number' || input.length <= maxInputs) return [request];
  const batches: EmbeddingRequest[] = [];
  for (let start = 0; start < input.length; start += maxInputs) {
    batches.push({ ...request, input: input.slice(start, start + maxInputs) });
  }
  return batches;
}

/** Joins the results of the batches in the order of the input. The metadata is the last batch's, with all attempts. */
export function joinEmbeddings(results: readonly BatchResult[]): WithMeta<EmbeddingResponse> {
  const last = results.at(-1)!;
  if (results.length === 1) return withMeta(last.response, last.meta);
  const data: EmbeddingResponse['data'] = [];
  const usage = { prompt_tokens: 0, total_tokens: 0 };
  for (const { response } of results) {
    // Some providers answer out of order; the index says where each one belongs.
    for (const { object, embedding } of response.data.toSorted((a, b) => a.index - b.index)) {
      data.push({ object, index: data.length, embedding });
    }
    usage.prompt_tokens += response.usage?.prompt_tokens ?? 0;
    usage.total_tokens += response.usage?.total_tokens ?? 0;
  }
  const attempts = results.flatMap(({ meta }) => meta.attempts);
  const meta = { ...plainMeta(last.meta), attempts, usage: { ...usage, completion_tokens: 0 } };
  return withMeta({ ...last.response, data, usage }, meta);
}
