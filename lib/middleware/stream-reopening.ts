import type { LlmCall } from '../calls/llm-call.js';
import { LlmError } from '../errors/llm.error.js';
import type { ChunkSource } from '../operations/chat/chunk-queue.js';
import { linkedAbort, type LinkedAbort } from '../signals/linked-abort.js';

/**
 * Has another upstream take the place of one that broke, unseen by the stream's consumer, who ends the opening of it by
 * leaving.
 *
 * @param open carries the call out, into the stream that it has
 * @param takeOver asked when that fails: whether yet another one takes over
 */
export function reopenStream(
  call: LlmCall,
  open: () => Promise<unknown>,
  takeOver: (error: LlmError) => boolean,
): void {
  const target = call.stream!;
  const { queue } = target;
  const abort = linkedAbort(call.options.signal);
  call.signal = abort.signal;
  queue.attach(new Opening(abort));
  open().catch((failure: unknown) => {
    abort.unlink();
    // The consumer has left while the next one was asked: nobody is there to go on for.
    if (queue.state !== 'open') return;
    if (failure instanceof LlmError && takeOver(failure)) return;
    target.failFinally(
      failure instanceof LlmError
        ? failure
        : new LlmError('another upstream could not take over', { cause: failure }),
    );
  });
  void queue.settled().then(() => abort.unlink());
}

/** Stands for an upstream that is being asked: nothing flows until it is open. */
class Opening implements ChunkSource {
  constructor(private readonly abort: LinkedAbort) {}

  pause(): void {
    // The next stream is paused when it is there.
  }

  resume(): void {
    // See pause().
  }

  consumed(): void {
    // See pause().
  }

  cancel(reason: unknown): void {
    this.abort.abort(reason);
  }
}
