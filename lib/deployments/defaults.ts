import type { ResolvedRetry } from '../transport/exchange/retry.js';
import { DEFAULT_RETRY_BUDGET } from '../transport/exchange/retry-budget.js';
import type { ResolvedTimeouts } from '../transport/exchange/timeout.interface.js';
import type { ResponseLimits } from './deployment-options.interface.js';

/** The time limits of a call in milliseconds. */
export const DEFAULT_TIMEOUT: ResolvedTimeouts = {
  // About what the load balancer in front of a backend waits: a call that starts later has nobody left to read it.
  queue: 60_000,
  // undici's own: DNS, TCP and TLS to a provider take well under a second; 10 s covers a lost SYN or two.
  connect: 10_000,
  // The headers of an answer that is not streamed come when it is complete, and reasoning models take minutes.
  firstByte: 600_000,
  // Models think in silence for a minute or two; load balancers cut a silent connection at about six.
  idle: 180_000,
  // Longer than any completion that providers serve; it ends one that drips for ever.
  total: 1_800_000,
};

export const DEFAULT_RETRY: ResolvedRetry = {
  // The vendor SDKs' number and steps.
  maxRetries: 2,
  baseDelay: 500,
  maxDelay: 8_000,
  // A minute is what a caller may still wait for; providers that ask for more mean a quota, not a burst.
  maxRetryAfter: 60_000,
  mayBillTwice: false,
  budget: DEFAULT_RETRY_BUDGET,
};

export const DEFAULT_LIMITS: Readonly<Required<ResponseLimits>> = {
  // Several times the largest batch of embeddings.
  responseSize: 64 * 1024 * 1024,
  // Room for an image in one event.
  eventSize: 16 * 1024 * 1024,
  // OpenAI's bound on the tools of a request; an answer that calls more of them at once has run wild.
  toolCalls: 128,
  // Eight requests of OpenAI's 2048; at providers that take one input a request as many requests.
  embeddingInputs: 16_384,
};

/** The provider of a model name without a prefix. */
export const DEFAULT_PROVIDER = 'openai';
