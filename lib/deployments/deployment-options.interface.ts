import type { ApiKey, ConnectOptions, ProviderAdapter } from '../providers/provider-adapter.interface.js';
import type { MediaOptions } from './media/media-options.interface.js';
import type { RouterOptions } from './router-options.interface.js';
import type { CircuitOptions } from '../transport/exchange/circuit-breaker.js';
import type { RetryOptions } from '../transport/exchange/retry.js';
import type { TimeoutOptions } from '../transport/exchange/timeout.interface.js';
import type { HttpSession } from '../transport/session/http-session.interface.js';

/**
 * What every provider takes under `providers.<name>`. What is not given comes from the environment.
 *
 * @publicApi
 */
export interface ProviderOptions extends ConnectOptions {
  /** Limits in milliseconds; over the module's defaults, under those of a call. */
  timeout?: TimeoutOptions | undefined;
  retry?: RetryOptions | undefined;
  /** Refuse calls when the provider fails again and again; over the module's default. */
  circuit?: CircuitOptions | undefined;
  /**
   * Name of the header under which the provider, or a gateway before it, takes an idempotency key. Each call then has a
   * key of its own, the same one for all its retries.
   */
  idempotencyHeader?: string | undefined;
}

/**
 * Bounds of what a provider may send, past which a call fails with `APIResponseValidationError`, and of the work that one
 * call may be.
 *
 * @publicApi
 */
export interface ResponseLimits {
  /**
   * A whole body, read at once or as a stream, in bytes after decompression. Default 64 MiB: several times the largest
   * batch of embeddings.
   */
  responseSize?: number | undefined;
  /** One event of a stream, in characters. Default 16 Mi: room for an image. */
  eventSize?: number | undefined;
  /** Tool calls of one answer. Default 128. */
  toolCalls?: number | undefined;
  /**
   * Inputs of one call of `embedding()`, over all the requests that they are split into: some providers take one a
   * request. More of them are a `BadRequestError` with the code `too_many_inputs`, before anything is sent. Default 16384,
   * eight of OpenAI's largest requests.
   */
  embeddingInputs?: number | undefined;
}

/**
 * What applies to every call, under what its provider and the call itself say.
 *
 * @publicApi
 */
export interface CallDefaults {
  /** The model of a request that names none, as `provider/model`. */
  model?: string | undefined;
  /** The provider of a model name without a prefix. Default `openai`. */
  provider?: string | undefined;
  /** Time limits in milliseconds. */
  timeout?: TimeoutOptions | undefined;
  retry?: RetryOptions | undefined;
  /** Refuse calls to a provider that fails again and again. Off unless set. */
  circuit?: CircuitOptions | undefined;
  limits?: ResponseLimits | undefined;
  /** Headers of every request to every provider: none that holds a credential. */
  headers?: Record<string, string> | undefined;
  /** Leave out request fields that a provider lacks, rather than fail; `meta.droppedParams` names them. */
  dropParams?: boolean | undefined;
}

/** Where calls go: the providers, and what applies to all of them. */
export interface DeploymentsOptions {
  /** By provider prefix. */
  providers?: Record<string, ProviderOptions & Record<string, unknown>> | undefined;
  /** The user's own providers. */
  adapters?: readonly ProviderAdapter[] | undefined;
  defaults?: CallDefaults | undefined;
  /** Model groups: several deployments under one name. */
  router?: RouterOptions | undefined;
  /**
   * The only models that may be called, for what takes their names from its clients: `openai/gpt-5`, a prefix with `*`
   * behind it (`openai/gpt-5*`), a provider (`anthropic`, the same as `anthropic/*`), or a group of the router, which
   * allows nothing of its models by their own names. Any other one is a
   * `BadRequestError` with the code `model_not_allowed`, before anything is sent; fallbacks, and the lists of further
   * models that gateways take, count too. Default: all.
   */
  allow?: readonly string[] | undefined;
  /** Fetches images and documents by URL for providers that take bytes only. Default: such a request is refused. */
  media?: MediaOptions | undefined;
}

/**
 * How a call is carried. None of it reaches the request's body.
 *
 * @publicApi
 */
export interface CallOptions {
  /** Ends the call at once, in every phase. */
  signal?: AbortSignal | undefined;
  /** The session of this call. It stays the caller's: it is never closed. */
  session?: HttpSession | undefined;
  /** Time limits in milliseconds, over the provider's and the module's. */
  timeout?: TimeoutOptions | undefined;
  retry?: RetryOptions | undefined;
  apiKey?: ApiKey | undefined;
  baseURL?: string | undefined;
  headers?: Record<string, string> | undefined;
  /** Leave out request fields that the provider lacks, rather than fail. */
  dropParams?: boolean | undefined;
  /** Notes of the application's own, for its middleware, logs and traces. No provider sees them. */
  metadata?: Readonly<Record<string, unknown>> | undefined;
}
