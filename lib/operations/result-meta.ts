import type { LlmAttempt } from '../errors/llm.error.js';
import type { CompletionUsage } from './usage.interface.js';

/**
 * Milliseconds from the start of the call; `undefined` for what has not happened yet.
 *
 * @publicApi
 */
export interface ResultTimings {
  /** The request left the queue of a session with a limit; `undefined` when it did not wait. */
  readonly queued?: number;
  /** The request was on a connection (of the last attempt). */
  readonly connected?: number;
  /** The response headers were in. */
  readonly firstByte?: number;
  /** The first content of a streamed body was in. */
  readonly firstContent?: number;
  /** The body had ended. */
  readonly total?: number;
}

/**
 * What is known about a result beside its content. Not part of the result's JSON.
 *
 * @publicApi
 */
export interface ResultMeta {
  /** The provider that answered: the prefix. */
  readonly provider: string;
  /** The model as it was asked for at that provider, without the prefix. */
  readonly model: string;
  /** Which deployment answered: of the router the one's id, otherwise provider and host. */
  readonly deployment: string;
  /** Scheme, host and port that answered. */
  readonly origin: string;
  /** The provider's id of the request. */
  readonly requestId: string | undefined;
  /** Every try, the successful one last; those of earlier fallbacks included. */
  readonly attempts: readonly LlmAttempt[];
  readonly timings: ResultTimings;
  /**
   * The tokens that the call took, as far as the provider has counted them, asked for with `stream_options` or not: of a
   * stream when its end is in, and before it what has been told so far. Embeddings have no tokens of a completion.
   */
  readonly usage: CompletionUsage | undefined;
  /** The provider's rate-limit headers as they came, by lower-case name. */
  readonly rateLimit: Readonly<Record<string, string>>;
  /** Request fields that were left out because the provider lacks them (`dropParams`). */
  readonly droppedParams: readonly string[];
}

/** A result with its metadata, which is not part of its JSON. */
export type WithMeta<Result> = Result & { readonly meta: ResultMeta };

/** Adds what the provider itself sent where `JSON.stringify` and an object spread do not see it. */
export function attachRaw(result: object, raw: unknown): void {
  Object.defineProperty(result, 'raw', { value: raw, enumerable: false, configurable: true });
}

/** Adds `meta` where `JSON.stringify` and an object spread do not see it. */
export function withMeta<Result extends object>(result: Result, meta: ResultMeta): WithMeta<Result> {
  return Object.defineProperty(result, 'meta', {
    value: meta,
    enumerable: false,
    configurable: true,
  }) as WithMeta<Result>;
}

/** The fields of a `meta` whose own are read when somebody asks, as an object of their own. */
export function plainMeta(meta: ResultMeta): ResultMeta {
  const { provider, model, deployment, origin, requestId } = meta;
  const { attempts, timings, usage, rateLimit, droppedParams } = meta;
  return {
    provider,
    model,
    deployment,
    origin,
    requestId,
    attempts,
    timings,
    usage,
    rateLimit,
    droppedParams,
  };
}
