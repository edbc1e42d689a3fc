import type { ChatRequest } from '../chat/chat-request.interface.js';
import type { RetryOptions } from '../exchange/retry.js';
import type { TimeoutOptions } from '../exchange/timeout.interface.js';
import type { ApiKey } from '../providers/provider-adapter.interface.js';
import type { HttpSession } from '../session/http-session.interface.js';

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

/** @publicApi */
export interface CompletionOptions extends CallOptions {
  /**
   * Tried in order when the call fails for a reason that another model may not have: a model name, or the fields of the
   * request that differ. Each is tried with its own retries. A stream falls back only before its first byte.
   */
  fallbacks?: readonly (string | (Partial<ChatRequest> & { model: string }))[];
  /**
   * Keeps what the provider sent, parsed, as `raw`: on a completion its body, on each chunk of a stream the event that
   * it was made from. It is not part of their JSON.
   */
  raw?: boolean;
}
