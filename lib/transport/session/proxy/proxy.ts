import type { Socket } from 'node:net';
import type { HttpConnector } from '../http-session-options.interface.js';
import type { HttpInterceptor } from '../http-session.interface.js';
import { forwardThrough } from './forward.js';
import { openHttpTunnel } from './http-tunnel.js';
import { proxyError } from './proxy-errors.js';
import { proxyRoute, type ProxyRoute } from './proxy-route.js';
import { authorityOf } from './proxy-server.js';
import { openSocks5Tunnel } from './socks5.js';

/** @publicApi */
export interface ProxyOptions {
  /** `'env'` for HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY, or the URL of one proxy for every target. */
  proxy?: string | false;
  /** Connects to targets, and makes TLS of the tunnel's socket: undici's `buildConnector(options)`. */
  connect: HttpConnector;
  /** Connects to the proxy itself, where that differs (`servername`, HTTP/2). Default `connect`. */
  connectProxy?: HttpConnector;
  /** Milliseconds for a connection through the proxy, tunnel and TLS included. Default 10,000; 0 for no limit. */
  timeout?: number;
  /** Default `process.env`. */
  env?: NodeJS.ProcessEnv;
}

/** @publicApi */
export interface ProxyParts {
  /** For the `connect` option of an `Agent`, `Pool` or `Client`. */
  connect: HttpConnector;
  /** To be composed first, which makes them the innermost. Empty when no `http://` target has a proxy. */
  interceptors: HttpInterceptor[];
}

/**
 * Leads connections through proxies, underneath the pools of an ordinary undici `Agent`: limits, keep-alive, TLS,
 * statistics and time limits are the same with a proxy as without one. (undici's `ProxyAgent` has none of the
 * statistics, drops the `connect` options for proxied hosts, and 7 reconnects without end to a proxy that hangs up.)
 *
 * `https://` targets go through a tunnel (CONNECT, SOCKS5). `http://` targets are forwarded by an HTTP proxy, as curl and
 * aiohttp have it, since most proxies allow tunnels to port 443 only. Names are resolved by the proxy.
 *
 * @throws {LlmConfigurationError} when a proxy URL makes no sense
 * @publicApi
 */
export function proxied(options: ProxyOptions): ProxyParts {
  const { connect, connectProxy = connect, timeout = 10_000, env } = options;
  const route = proxyRoute(options.proxy ?? 'env', env);
  if (route === undefined) return { connect, interceptors: [] };
  return {
    connect: connectThrough(route, connect, connectProxy, timeout),
    interceptors: [forwardThrough(route)],
  };
}

function connectThrough(
  route: ProxyRoute,
  connect: HttpConnector,
  connectProxy: HttpConnector,
  timeout: number,
): HttpConnector {
  return (options, callback) => {
    const { protocol, hostname } = options;
    const server = route(protocol, hostname, options.port);
    if (server === undefined) return connect(options, callback);
    const port = String(options.port || (protocol === 'https:' ? 443 : 80));

    let settled = false;
    let socket: Pick<Socket, 'destroy'> | undefined;
    const settle: typeof callback = (...result) => {
      clearTimeout(timer);
      const [error, connected] = result;
      if (settled) {
        connected?.destroy();
        return;
      }
      settled = true;
      if (error != null) socket?.destroy();
      callback(...result);
    };
    const timer =
      timeout > 0
        ? setTimeout(() => {
            const what = `had not led on to ${authorityOf(hostname, port)} after ${timeout} ms`;
            settle(proxyError(server, what), null);
          }, timeout)
        : undefined;
    const lead = async (reached: Socket): Promise<void> => {
      socket = reached;
      if (settled) {
        reached.destroy();
        return;
      }
      // From here on others listen to the socket only in turns, and an error between them would end the process.
      reached.on('error', () => {});
      if (server.protocol === 'socks5:') await openSocks5Tunnel(reached, server, hostname, port);
      else if (protocol === 'https:') await openHttpTunnel(reached, server, authorityOf(hostname, port));
      if (settled) return;
      if (protocol === 'https:') connect({ ...options, httpSocket: reached }, settle);
      else settle(null, reached);
    };
    socket = connectProxy(
      {
        protocol: server.protocol === 'https:' ? 'https:' : 'http:',
        hostname: server.hostname,
        host: authorityOf(server.hostname, server.port),
        port: server.port,
      },
      (error, reached) => {
        if (error != null) {
          settle(proxyError(server, 'could not be reached', error), null);
        } else {
          lead(reached).catch((failure: Error) => settle(failure, null));
        }
      },
    ) as Socket | undefined;
    // As undici's own connectors do, so that the attempt can be given up.
    return { destroy: (error: Error) => settle(error, null) };
  };
}
