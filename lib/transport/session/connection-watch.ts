import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';

/** On a socket, and on its error: when it was connected, on the clock of `performance.now()`. */
export const CONNECTED_AT: unique symbol = Symbol.for('nestjs-llm:connected-at');

/** Origins that are remembered. */
const MAX_ORIGINS = 1000;

interface ConnectMessage {
  readonly connectParams: { readonly protocol: string; readonly host: string };
}

const origins = new Set<string>();
let begun = 0;
let watchers = 0;

function onBeforeConnect(message: unknown): void {
  const { protocol, host } = (message as ConnectMessage).connectParams;
  begun++;
  origins.add(`${protocol}//${host}`);
  if (origins.size > MAX_ORIGINS) origins.delete(origins.values().next().value!);
}

function onConnected(message: unknown): void {
  const { socket } = message as { socket: Socket & { [CONNECTED_AT]?: number } };
  // This module may have been loaded twice.
  if (socket[CONNECTED_AT] !== undefined) return;
  const connectedAt = performance.now();
  socket[CONNECTED_AT] = connectedAt;
  // Before undici's own listener, which tells the request.
  socket.prependListener('error', (failure: Error & { [CONNECTED_AT]?: number }) => {
    failure[CONNECTED_AT] ??= connectedAt;
  });
}

/**
 * Follows the connections that undici opens in this process, over its diagnostics channels: a dispatcher that the
 * application made is not ours to wrap, and its dispatch tells neither whether a request opens a connection, waits for one
 * or has one, nor how old that is. A request costs nothing; only a connection does.
 *
 * @see {@link https://undici.nodejs.org/#/docs/api/DiagnosticsChannel}
 * @returns ends it, when nobody else follows them
 */
export function watchConnections(): () => void {
  if (watchers++ === 0) {
    subscribe('undici:client:beforeConnect', onBeforeConnect);
    subscribe('undici:client:connected', onConnected);
  }
  return () => {
    if (--watchers > 0) return;
    unsubscribe('undici:client:beforeConnect', onBeforeConnect);
    unsubscribe('undici:client:connected', onConnected);
  };
}

/** Connections that undici has begun to open, whether they stand, failed or are closed. */
export function connectionsBegun(): number {
  return begun;
}

/** Whether undici has opened connections to this origin, so that a request which opens none waits for one of them. */
export function wasConnectedTo(origin: string): boolean {
  return origins.has(origin);
}
