import { once } from 'node:events';
import { isIP, type Socket } from 'node:net';
import { ProxyError } from '../../../errors/errors.js';
import { credentialsRefused, proxyError } from './proxy-errors.js';
import type { ProxyServer } from './proxy-server.js';

const VERSION = 5;
const NO_AUTHENTICATION = 0;
const USERNAME_PASSWORD = 2;
const CONNECT = 1;
const ADDRESS_LENGTH: Readonly<Record<number, number>> = { 1: 4, 4: 16 };
const DOMAIN = 3;

/** By the reply's code, RFC 1928 section 6. */
const REPLIES: readonly string[] = [
  '',
  'reports a general failure',
  'does not allow it by its rules',
  'has no route to that network',
  'has no route to that host',
  'says that the host refused the connection',
  'says that the time to live expired',
  'does not know the command',
  'does not know that type of address',
];

const NOT_ALLOWED = 2;

/**
 * Has a SOCKS5 proxy lead a connection on to a host. The proxy resolves the name.
 *
 * @param socket a connection to the proxy; it is the connection to the target afterwards
 * @throws {ProxyError}
 * @see {@link https://www.rfc-editor.org/rfc/rfc1928}
 * @see {@link https://www.rfc-editor.org/rfc/rfc1929} for user name and password
 */
export async function openSocks5Tunnel(
  socket: Socket,
  server: ProxyServer,
  hostname: string,
  port: string,
): Promise<void> {
  try {
    checkLengths(server, hostname);
    await authenticate(socket, server);
    socket.write(connectRequest(hostname, Number(port)));
    const [, reply, , type] = await read(socket, 4);
    // The address that the proxy used follows; nobody needs it.
    const length = type === DOMAIN ? (await read(socket, 1))[0]! : (ADDRESS_LENGTH[type!] ?? 0);
    await read(socket, length + 2);
    if (reply === 0) return;
    const { label, source } = server;
    throw new ProxyError(
      `the proxy ${label} (${source}) did not connect to ${hostname}:${port}: it ${REPLIES[reply!] ?? `answered ${reply}`}`,
      { proxy: label, source, code: 'proxy_refused', retryable: reply !== NOT_ALLOWED },
    );
  } catch (error) {
    socket.destroy();
    throw error instanceof ProxyError
      ? error
      : proxyError(
          server,
          `broke the connection instead of leading on to ${hostname}:${port}`,
          error as Error,
        );
  }
}

/** The longest text that there is room for: its length is one byte. */
const MAX_BYTES = 255;

/** Before anything is sent: what is too long for its length would run over into the next message. */
function checkLengths(server: ProxyServer, hostname: string): void {
  const { label, source, username, password } = server;
  const fail = (what: string): ProxyError =>
    new ProxyError(
      `the proxy ${label} (${source}) was not asked: ${what} is longer than the ${MAX_BYTES} bytes that SOCKS5 has room for`,
      { proxy: label, source, code: 'proxy_field_too_long' },
    );
  if (Buffer.byteLength(username) > MAX_BYTES) throw fail('the user name');
  if (Buffer.byteLength(password) > MAX_BYTES) throw fail('the password');
  if (Buffer.byteLength(hostname) > MAX_BYTES) throw fail('the name of the host');
}

async function authenticate(socket: Socket, server: ProxyServer): Promise<void> {
  const { username } = server;
  const methods = username === '' ? [NO_AUTHENTICATION] : [NO_AUTHENTICATION, USERNAME_PASSWORD];
  socket.write(Buffer.from([VERSION, methods.length, ...methods]));
  const [version, method] = await read(socket, 2);
  if (version !== VERSION) throw proxyError(server, 'does not speak SOCKS5');
  if (method === NO_AUTHENTICATION) return;
  if (method !== USERNAME_PASSWORD) throw credentialsRefused(server);
  socket.write(credentialsRequest(server));
  const [, status] = await read(socket, 2);
  if (status !== 0) throw credentialsRefused(server);
}

function credentialsRequest({ username, password }: ProxyServer): Buffer {
  const [name, secret] = [Buffer.from(username), Buffer.from(password)];
  return Buffer.from([1, name.length, ...name, secret.length, ...secret]);
}

function connectRequest(hostname: string, port: number): Buffer {
  const family = isIP(hostname);
  const head = [VERSION, CONNECT, 0];
  const address =
    family === 4
      ? [1, ...hostname.split('.').map(Number)]
      : family === 6
        ? [4, ...ipv6Bytes(hostname)]
        : [DOMAIN, Buffer.byteLength(hostname), ...Buffer.from(hostname)];
  return Buffer.from([...head, ...address, port >> 8, port & 0xff]);
}

/** @param address in any form that `net.isIPv6` accepts; the URL parser makes it hexadecimal groups. */
function ipv6Bytes(address: string): number[] {
  const [left = '', right] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const groups = (text: string | undefined) =>
    text ? text.split(':').map((group) => parseInt(group, 16)) : [];
  const [before, after] = [groups(left), groups(right)];
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => 0);
  return [...before, ...zeros, ...after].flatMap((group) => [group >> 8, group & 0xff]);
}

/** Exactly `size` bytes; what follows them stays in the socket. */
async function read(socket: Socket, size: number): Promise<Buffer> {
  for (;;) {
    const chunk = socket.read(size) as Buffer | null;
    if (chunk !== null && chunk.length === size) return chunk;
    if (socket.readableEnded || socket.destroyed || chunk !== null) {
      throw new Error('the connection was closed');
    }
    const ended = new AbortController();
    try {
      const { signal } = ended;
      await Promise.race([
        once(socket, 'readable', { signal }),
        once(socket, 'end', { signal }),
        once(socket, 'close', { signal }),
      ]);
    } finally {
      ended.abort();
    }
  }
}
