import { CallMeta } from '../call-meta.js';
import type { FormatContext } from '../format-context.interface.js';
import type { Operation, OperationCall, OperationDeployment } from '../operation.interface.js';
import { inAdapter, translateRequest } from '../in-adapter.js';
import { linkedAbort } from '../../signals/linked-abort.js';
import { lacksOperation, readDocument, requestDocument } from '../read-document.js';
import type { WithMeta } from '../result-meta.js';
import type { EmbeddingFormat } from './embedding-format.interface.js';
import { checkEmbeddingParams, checkEmbeddingRequest, checkInputCount } from './check-request.js';
import { readEmbeddings } from './read-embeddings.js';
import { joinEmbeddings, splitInputs, type BatchResult } from './embedding-batches.js';
import type { EmbeddingRequest, EmbeddingResponse } from './embedding.interface.js';

/** A call for embeddings. */
interface EmbeddingCall extends OperationCall<EmbeddingRequest> {
  readonly deployment: OperationDeployment & {
    readonly operations: {
      readonly embeddings?: (model: string, request: EmbeddingRequest) => EmbeddingFormat;
    };
  };
}

/** Requests of one call at the same time: what a provider's limits and a shared session bear. */
const MAX_PARALLEL_CALLS = 4;

/** Embeddings of one input or many, which are split into as many requests as the provider wants. */
export const embeddings: Operation<EmbeddingCall, WithMeta<EmbeddingResponse | EmbeddingResponse<string>>> = {
  name: 'embedding',
  async run(call) {
    const { request } = call;
    checkEmbeddingRequest(request);
    const { deployment, provider, model } = call;
    checkInputCount(request, deployment.limits.embeddingInputs);
    const format = inAdapter(call, () => deployment.operations.embeddings?.(model, request));
    if (format === undefined) throw lacksOperation(provider, 'embeddings');
    const batches = splitInputs(request, format.maxInputs);
    if (batches.length === 1) return joinEmbeddings([await embed(call, format, call, call.signal)]);
    return joinEmbeddings(await inParallel(call, format, batches));
  },
};

async function embed(
  call: EmbeddingCall,
  format: EmbeddingFormat,
  context: FormatContext<EmbeddingRequest>,
  signal: AbortSignal | undefined,
): Promise<BatchResult> {
  const translated = translateRequest(format, context, checkEmbeddingParams);
  const { reply, result: response } = await requestDocument(
    call,
    translated,
    (answer) => readDocument(answer, call, (body) => readEmbeddings(format.response(body, context))),
    signal,
  );
  return { response, meta: new CallMeta(call, reply, { usage: response.usage }) };
}

/** Has some batches under way at once; the first one that fails ends the others. */
async function inParallel(
  call: EmbeddingCall,
  format: EmbeddingFormat,
  batches: readonly EmbeddingRequest[],
): Promise<BatchResult[]> {
  const results: BatchResult[] = [];
  const abort = linkedAbort(call.signal);
  const { signal } = abort;
  const { provider, model, providerOptions, headers, dropParams } = call;
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < batches.length && !signal.aborted) {
      const place = next++;
      const request = batches[place]!;
      // What is left out is the same in each batch, and told once.
      const droppedParams = place === 0 ? call.droppedParams : [];
      const context = { request, provider, model, providerOptions, headers, dropParams, droppedParams };
      results[place] = await embed(call, format, context, signal);
    }
  };
  const workers = Math.min(call.options.maxParallelCalls ?? MAX_PARALLEL_CALLS, batches.length);
  try {
    await Promise.all(Array.from({ length: workers }, work));
  } finally {
    abort.unlink();
    abort.abort();
  }
  return results;
}
