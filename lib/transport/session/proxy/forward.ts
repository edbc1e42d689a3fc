import type {
  HttpDispatchController,
  HttpDispatchHandler,
  HttpHeaders,
  HttpInterceptor,
} from '../http-session.interface.js';
import { ForwardingHandler } from '../forwarding-handler.js';
import { credentialsRefused } from './proxy-errors.js';
import type { ProxyRoute } from './proxy-route.js';
import { proxyAuthorization, type ProxyServer } from './proxy-server.js';

/** Writes requests to `http://` targets in the form that an HTTP proxy forwards: with the whole URL. */
export function forwardThrough(route: ProxyRoute): HttpInterceptor {
  return (dispatch) => (options, handler) => {
    const { origin } = options;
    if (!origin.startsWith('http:')) return dispatch(options, handler);
    const { protocol, hostname, port } = new URL(origin);
    const server = route(protocol, hostname, port);
    if (server === undefined || server.protocol === 'socks5:') return dispatch(options, handler);
    const authorization = proxyAuthorization(server);
    return dispatch(
      {
        ...options,
        path: origin + options.path,
        ...(authorization !== undefined && {
          headers: { ...options.headers, 'proxy-authorization': authorization },
        }),
      },
      new ForwardedRequest(server, handler),
    );
  };
}

/** Tells the proxy's own 407 from an answer of the provider. */
class ForwardedRequest extends ForwardingHandler {
  constructor(
    private readonly server: ProxyServer,
    handler: HttpDispatchHandler,
  ) {
    super(handler);
  }

  override onResponseStart(
    controller: HttpDispatchController,
    status: number,
    headers: HttpHeaders,
    statusMessage?: string,
  ): void {
    if (status === 407) throw credentialsRefused(this.server, status);
    super.onResponseStart(controller, status, headers, statusMessage);
  }
}
