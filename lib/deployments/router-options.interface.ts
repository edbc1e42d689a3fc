import type { ApiKey } from '../providers/provider-adapter.interface.js';
import type { QuotaStore } from '../quotas/quota-store.interface.js';

/**
 * A model at one provider, address and account: one of those that a group's calls go to.
 *
 * @publicApi
 */
export interface RouterDeployment {
  /** `provider/model`. */
  model: string;
  apiKey?: ApiKey | undefined;
  /** Base URL including the version segment. */
  baseURL?: string | undefined;
  /** Headers of every request to it. */
  headers?: Record<string, string> | undefined;
  /** What stands under `providers.<name>` for others of this provider, such as `location` or `apiVersion`. */
  providerOptions?: Record<string, unknown> | undefined;
  /** Its name in `meta`, `stats()` and logs. Default: made of provider, model and address, never of the key. */
  id?: string | undefined;
  /**
   * The account, by any name. Limits, and the provider's 429, belong to it: deployments of one quota share them. Default:
   * each its own.
   */
  quota?: string | undefined;
  /** Requests a minute that the account may make. */
  rpm?: number | undefined;
  /** Tokens a minute, input and output together. */
  tpm?: number | undefined;
  /** Input tokens a minute, without those that a cache answers. */
  itpm?: number | undefined;
  /** Output tokens a minute. */
  otpm?: number | undefined;
  /** Calls at the same time; a stream counts until its end. */
  concurrency?: number | undefined;
  /** Its share of the calls, beside the others'. Default `rpm`, else `tpm`, else `itpm`, else 1. */
  weight?: number | undefined;
  /** Only the lowest order that has a free deployment is called. Default 1. */
  order?: number | undefined;
  /** A call's `tags` have to be among these, all of them. */
  tags?: readonly string[] | undefined;
  /** Tokens, of prompt and answer together; calls that are thought to be larger go to others. */
  contextWindow?: number | undefined;
}

/**
 * Model groups: several deployments under one name.
 *
 * @publicApi
 */
export interface RouterOptions {
  /** By the group's name, which requests give as their `model`. */
  models: Readonly<Record<string, readonly RouterDeployment[]>>;
  /** Processes that share the limits, each of which keeps to its part of them. Default 1. */
  replicas?: number | undefined;
  /** Where processes share the limits exactly. Without it, and while it does not answer, `replicas` divides them. */
  store?: QuotaStore | undefined;
  /**
   * A call for which every deployment is at its limit waits for the first that is free again, `timeout.queue` at most.
   * Default: it fails at once with `RateLimitError`, `no_deployment` and `retryAfterMs`.
   */
  wait?: boolean | undefined;
}
