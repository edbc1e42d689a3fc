import { attachPartial, type LlmError } from '../../errors/llm.error.js';
import type { ChatCompletionChunk } from './chat-completion-chunk.interface.js';
import type { CompletionUsage, PartialChatCompletion } from './chat-completion.interface.js';
import { ChunkAssembler } from './chunk-assembler.js';
import { ChunkQueue } from './chunk-queue.js';
import type { StreamMeta } from './stream-meta.js';

/** Bounds of a stream: characters of an event, tool calls of a choice, bytes of a document in its place. */
export interface StreamLimits {
  readonly eventSize: number;
  readonly toolCalls: number;
  readonly responseSize: number;
}

/** What the stream of a consumer is made of, whichever upstream it comes from. */
export class StreamTarget {
  readonly queue = new ChunkQueue();
  assembler: ChunkAssembler;
  hasContent = false;
  /** Of the upstream that is being read. */
  meta!: StreamMeta;
  /** What the provider has counted so far, which not every stream says in its chunks. */
  counter: { readonly usage?: CompletionUsage | undefined } | undefined;
  /** Hears the chunks as they come in, beside the consumer. */
  onChunk: ((chunk: ChatCompletionChunk) => void) | undefined;
  /** Asked when the upstream fails: whether another one takes over. */
  takeOver: ((error: LlmError) => boolean) | undefined;

  constructor(readonly limits: StreamLimits) {
    this.assembler = new ChunkAssembler(limits.toolCalls, limits.responseSize);
  }

  get usage(): CompletionUsage | undefined {
    return this.assembler.counted.usage ?? this.counter?.usage;
  }

  /** What has arrived. */
  answer(): PartialChatCompletion {
    const { usage } = this;
    return { ...this.assembler.completion(), ...(usage !== undefined && { usage }) };
  }

  /** Another upstream takes the place of one that had said nothing. */
  restart(): void {
    if (!this.hasContent)
      this.assembler = new ChunkAssembler(this.limits.toolCalls, this.limits.responseSize);
  }

  /** The upstream has failed. */
  fail(error: LlmError): void {
    if (this.queue.state === 'open' && this.takeOver?.(error) === true) return;
    this.failFinally(error);
  }

  /** The upstream has failed, and none is left to take over. */
  failFinally(error: LlmError): void {
    attachPartial(error, this.answer());
    this.queue.fail(error);
  }

  /** The consumer, or its signal, has ended the call. */
  abort(error: LlmError): void {
    attachPartial(error, this.answer());
    this.queue.abort(error);
  }
}
