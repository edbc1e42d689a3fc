import { socketErrorsTellAge } from './socket-errors.js';
import type { HttpConnector, HttpSessionOptions } from './http-session-options.interface.js';
import type { HttpSession } from './http-session.interface.js';

/** 60 s: below the 350 s after which NAT gateways drop a silent connection and the idle limit of common edges. */
export const DEFAULT_KEEP_ALIVE_TIMEOUT = 60_000;

/** 10 s: undici's default. */
export const DEFAULT_CONNECT_TIMEOUT = 10_000;

/**
 * Makes a session: an undici `Agent` with the limits of `options`. Whoever calls it closes it, with `destroy()`.
 *
 * undici is imported here, at the first call, and nowhere else: importing it replaces the dispatcher of the
 * application's global `fetch`, and a user who brings a session of their own shall not have that.
 *
 * @throws {LlmConfigurationError} when an option does not make sense
 * @publicApi
 */
export async function createHttpSession(options: HttpSessionOptions = {}): Promise<HttpSession> {
  const { Agent, buildConnector } = await import('undici');
  const { connector, interceptors = [] } = options;
  const keepAlive = options.keepAliveTimeout ?? DEFAULT_KEEP_ALIVE_TIMEOUT;
  const connect =
    typeof connector === 'function'
      ? connector
      : (buildConnector({
          timeout: options.connectTimeout ?? DEFAULT_CONNECT_TIMEOUT,
          allowH2: false,
          ...connector,
        }) as unknown as HttpConnector);
  const agent = new Agent({
    connections: options.limitPerHost ?? null,
    keepAliveTimeout: keepAlive,
    keepAliveMaxTimeout: keepAlive,
    // LlmHandler keeps the time limits; undici's own would cut answers that take longer than five minutes.
    headersTimeout: 0,
    bodyTimeout: 0,
    allowH2: false,
    connect: socketErrorsTellAge(connect) as never,
  });
  const composed = interceptors.length === 0 ? agent : agent.compose(interceptors as never);
  return composed;
}
