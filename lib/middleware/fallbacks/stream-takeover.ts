import type { LlmCall } from '../../calls/llm-call.js';
import type { LlmError } from '../../errors/llm.error.js';
import { reopenStream } from '../stream-reopening.js';
import { goOn, type FallbackPlan } from './fallback-plan.js';

/** Has other models take over a stream that breaks: before its first content, or, where asked for, after it. */
export class StreamTakeover {
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
    reopenStream(call, this.open, (failure) => this.takeOver(failure));
    return true;
  }
}
