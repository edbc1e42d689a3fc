import { APIUserAbortError } from '../errors/errors.js';
import { LlmError } from '../errors/llm.error.js';
import type { ChatCompletion, PartialChatCompletion } from '../operations/chat/chat-completion.interface.js';
import type { StreamTarget } from '../operations/chat/stream-target.js';
import type { EmbeddingResponse } from '../operations/embeddings/embedding.interface.js';
import type { ModelList } from '../operations/models/models.interface.js';
import type { ResultMeta, WithMeta } from '../operations/result-meta.js';

/** What a call answers with when it is whole. */
export type LlmDocument = ChatCompletion | EmbeddingResponse | EmbeddingResponse<string> | ModelList;

/**
 * How a call ended.
 *
 * @publicApi
 */
export interface LlmOutcome {
  /**
   * `whole`: with all of its answer. `broken`: with an error. `aborted`: by the caller's signal or `abort()`. `left`: the
   * consumer of a stream went before its end.
   */
  readonly end: 'whole' | 'broken' | 'aborted' | 'left';
  /** The answer; of a stream what had arrived of it. `undefined` when there was none. */
  readonly result: LlmDocument | PartialChatCompletion | undefined;
  readonly usage: ChatCompletion['usage'] | EmbeddingResponse['usage'] | undefined;
  readonly error: LlmError | undefined;
  /** `undefined` when no provider answered. */
  readonly meta: ResultMeta | undefined;
  /** From the start of the call to its end, in milliseconds. */
  readonly durationMs: number;
}

type Started = { readonly startedAt: number };

/** Of a call that has failed, or has its whole answer. */
export function outcomeOf(
  { startedAt }: Started,
  result: WithMeta<LlmDocument> | undefined,
  error: unknown,
): LlmOutcome {
  const failure = error === undefined ? undefined : toLlmError(error);
  return {
    end: failure === undefined ? 'whole' : endOf(failure),
    result,
    usage: result === undefined || !('usage' in result) ? undefined : result.usage,
    error: failure,
    meta: result?.meta,
    durationMs: performance.now() - startedAt,
  };
}

/** Of a stream whose upstream is done. */
export function streamOutcomeOf(
  { startedAt }: Started,
  { queue, assembler, meta }: StreamTarget,
): LlmOutcome {
  const { failure, state } = queue;
  const result = assembler.completion();
  return {
    end: failure !== undefined ? endOf(failure) : state === 'cancelled' ? 'left' : 'whole',
    result,
    usage: result.usage,
    error: failure,
    meta,
    durationMs: performance.now() - startedAt,
  };
}

function endOf(error: LlmError): LlmOutcome['end'] {
  return error instanceof APIUserAbortError ? 'aborted' : 'broken';
}

function toLlmError(error: unknown): LlmError {
  return error instanceof LlmError ? error : new LlmError('the call failed', { cause: error });
}
