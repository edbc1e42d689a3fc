import { APIUserAbortError } from '../../errors/errors.js';
import type { LlmError } from '../../errors/llm.error.js';
import { Histogram, type HistogramStats } from './histogram.js';
import type { CallTimings } from './call-timings.interface.js';

/**
 * What the calls to one provider came to, since the start: what a dashboard draws. A fallback's calls are each its own
 * provider's.
 *
 * @publicApi
 */
export interface ProviderTraffic {
  started: number;
  succeeded: number;
  failed: number;
  /** Ended by the caller. */
  aborted: number;
  /** Further tries. */
  retries: number;
  /** How many calls failed, by the class of the error; those that an open circuit refused are among them. */
  errors: Record<string, number>;
  /** As the provider counted them, also of calls that failed or were left; 0 where it does not tell. */
  tokens: {
    /** Those that came out of a cache included. */
    input: number;
    /** Those of reasoning included. */
    output: number;
  };
  /** Calls that succeeded, from their start to the end of the answer, retries included. */
  latency: HistogramStats;
  /** Streams, from the start of the call to their first content. */
  firstContent: HistogramStats;
}

/** Tokens that an answer has told of. */
export interface CountedTokens {
  readonly prompt_tokens: number;
  readonly completion_tokens?: number;
}

/** Counts the calls to one provider. */
export class TrafficCounter {
  private readonly counts = { started: 0, succeeded: 0, failed: 0, aborted: 0, retries: 0 };
  private readonly errors = new Map<string, number>();
  private readonly tokens = { input: 0, output: 0 };
  private readonly latency = new Histogram();
  private readonly firstContent = new Histogram();

  onStart(): void {
    this.counts.started++;
  }

  onRetry(): void {
    this.counts.retries++;
  }

  /** A call has failed, or was refused. */
  onFailed(error: LlmError): void {
    this.counts.failed++;
    this.errors.set(error.name, (this.errors.get(error.name) ?? 0) + 1);
  }

  onEnd(error: LlmError | null, timings: CallTimings, streamed: boolean, used?: CountedTokens): void {
    if (error === null) {
      this.counts.succeeded++;
      this.latency.record(timings.total!);
    } else if (error instanceof APIUserAbortError) this.counts.aborted++;
    else this.onFailed(error);
    if (streamed && timings.firstContent !== undefined) this.firstContent.record(timings.firstContent);
    if (used === undefined) return;
    this.tokens.input += used.prompt_tokens;
    this.tokens.output += used.completion_tokens ?? 0;
  }

  stats(): ProviderTraffic {
    return {
      ...this.counts,
      errors: Object.fromEntries(this.errors),
      tokens: { ...this.tokens },
      latency: this.latency.stats(),
      firstContent: this.firstContent.stats(),
    };
  }
}
