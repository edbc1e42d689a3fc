import type { ChunkSource } from '../../operations/chat/chunk-queue.js';
import type { ChatRequest } from '../../operations/chat/chat-request.interface.js';
import { LlmError } from '../../errors/llm.error.js';
import type { CompletionOptions } from '../../calls/call-options.interface.js';
import type { FallbackPlan } from './fallbacks.js';
import { linkedAbort } from '../../calls/linked-abort.js';
import type { StreamTarget } from '../../operations/chat/stream-reader.js';

type Request = Omit<ChatRequest, 'model'> & { model?: string };

/** Opens a stream that writes to a target. */
export type OpenStream = (
  request: Request,
  options: CompletionOptions,
  target: StreamTarget,
) => Promise<void>;

/** Has other models take over a stream that breaks: before its first content, or, where asked for, after it. */
export class StreamFallback implements ChunkSource {
  private cancelOpening: ((reason: unknown) => void) | undefined;

  constructor(
    private readonly target: StreamTarget,
    private readonly plan: FallbackPlan,
    private readonly options: CompletionOptions,
    private readonly open: OpenStream,
  ) {}

  /** @returns whether another model takes over, so that the consumer is told nothing */
  takeOver(error: LlmError): boolean {
    const { target, plan } = this;
    const request = target.hasContent ? plan.resume(error, target.assembler.completion()) : plan.next(error);
    if (request === undefined) return false;
    const abort = linkedAbort(this.options.signal);
    this.cancelOpening = (reason) => abort.abort(reason);
    target.queue.attach(this);
    this.open(request, { ...this.options, signal: abort.signal }, target).catch((failure: unknown) => {
      abort.unlink();
      if (failure instanceof LlmError && this.takeOver(failure)) return;
      target.queue.fail(
        failure instanceof LlmError ? failure : new LlmError('the fallback failed', { cause: failure }),
      );
    });
    void target.queue.settled().then(() => abort.unlink());
    return true;
  }

  pause(): void {
    // Nothing flows until the next stream is open; it is paused then.
  }

  resume(): void {
    // See pause().
  }

  cancel(reason: unknown): void {
    this.cancelOpening?.(reason);
  }
}
