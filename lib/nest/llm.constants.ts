/** Milliseconds that running calls get at shutdown: below the 30 s after which Kubernetes kills. */
export const DEFAULT_GRACE_MS = 10_000;

/** Milliseconds that opening connections ahead of the first call may take: it may delay a start, not hold it. */
export const DEFAULT_WARM_UP_MS = 5_000;

/**
 * Token of the session of the unnamed module: the application's own, or the one that the module makes.
 *
 * @publicApi
 */
export const HTTP_SESSION: unique symbol = Symbol.for('nestjs-llm:HTTP_SESSION');
