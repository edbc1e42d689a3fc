import type { ChatRequest } from '../operations/chat/chat-request.interface.js';
import type { LlmError } from '../errors/llm.error.js';
import type { RetryOptions } from '../transport/exchange/retry.js';
import type { TimeoutOptions } from '../transport/exchange/timeout.interface.js';
import type { ApiKey } from '../providers/provider-adapter.interface.js';
import type { HttpSession } from '../transport/session/http-session.interface.js';

/**
 * How a call is carried. None of it reaches the request's body.
 *
 * @publicApi
 */
export interface CallOptions {
  /** Ends the call at once, in every phase. */
  signal?: AbortSignal;
  /** The session of this call. It stays the caller's: it is never closed. */
  session?: HttpSession;
  /** Time limits in milliseconds, over the provider's and the module's. */
  timeout?: TimeoutOptions;
  retry?: RetryOptions;
  apiKey?: ApiKey;
  baseURL?: string;
  headers?: Record<string, string>;
  /** Leave out request fields that the provider lacks, rather than fail. */
  dropParams?: boolean;
}

/** A model to fall back to: its name, or the fields of the request that differ. */
export type FallbackTarget = string | (Partial<ChatRequest> & { model: string });

/** @publicApi */
export interface FallbackOptions {
  /** Tried in order when the call fails for a reason that another model may not have. */
  models?: readonly FallbackTarget[];
  /** Tried instead when the conversation does not fit the context window. */
  contextWindow?: readonly FallbackTarget[];
  /** Tried instead when the content policy refused the request. */
  contentPolicy?: readonly FallbackTarget[];
  /**
   * The error classes that lead on to `models`. By default all but those that another model would not change: an abort,
   * a closed session, wrong options, and a request that is wrong in itself.
   */
  on?: readonly (abstract new (...args: never[]) => LlmError)[];
  /**
   * A stream that breaks after content goes on at the next model, which is given what was said. Without it a stream
   * falls back only before its first content.
   */
  resume?: boolean;
}

/** @publicApi */
export type Fallbacks = readonly FallbackTarget[] | FallbackOptions;

/** @publicApi */
export interface CompletionOptions extends CallOptions {
  /** Other models for a call that fails; each is tried with its own retries, and `meta.attempts` tells of all. */
  fallbacks?: Fallbacks;
  /**
   * Keeps what the provider sent, parsed, as `raw`: on a completion its body, on each chunk of a stream the event that
   * it was made from. It is not part of their JSON.
   */
  raw?: boolean;
}
