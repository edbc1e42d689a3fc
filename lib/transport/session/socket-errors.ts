import type { HttpConnector } from './http-session-options.interface.js';

/** On the error of a socket: when that socket was connected, on the clock of `performance.now()`. */
export const CONNECTED_AT: unique symbol = Symbol.for('nestjs-llm:connected-at');

/**
 * Has each error of a socket tell when that socket was connected. A call whose request was written to a connection
 * older than the call itself used a pooled one: if that breaks at once, the provider had closed it while it was idle.
 */
export function socketErrorsTellAge(connect: HttpConnector): HttpConnector {
  return (options, callback) =>
    connect(options, (...result) => {
      const [, socket] = result;
      if (socket != null) {
        const connectedAt = performance.now();
        socket.prependListener('error', (failure: Error & { [CONNECTED_AT]?: number }) => {
          failure[CONNECTED_AT] ??= connectedAt;
        });
      }
      callback(...result);
    });
}
