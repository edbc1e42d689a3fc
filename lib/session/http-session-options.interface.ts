import type { HttpInterceptor } from './http-session.interface.js';

/**
 * undici's connector function: opens one socket.
 *
 * @publicApi
 */
export type HttpConnector = (
  options: { hostname: string; host?: string; protocol: string; port: string; servername?: string },
  callback: (error: Error | null, socket: unknown) => void,
) => void;

/**
 * Options of a session that this package makes.
 *
 * @publicApi
 */
export interface HttpSessionOptions {
  /** Connections to one origin; further calls wait. Default: no bound. */
  limitPerHost?: number;
  /** Milliseconds that an idle connection is kept, unless the server asks for less: 1 or more. Default 60,000. */
  keepAliveTimeout?: number;
  /** Milliseconds for DNS, TCP and TLS of one connection. Default 10,000; 0 for no limit. */
  connectTimeout?: number;
  /** Options of undici's connector (those of `tls.connect` among them), or a connector of one's own. */
  connector?: HttpConnector | Record<string, unknown>;
  /** undici interceptors, composed over the session; the first one is the innermost. */
  interceptors?: readonly HttpInterceptor[];
}
