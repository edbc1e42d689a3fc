import { isIP } from 'node:net';
import { LlmConfigurationError } from '../../../errors/errors.js';
import { keepSecret } from '../../../errors/redact.js';

/** A proxy as its URL describes it. */
export interface ProxyServer {
  readonly protocol: 'http:' | 'https:' | 'socks5:';
  /** Without the brackets of an IPv6 address. */
  readonly hostname: string;
  readonly port: string;
  readonly username: string;
  readonly password: string;
  /** `scheme://host:port`, for messages: never with the credentials. */
  readonly label: string;
  /** `http.proxy`, or the environment variable that named it. */
  readonly source: string;
}

const DEFAULT_PORT = { 'http:': '80', 'https:': '443', 'socks5:': '1080' } as const;

/** `socks5h` is curl's name for what is done here anyway: the proxy resolves the name. */
const PROTOCOLS: Readonly<Record<string, ProxyServer['protocol']>> = {
  'http:': 'http:',
  'https:': 'https:',
  'socks5:': 'socks5:',
  'socks5h:': 'socks5:',
  'socks:': 'socks5:',
};

/**
 * Reads a proxy's URL. Without a scheme it is an `http://` one, as curl has it.
 *
 * @param source the option or the environment variable, for the message
 * @throws {LlmConfigurationError} never with the value, which may hold a password
 */
export function parseProxy(value: string, source: string): ProxyServer {
  const text = value.trim();
  const wrong = (why: string) =>
    new LlmConfigurationError(
      `${source} is no proxy URL: ${why}; it looks like http://user:password@proxy.example.com:3128, with http, https or socks5`,
    );
  let url: URL;
  try {
    url = new URL(/^[a-z][a-z\d+.-]*:\/\//i.test(text) ? text : `http://${text}`);
  } catch {
    throw wrong('it cannot be read as one');
  }
  const protocol = PROTOCOLS[url.protocol];
  if (protocol === undefined) throw wrong(`its scheme is ${url.protocol.slice(0, -1)}`);
  if (url.hostname === '') throw wrong('it has no host');
  if ((url.pathname !== '/' && url.pathname !== '') || url.search !== '' || url.hash !== '') {
    throw wrong('it has something after the host and the port');
  }
  let username: string, password: string;
  try {
    [username, password] = [decodeURIComponent(url.username), decodeURIComponent(url.password)];
  } catch {
    throw wrong('its user name or password has a % that is not encoded as %25');
  }
  if (password !== '') {
    for (const secret of [password, url.password, basicToken(username, password)]) keepSecret(secret);
  }
  const port = url.port || DEFAULT_PORT[protocol];
  return {
    protocol,
    hostname: url.hostname.replace(/^\[|\]$/g, ''),
    port,
    username,
    password,
    source,
    label: `${protocol}//${url.hostname}:${port}`,
  };
}

/** The value of `proxy-authorization`, if the proxy has credentials. */
export function proxyAuthorization({ username, password }: ProxyServer): string | undefined {
  if (username === '' && password === '') return undefined;
  return `Basic ${basicToken(username, password)}`;
}

function basicToken(username: string, password: string): string {
  return Buffer.from(`${username}:${password}`).toString('base64');
}

/** `host:port` with an IPv6 address in brackets. */
export function authorityOf(hostname: string, port: string): string {
  return `${isIP(hostname) === 6 ? `[${hostname}]` : hostname}:${port}`;
}
