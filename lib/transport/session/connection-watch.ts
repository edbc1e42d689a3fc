import { subscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';

/** On the error of a socket: when that socket was connected, on the clock of `performance.now()`. */
export const CONNECTED_AT: unique symbol = Symbol.for('nestjs-llm:connected-at');

/** Origins that are remembered. */
const MAX_ORIGINS = 1000;

interface ConnectMessage {
  readonly connectParams: { readonly protocol: string; readonly host: string };
}

let watching = false;
let begun = 0;
const origins = new Set<string>();

/**
 * Follows the connections that undici opens in this process, over its diagnostics channels: a dispatcher that the
 * application made is not ours to wrap, and its dispatch tells neither whether a request opens a connection, waits for one
 * or has one, nor how old that is. A request costs nothing; only a connection does.
 *
 * @see {@link https://undici.nodejs.org/#/docs/api/DiagnosticsChannel}
 */
export function watchConnections(): void {
  if (watching) return;
  watching = true;
  subscribe('undici:client:beforeConnect', (message) => {
    const { protocol, host } = (message as ConnectMessage).connectParams;
    begun++;
    origins.add(`${protocol}//${host}`);
    if (origins.size > MAX_ORIGINS) origins.delete(origins.values().next().value!);
  });
  subscribe('undici:client:connected', (message) => {
    const connectedAt = performance.now();
    // Before undici's own listener, which tells the request.
    (message as { socket: Socket }).socket.prependListener(
      'error',
      (failure: Error & { [CONNECTED_AT]?: number }) => {
        failure[CONNECTED_AT] ??= connectedAt;
      },
    );
  });
}

/** Connections that undici has begun to open, whether they stand, failed or are closed. */
export function connectionsBegun(): number {
  return begun;
}

/** Whether undici has opened connections to this origin, so that a request which opens none waits for one of them. */
export function wasConnectedTo(origin: string): boolean {
  return origins.has(origin);
}
