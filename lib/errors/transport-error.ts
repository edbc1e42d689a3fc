import {
  APIConnectionError,
  APITimeoutError,
  BadRequestError,
  LlmConfigurationError,
  ProxyError,
  QueueFullError,
  SessionClosedError,
} from './errors.js';
import { LlmError, type LlmErrorPhase } from './llm.error.js';
import { redact, redactCause, toError } from './redact.js';
import { tlsFailure } from './tls-failure.js';

export interface TransportErrorContext {
  readonly provider: string;
  readonly model: string;
  readonly host: string;
  readonly phase: LlmErrorPhase;
  /** The connection had served an earlier request and broke at once: the provider closed it while it was idle. */
  readonly stale: boolean;
  readonly secrets: readonly string[];
}

interface SystemError extends Error {
  code?: string;
  errors?: readonly SystemError[];
}

/**
 * Node's name of the code, in the message of its `ERR_HTTP2_STREAM_ERROR`. It says that the server has not processed the request.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9113#section-8.7}
 */
const REFUSED_STREAM = /\bNGHTTP2_REFUSED_STREAM\b/;

const DNS_ADVICE = 'check the host name and the DNS of this machine';

const ADVICE: Readonly<Record<string, string>> = {
  ENOTFOUND: DNS_ADVICE,
  EAI_AGAIN: DNS_ADVICE,
  ECONNREFUSED: 'nothing listens there; check the base URL and that the server runs',
  EHOSTUNREACH: 'no route to the host; check the network and the proxy settings',
  ENETUNREACH: 'no route to the network; check the network and the proxy settings',
};

function codeOf(error: SystemError): string {
  return error.code ?? error.errors?.[0]?.code ?? '';
}

/** Makes the typed error of a failure below HTTP: undici's, a socket's, a user session's. */
export function fromTransport(error: unknown, context: TransportErrorContext): LlmError {
  const { provider, model, host, phase } = context;
  // What the session itself throws knows neither provider nor model, and may be one object for several calls.
  if (error instanceof ProxyError) {
    const { message, code, retryable, proxy, source, proxyStatus, cause } = error;
    const told = { code, retryable, proxy, source, proxyStatus, cause };
    return new ProxyError(`${provider}: ${message}`, { provider, model, ...told });
  }
  if (error instanceof QueueFullError) {
    return new QueueFullError(`${provider}: ${error.message}`, error.maxQueue, { provider, model });
  }
  if (error instanceof LlmError) return error.locate(provider, model);
  const source: SystemError = toError(error);
  const code = codeOf(source);
  const cause = redactCause(source, context.secrets);
  const said = redact(source.message, context.secrets) || code;
  const init = { provider, model, phase, cause };

  switch (code) {
    case 'UND_ERR_CLOSED':
    case 'UND_ERR_DESTROYED':
      return new SessionClosedError(
        `${provider}: the HTTP session is closed, so nothing was sent to ${host}; whoever made it closed it`,
        init,
      );
    case 'UND_ERR_CONNECT_TIMEOUT':
    case 'ETIMEDOUT': {
      if (phase !== 'connect') break;
      // undici tells its limit in the message only; the operating system does not tell its own.
      const limit = Number(/timeout: (\d+)ms/.exec(source.message)?.[1] ?? 0);
      return new APITimeoutError(
        `${provider}: no connection to ${host} within the ${limit > 0 ? `${limit} ms` : 'time'} that the session allows; check the network and the proxy settings, or raise the session's connect timeout`,
        limit,
        { ...init, retryable: true },
      );
    }
    case 'UND_ERR_HEADERS_TIMEOUT':
    case 'UND_ERR_BODY_TIMEOUT':
      return new APITimeoutError(
        `${provider}: the session's own ${code === 'UND_ERR_BODY_TIMEOUT' ? 'bodyTimeout' : 'headersTimeout'} ended the call to ${host}; set it to 0 on the session and use this package's time limits`,
        0,
        { ...init, phase: code === 'UND_ERR_BODY_TIMEOUT' ? 'idle' : 'firstByte' },
      );
    case 'UND_ERR_INVALID_ARG':
      if (/invalid on\w+ method/.test(source.message)) {
        return new LlmConfigurationError(
          'the injected session is not a dispatcher of undici 7.30 or 8.12 or later (Node 20 and 22 bundle undici 6): make it with the installed undici package',
          init,
        );
      }
      return new BadRequestError(`${provider}: undici refused the request to ${host}: ${said}`, init);
  }
  const tls = tlsFailure(code, (cause as Error).message);
  if (tls !== undefined && phase !== 'body') {
    return new APIConnectionError(`${provider}: no TLS connection to ${host}: ${tls}`, {
      ...init,
      phase: 'connect',
      code: 'tls_error',
    });
  }
  if (phase === 'connect') {
    const advice = ADVICE[code];
    return new APIConnectionError(
      `${provider}: could not connect to ${host}: ${said}${advice === undefined ? '' : `; ${advice}`}`,
      { ...init, retryable: code !== 'UND_MOCK_ERR_MOCK_NOT_MATCHED' },
    );
  }
  if (phase === 'firstByte' && REFUSED_STREAM.test(source.message)) {
    return new APIConnectionError(
      `${provider}: ${host} refused the request's HTTP/2 stream (REFUSED_STREAM), so nothing was done with it: it bears no more streams at once`,
      { ...init, code: 'stream_refused', retryable: true },
    );
  }
  const when = phase === 'firstByte' ? 'before the response began' : 'while the response was being read';
  return new APIConnectionError(`${provider}: the connection to ${host} broke ${when}: ${said}`, {
    ...init,
    retryable: context.stale,
  });
}
