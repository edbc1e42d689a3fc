import type { LlmError } from '../../errors/llm.error.js';
import type { ResultMeta } from '../result-meta.js';
import type { ChatCompletionChunk } from './chat-completion-chunk.interface.js';
import { ChunkAssembler } from './chunk-assembler.js';
import { ChunkQueue } from './chunk-queue.js';

/** What the stream of a consumer is made of, whichever upstream it comes from. */
export class StreamTarget {
  readonly queue = new ChunkQueue();
  readonly assembler: ChunkAssembler;
  hasContent = false;
  /** Of the upstream that is being read. */
  meta!: ResultMeta;
  /** Hears the chunks as they come in, beside the consumer. */
  onChunk: ((chunk: ChatCompletionChunk) => void) | undefined;
  /** Asked when the upstream fails: whether another one takes over. */
  takeOver: ((error: LlmError) => boolean) | undefined;

  /** Characters of one event. */
  readonly maxEventSize: number;

  constructor({ eventSize, toolCalls }: { readonly eventSize: number; readonly toolCalls: number }) {
    this.assembler = new ChunkAssembler(toolCalls);
    this.maxEventSize = eventSize;
  }

  fail(error: LlmError): void {
    if (this.queue.state === 'open' && this.takeOver?.(error) === true) return;
    this.queue.fail(error);
  }
}
