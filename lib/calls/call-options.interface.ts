import type { CallOptions } from '../deployments/deployment-options.interface.js';
import type { LlmError } from '../errors/llm.error.js';
import type { ChatRequest } from '../operations/chat/chat-request.interface.js';

export type { CallOptions };

/** A model to fall back to: its name, or the fields of the request that differ. */
export type FallbackTarget = string | (Partial<ChatRequest> & { model: string });

/** @publicApi */
export interface FallbackOptions {
  /** Tried in order when the call fails for a reason that another model may not have. */
  models?: readonly FallbackTarget[] | undefined;
  /** Tried instead when the conversation does not fit the context window. */
  contextWindow?: readonly FallbackTarget[] | undefined;
  /** Tried instead when the content policy refused the request. */
  contentPolicy?: readonly FallbackTarget[] | undefined;
  /**
   * The error classes that lead on to `models`. By default all but those that another model would not change: an abort,
   * a closed session, wrong options, and a request that is wrong in itself.
   */
  on?: readonly (abstract new (...args: never[]) => LlmError)[] | undefined;
  /**
   * A stream that breaks after content goes on at the next model, which is given what was said. Without it a stream
   * falls back only before its first content.
   */
  resume?: boolean | undefined;
}

/** @publicApi */
export type Fallbacks = readonly FallbackTarget[] | FallbackOptions;

/**
 * Which deployment of a group takes the call. Without effect where the model is no group's.
 *
 * @publicApi
 */
export interface RoutingOptions {
  /**
   * Calls of one key go to one deployment while it is there, such as those of a conversation, whose prompt is cached
   * there then. Default: the request's `prompt_cache_key`.
   */
  affinity?: string | undefined;
  /** The call goes to a deployment that has all of these, and to no other one. */
  tags?: readonly string[] | undefined;
  /**
   * The id of a deployment (`meta.deployment` of an earlier answer) whose account has what the request names, such as a
   * file. The call goes to a deployment of that account, or fails and tells when it may be tried again.
   */
  pin?: string | undefined;
}

/** @publicApi */
export interface CompletionOptions extends CallOptions, RoutingOptions {
  /** Other models for a call that fails; each is tried with its own retries, and `meta.attempts` tells of all. */
  fallbacks?: Fallbacks | undefined;
  /**
   * Keeps what the provider sent, parsed, as `raw`: on a completion its body, on each chunk of a stream the event that
   * it was made from. It is not part of their JSON.
   */
  raw?: boolean | undefined;
}

/** @publicApi */
export interface EmbeddingOptions extends CallOptions, RoutingOptions {
  /** Requests at the same time, where a provider takes fewer inputs at once than the call has. Default 4. */
  maxParallelCalls?: number | undefined;
}
