import { Logger } from '@nestjs/common';
import type { ChatCompletionChunk } from '../operations/chat/chat-completion-chunk.interface.js';
import { ChatStream } from '../operations/chat/chat-stream.js';
import type { StreamTarget } from '../operations/chat/stream-target.js';
import type { WithMeta } from '../operations/result-meta.js';
import { outcomeOf, streamOutcomeOf, type LlmDocument, type LlmOutcome } from './outcome.js';

/** Those whose fault was logged: one that fails at each chunk would fill the log. */
const logged = new WeakSet<object>();

/** Logs, once for each `culprit`, a fault in what wraps or hears calls and must not harm them. */
export function logFault(culprit: object, what: string, fault: unknown): void {
  if (logged.has(culprit)) return;
  logged.add(culprit);
  const stack = fault instanceof Error ? fault.stack : String(fault);
  new Logger('LlmModule').error(`${what} failed, which changes nothing for its call`, stack);
}

/**
 * Hears what a call brings, without being its consumer. One that throws is logged once and passed over.
 *
 * @publicApi
 */
export interface LlmTap {
  /** A piece of a stream, as it comes in. It is the consumer's too: nothing in it may be changed. */
  chunk?(chunk: ChatCompletionChunk): void;
  /** The call has ended, a stream with its body; exactly once for every call. */
  end?(outcome: LlmOutcome): void;
}

/** What taps write down on a call. */
interface Ending {
  readonly startedAt: number;
  outcome: LlmOutcome | undefined;
}

/** Those who hear one call. */
export class CallTaps {
  private readonly taps: LlmTap[] = [];
  private stream: StreamTarget | undefined;

  add(tap: LlmTap): void {
    this.taps.push(tap);
  }

  /** Has the taps hear the chunks of a stream, also those that wait for its consumer already. */
  listen(stream: StreamTarget): void {
    if (this.stream === stream) return;
    this.stream = stream;
    for (const chunk of stream.queue.waiting) this.onChunk(chunk);
    stream.onChunk = (chunk) => this.onChunk(chunk);
  }

  end(
    call: Ending,
    result: unknown,
    error: unknown,
    onEnd: ((outcome: LlmOutcome) => void) | undefined,
  ): void {
    const finish = (outcome: LlmOutcome): void => {
      call.outcome = outcome;
      for (const tap of this.taps) guarded(tap, () => tap.end?.(outcome));
      onEnd?.(outcome);
    };
    if (!(result instanceof ChatStream)) {
      return finish(outcomeOf(call, result as WithMeta<LlmDocument> | undefined, error));
    }
    const target = result.target;
    this.listen(target);
    void target.queue.settled().then(() => finish(streamOutcomeOf(call, target)));
  }

  private onChunk(chunk: ChatCompletionChunk): void {
    for (const tap of this.taps) guarded(tap, () => tap.chunk?.(chunk));
  }
}

function guarded(tap: LlmTap, tell: () => void): void {
  try {
    tell();
  } catch (fault) {
    logFault(tap, 'A tap', fault);
  }
}
