import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { HttpConnector } from './http-session-options.interface.js';

/** Origins without a connection whose counters are kept. */
const MAX_IDLE_ORIGINS = 1000;

/** The connections of one origin. */
export interface ConnectionCounts {
  /** Open now. */
  readonly open: number;
  /** Opened since the start. */
  readonly opened: number;
  /** TLS handshakes with the origin since the start; those with a proxy do not count. */
  readonly tlsHandshakes: number;
  /** Those of them that resumed an earlier session, which saves a round trip and the certificates. */
  readonly tlsResumed: number;
  /** Since the start, as the sockets count them: with TLS, what is encrypted in the records. */
  readonly bytesRead: number;
  readonly bytesWritten: number;
}

class Origin {
  readonly sockets = new Set<Socket>();
  opened = 0;
  tlsHandshakes = 0;
  tlsResumed = 0;
  /** Of the connections that are closed. */
  bytesRead = 0;
  bytesWritten = 0;
}

/** Counts the connections that a connector opens. A request costs nothing; only a connection does. */
export class ConnectionCounter {
  private readonly origins = new Map<string, Origin>();

  watch(connect: HttpConnector): HttpConnector {
    return (options, callback) =>
      connect(options, (...result) => {
        const [, socket] = result;
        // A connector of the user's own may leave it out.
        if (socket != null) this.add(`${options.protocol}//${options.host ?? options.hostname}`, socket);
        callback(...result);
      });
  }

  counts(): Map<string, ConnectionCounts> {
    const counts = new Map<string, ConnectionCounts>();
    for (const [key, origin] of this.origins) {
      const { sockets, opened, tlsHandshakes, tlsResumed } = origin;
      let { bytesRead, bytesWritten } = origin;
      for (const socket of sockets) {
        bytesRead += socket.bytesRead;
        bytesWritten += socket.bytesWritten;
      }
      counts.set(key, { open: sockets.size, opened, tlsHandshakes, tlsResumed, bytesRead, bytesWritten });
    }
    return counts;
  }

  private add(key: string, socket: Socket): void {
    const origin = this.originOf(key);
    origin.opened++;
    if (key.startsWith('https:')) {
      origin.tlsHandshakes++;
      if ((socket as TLSSocket).isSessionReused?.() === true) origin.tlsResumed++;
    }
    origin.sockets.add(socket);
    socket.once('close', () => {
      origin.sockets.delete(socket);
      origin.bytesRead += socket.bytesRead;
      origin.bytesWritten += socket.bytesWritten;
    });
  }

  private originOf(key: string): Origin {
    let origin = this.origins.get(key);
    if (origin === undefined) {
      if (this.origins.size >= MAX_IDLE_ORIGINS) {
        for (const [other, { sockets }] of this.origins) if (sockets.size === 0) this.origins.delete(other);
      }
      origin = new Origin();
      this.origins.set(key, origin);
    }
    return origin;
  }
}
