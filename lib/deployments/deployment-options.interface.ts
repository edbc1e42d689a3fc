import type { ApiKey, ProviderAdapter, ProviderOptions } from '../providers/provider-adapter.interface.js';
import type { MediaOptions } from './media/media-options.interface.js';
import type { CircuitOptions } from '../transport/exchange/circuit-breaker.js';
import type { RetryOptions } from '../transport/exchange/retry.js';
import type { TimeoutOptions } from '../transport/exchange/timeout.interface.js';
import type { HttpSession } from '../transport/session/http-session.interface.js';

/**
 * Bounds of what a provider may send; past one the call fails with `APIResponseValidationError`.
 *
 * @publicApi
 */
export interface ResponseLimits {
  /** A body that is read whole, in bytes after decompression. Default 64 MiB: several times the largest batch of embeddings. */
  responseSize?: number;
  /** One event of a stream, in characters. Default 16 Mi: room for an image. */
  eventSize?: number;
  /** Tool calls of one answer. Default 128. */
  toolCalls?: number;
}

/**
 * What applies to every call, under what its provider and the call itself say.
 *
 * @publicApi
 */
export interface CallDefaults {
  /** The model of a request that names none, as `provider/model`. */
  model?: string;
  /** The provider of a model name without a prefix. Default `openai`. */
  provider?: string;
  /** Time limits in milliseconds. */
  timeout?: TimeoutOptions;
  retry?: RetryOptions;
  /** Refuse calls to a provider that fails again and again. Off unless set. */
  circuit?: CircuitOptions;
  limits?: ResponseLimits;
  /** Headers of every request to every provider: none that holds a credential. */
  headers?: Record<string, string>;
  /** Leave out request fields that a provider lacks, rather than fail; `meta.droppedParams` names them. */
  dropParams?: boolean;
}

/** Where calls go: the providers, and what applies to all of them. */
export interface DeploymentsOptions {
  /** By provider prefix. */
  providers?: Record<string, ProviderOptions & Record<string, unknown>>;
  /** The user's own providers. */
  adapters?: readonly ProviderAdapter[];
  defaults?: CallDefaults;
  /**
   * The only models that may be called, for what takes their names from its clients: `openai/gpt-5`, a prefix with `*`
   * behind it (`openai/gpt-5*`), or a provider (`anthropic`, the same as `anthropic/*`). Any other one is a
   * `BadRequestError` with the code `model_not_allowed`, before anything is sent; fallbacks, and the lists of further
   * models that gateways take, count too. Default: all.
   */
  allow?: readonly string[];
  /** Fetches images and documents by URL for providers that take bytes only. Default: such a request is refused. */
  media?: MediaOptions;
}

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
  /** Notes of the application's own, for its middleware, logs and traces. No provider sees them. */
  metadata?: Readonly<Record<string, unknown>>;
}
