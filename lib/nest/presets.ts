import type { TimeoutOptions } from '../transport/exchange/timeout.interface.js';
import type { HttpSessionOptions } from '../transport/session/http-session-options.interface.js';

/**
 * Options of the module to begin with: `LlmModule.forRoot({ ...production(), providers })`. What is not in them keeps its
 * default.
 *
 * @publicApi
 */
export interface Preset {
  http: HttpSessionOptions;
  defaults: { timeout: TimeoutOptions };
}

/**
 * For work at one's desk: 50 requests in flight, and a call that hangs is over after 60 s.
 *
 * @publicApi
 */
export function development(): Preset {
  return { http: { limit: 50 }, defaults: { timeout: { total: 60_000 } } };
}

/**
 * For a backend: 1,000 requests in flight, 200 of them to one provider, and as many in the queue; calls of 300 s at most.
 *
 * @publicApi
 */
export function production(): Preset {
  return {
    http: { limit: 1000, limitPerHost: 200, maxQueue: 1000, keepAliveTimeout: 60_000 },
    defaults: { timeout: { total: 300_000 } },
  };
}

/**
 * For many short calls to providers whose addresses do not change: `production()` that asks the DNS each 10 minutes.
 *
 * @publicApi
 */
export function highThroughput(): Preset {
  const { http, defaults } = production();
  return { http: { ...http, dnsCacheTtl: 600_000 }, defaults };
}
