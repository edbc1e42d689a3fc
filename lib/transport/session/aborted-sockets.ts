import type { Socket } from 'node:net';
import type { HttpConnector } from './http-session-options.interface.js';

/**
 * Keeps undici 7 from opening a connection for nothing after each response that is aborted. It destroys the socket with an
 * error of the code `UND_ERR_INFO`, for which its client keeps the aborted request at the head of its queue, connects for
 * it, and only then drops it; with the code of a broken socket it drops it at once. Mended in undici 8.12.4.
 *
 * @see {@link https://github.com/nodejs/undici/issues/5845}
 */
export function endingAborted(connect: HttpConnector): HttpConnector {
  return (options, callback) =>
    connect(options, (...result) => {
      // undici's own gives the error alone.
      const [, socket] = result as [Error | null, socket?: Socket | null];
      if (socket) {
        const destroy = socket.destroy.bind(socket);
        socket.destroy = (cause?: Error & { code?: string }): Socket =>
          destroy(isAbort(cause) ? Object.assign(cause, { code: 'UND_ERR_SOCKET' }) : cause);
      }
      callback(...result);
    });
}

function isAbort(cause: (Error & { code?: string }) | undefined): cause is Error & { code: string } {
  return cause?.code === 'UND_ERR_INFO' && cause.message === 'aborted';
}
