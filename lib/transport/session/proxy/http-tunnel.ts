import { request } from 'node:http';
import type { Socket } from 'node:net';
import { proxyError, refusal } from './proxy-errors.js';
import { proxyAuthorization, type ProxyServer } from './proxy-server.js';

/**
 * Has an HTTP proxy lead a connection on to `authority`.
 *
 * @param socket a connection to the proxy; it is the connection to the target afterwards
 * @throws {ProxyError}
 */
export function openHttpTunnel(socket: Socket, server: ProxyServer, authority: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const authorization = proxyAuthorization(server);
    const connect = request({
      method: 'CONNECT',
      path: authority,
      headers: {
        host: authority,
        // Without it Node asks the proxy to close the connection, and some take that to mean the tunnel.
        connection: 'keep-alive',
        ...(authorization !== undefined && { 'proxy-authorization': authorization }),
      },
      createConnection: () => socket,
    });
    connect.on('connect', (response, _socket, head) => {
      const status = response.statusCode!;
      if (status >= 200 && status < 300) {
        if (head.length > 0) socket.unshift(head);
        resolve();
        return;
      }
      socket.destroy();
      reject(refusal(server, authority, status));
    });
    connect.on('error', (error) => {
      reject(proxyError(server, `broke the connection instead of leading on to ${authority}`, error));
    });
    connect.end();
  });
}
