import { noProxy } from './no-proxy.js';
import { parseProxy, type ProxyServer } from './proxy-server.js';

/** The proxy for a target, or `undefined` when it is to be reached directly. */
export type ProxyRoute = (
  protocol: string,
  hostname: string,
  port: string | number | null | undefined,
) => ProxyServer | undefined;

/**
 * The way to each target.
 *
 * @param setting `'env'` reads HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY, now and once, in lower case first; a URL
 * is for every target; `false` is no proxy
 * @returns `undefined` when no target has a proxy
 * @throws {LlmConfigurationError} naming the option or the variable that is no proxy URL
 */
export function proxyRoute(
  setting: string | false,
  env: NodeJS.ProcessEnv = process.env,
): ProxyRoute | undefined {
  if (setting === false) return undefined;
  if (setting !== 'env') {
    const server = parseProxy(setting, 'http.proxy');
    return () => server;
  }
  const forAll = read(env, 'all_proxy');
  const forHttp = read(env, 'http_proxy') ?? forAll;
  const forHttps = read(env, 'https_proxy') ?? forAll;
  if (forHttp === undefined && forHttps === undefined) return undefined;
  const isDirect = noProxy(env['no_proxy'] || env['NO_PROXY'] || '');
  return (protocol, hostname, port) => {
    const server = protocol === 'https:' ? forHttps : forHttp;
    if (server === undefined) return undefined;
    const name = hostname.replace(/^\[|\]$/g, '').toLowerCase();
    return isDirect(name, String(port || (protocol === 'https:' ? 443 : 80))) ? undefined : server;
  };
}

/** An empty variable counts as one that is not set. */
function read(env: NodeJS.ProcessEnv, lower: string): ProxyServer | undefined {
  for (const name of [lower, lower.toUpperCase()]) {
    const value = env[name]?.trim();
    // In a CGI process HTTP_PROXY is the client's `Proxy:` header: https://httpoxy.org
    if (!value || (name === 'HTTP_PROXY' && env['REQUEST_METHOD'] !== undefined)) continue;
    return parseProxy(value, name);
  }
  return undefined;
}
