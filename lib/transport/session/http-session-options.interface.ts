import type { Socket } from 'node:net';
import type { HttpInterceptor } from './http-session.interface.js';
import type { LimitOptions } from './limit.js';
import type { TlsOptions } from './tls.js';

/**
 * undici's connector function: opens one socket. What it returns is nobody's business, but undici's own returns the socket
 * before it is connected, and a session that is destroyed meanwhile calls its `destroy()`.
 *
 * @publicApi
 */
export type HttpConnector = (
  options: {
    hostname: string;
    host?: string | undefined;
    protocol: string;
    port: string;
    servername?: string | undefined;
    /** A connection to make TLS of, rather than one of its own. */
    httpSocket?: Socket | undefined;
  },
  callback: (...result: [error: null, socket: Socket] | [error: Error, socket: null]) => void,
) => unknown;

/**
 * Options of a session that this package makes.
 *
 * @publicApi
 */
export interface HttpSessionOptions extends LimitOptions {
  /** Requests in flight over all origins; further ones wait. Idle connections do not count. Default: no bound. */
  limit?: number | undefined;
  /** Requests in flight, and connections, to one origin; further ones wait. Default: no bound. */
  limitPerHost?: number | undefined;
  /** Requests that may wait, over all origins; a further one fails at once with `QueueFullError`. Default: no bound. */
  maxQueue?: number | undefined;
  /** Milliseconds that an idle connection is kept, unless the server asks for less: 1 or more. Default 60,000. */
  keepAliveTimeout?: number | undefined;
  /**
   * Milliseconds after which a connection takes no further request, up to a tenth of them less at random, and is closed
   * when the one that it has is over: so new replicas behind a balancer of connections get calls. Idle connections are kept no longer
   * than this, either. Default 0: no bound.
   */
  maxConnectionAge?: number;
  /** Milliseconds for one connection: DNS, TCP, proxy and TLS. Default 10,000; 0 for no limit. */
  connectTimeout?: number | undefined;
  /** Milliseconds that an answer of the DNS is kept; 0 to ask for every connection. Default 10,000. */
  dnsCacheTtl?: number | undefined;
  /**
   * `'env'`, the default: HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY, read when the session is made. A URL (http,
   * https, socks5; credentials in it) is the proxy of every target. `false` for none.
   */
  proxy?: string | false | undefined;
  /** Of connections to providers, and to a proxy that is reached over TLS. */
  tls?: TlsOptions | undefined;
  /** Offers HTTP/2 to the providers. Needs undici 8. Default `false`: a lost packet stops every stream of a connection. */
  http2?: boolean | undefined;
  /**
   * Further options of undici's connector (`localAddress`, `keepAliveInitialDelay` and others of `net.connect` and
   * `tls.connect`), or a connector of one's own, which then does what `dnsCacheTtl`, `proxy`, `tls` and `http2` do.
   */
  connector?: HttpConnector | Record<string, unknown> | undefined;
  /** undici interceptors, composed over the session; the first one is the innermost. A request passes the limits first. */
  interceptors?: readonly HttpInterceptor[] | undefined;
}
