import type { Attributes } from '@opentelemetry/api';
import type { LlmCall } from '../index.js';

/** @publicApi */
export interface LlmOtelOptions {
  /** Whose calls: the `name` of the `LlmModule`. Default: the unnamed one's. */
  name?: string | undefined;
  /** A span for each call. Default `true`. */
  spans?: boolean | undefined;
  /** Durations, tokens, and the time to the first chunk. Default `true`. */
  metrics?: boolean | undefined;
  /**
   * Records the time of each chunk, which may double the work for a stream; without it, one average a stream is recorded.
   * Default `false`.
   */
  chunkTimes?: boolean | undefined;
  /**
   * `span` puts what was asked and answered on the span. Default: what
   * `OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT` says (`true`, `SPAN_ONLY`, `SPAN_AND_EVENT`), otherwise `none`.
   */
  content?: 'none' | 'span' | undefined;
  /** `compatible`: the names of v1.41 of the conventions, which most tools read. `latest`: those of genai v0.1.0. */
  names?: 'compatible' | 'latest' | undefined;
  /** Further attributes of the span, such as `user.id` or `gen_ai.conversation.id`; called in the caller's async context. */
  attributes?: ((call: LlmCall) => Attributes | undefined) | undefined;
  /**
   * The models, without their prefix, that metrics tell apart; any other is `_other`. To be given where clients choose the
   * model: each value is a time series for ever.
   */
  models?: readonly string[] | undefined;
}
