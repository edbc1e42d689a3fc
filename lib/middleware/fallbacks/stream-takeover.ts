import type { LlmCall } from '../../calls/llm-call.js';
import { LlmError } from '../../errors/llm.error.js';
import type { ChunkSource } from '../../operations/chat/chunk-queue.js';
import { linkedAbort } from '../../signals/linked-abort.js';
import { goOn, type FallbackPlan } from './fallback-plan.js';

/** Has other models take over a stream that breaks: before its first content, or, where asked for, after it. */
export class StreamTakeover implements ChunkSource {
  private cancelOpening: ((reason: unknown) => void) | undefined;

  /** @param open carries the call out, into the stream that it has */
  constructor(
    private readonly call: LlmCall,
    private readonly plan: FallbackPlan,
    private readonly open: () => Promise<unknown>,
  ) {}

  /** @returns whether another model takes over, so that the consumer is told nothing */
  takeOver(error: LlmError): boolean {
    const { call, plan } = this;
    const target = call.stream!;
    const request = target.hasContent ? plan.resume(error, target.assembler.completion()) : plan.next(error);
    if (request === undefined) return false;
    goOn(call, { ...request, stream: true }, plan);
    const { queue } = target;
    const abort = linkedAbort(call.options.signal);
    call.signal = abort.signal;
    this.cancelOpening = (reason) => abort.abort(reason);
    queue.attach(this);
    this.open().catch((failure: unknown) => {
      abort.unlink();
      // The consumer has left while the next model was asked: nobody is there to go on for.
      if (queue.state !== 'open') return;
      if (failure instanceof LlmError && this.takeOver(failure)) return;
      target.failFinally(
        failure instanceof LlmError ? failure : new LlmError('the fallback failed', { cause: failure }),
      );
    });
    void queue.settled().then(() => abort.unlink());
    return true;
  }

  pause(): void {
    // Nothing flows until the next stream is open; it is paused then.
  }

  resume(): void {
    // See pause().
  }

  consumed(): void {
    // See pause().
  }

  cancel(reason: unknown): void {
    this.cancelOpening?.(reason);
  }
}
