import { ProxyError } from '../../../errors/errors.js';
import { tlsFailure } from '../../../errors/tls-failure.js';
import type { ProxyServer } from './proxy-server.js';

/** A proxy that could not be reached, or that did not do its part. */
export function proxyError(server: ProxyServer, what: string, cause?: Error): ProxyError {
  const { label, source } = server;
  const { code = '', message = '' }: { code?: string; message?: string } = cause ?? {};
  const tls = cause === undefined ? undefined : tlsFailure(code, message);
  const why = tls ?? (message || code);
  return new ProxyError(`the proxy ${label} (${source}) ${what}${why === '' ? '' : `: ${why}`}`, {
    proxy: label,
    source,
    // A certificate is as wrong the next time.
    retryable: tls === undefined,
    cause,
  });
}

/** The proxy wants credentials, or did not accept those of its URL. */
export function credentialsRefused(server: ProxyServer, proxyStatus?: number): ProxyError {
  const { label, source, username } = server;
  const why =
    username === ''
      ? `asks for credentials, and ${source} has none: write them as scheme://user:password@host:port`
      : `did not accept the user name and password in ${source}`;
  return new ProxyError(`the proxy ${label} ${why}${proxyStatus === undefined ? '' : ` (${proxyStatus})`}`, {
    proxy: label,
    source,
    proxyStatus,
    code: 'proxy_authentication_required',
  });
}

/** The proxy answered CONNECT with something other than success. */
export function refusal(server: ProxyServer, authority: string, proxyStatus: number): ProxyError {
  // tinyproxy answers wrong credentials with 401.
  if (proxyStatus === 407 || proxyStatus === 401) return credentialsRefused(server, proxyStatus);
  const { label, source } = server;
  // Gateway errors speak of the way behind the proxy; the others of its rules.
  const gateway = proxyStatus >= 500;
  return new ProxyError(
    gateway
      ? `the proxy ${label} (${source}) could not connect to ${authority} (${proxyStatus})`
      : `the proxy ${label} (${source}) refuses to connect to ${authority} (${proxyStatus}); its rules have to allow it, or NO_PROXY has to name the host`,
    { proxy: label, source, proxyStatus, code: 'proxy_refused', retryable: gateway },
  );
}
