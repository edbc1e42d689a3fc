import { attachPartial, LlmError, type LlmErrorInit, type PartialResult } from './llm.error.js';

/** The module's options, or a provider's, are wrong or incomplete. Thrown when the module starts. */
export class LlmConfigurationError extends LlmError {
  constructor(message: string, init: LlmErrorInit = {}) {
    super(message, { code: 'invalid_configuration', ...init });
  }
}

/** The provider answered with an error status that has no class of its own. */
export class APIError extends LlmError {}

/** 400: the provider, or this package before sending, refused the request. */
export class BadRequestError extends APIError {
  constructor(message: string, init: LlmErrorInit = {}) {
    super(message, { code: 'invalid_request', type: 'invalid_request_error', ...init });
  }
}

/** The conversation does not fit the model's context window. */
export class ContextWindowExceededError extends BadRequestError {}

/** The provider's content policy refused the request. */
export class ContentPolicyViolationError extends BadRequestError {}

/** The request has OpenAI parameters that the provider lacks; `dropParams` would leave them out. */
export class UnsupportedParamsError extends BadRequestError {
  constructor(
    message: string,
    /** Names of the request fields. */
    readonly params: readonly string[],
    init: LlmErrorInit = {},
  ) {
    super(message, {
      code: 'unsupported_params',
      ...(params[0] !== undefined && { param: params[0] }),
      ...init,
    });
  }
}

/** The model's prefix names no registered provider. */
export class UnknownProviderError extends BadRequestError {
  constructor(message: string, init: LlmErrorInit = {}) {
    super(message, { code: 'unknown_provider', param: 'model', ...init });
  }
}

/** 401, or no key is configured. */
export class AuthenticationError extends APIError {}

/** 403. */
export class PermissionDeniedError extends APIError {}

/** 404: most often a model or deployment that does not exist. */
export class NotFoundError extends APIError {}

/** 409. */
export class ConflictError extends APIError {}

/** 422. */
export class UnprocessableEntityError extends APIError {}

/** 429. */
export class RateLimitError extends APIError {}

/** 500 and other 5xx. */
export class InternalServerError extends APIError {}

/** 502. */
export class BadGatewayError extends InternalServerError {}

/** 503, and 529 (overloaded). */
export class ServiceUnavailableError extends InternalServerError {}

/** The provider answered with success, but with something that is not its API's format. */
export class APIResponseValidationError extends APIError {
  constructor(message: string, init: LlmErrorInit = {}) {
    super(message, { code: 'invalid_response', ...init });
  }
}

/** No connection, or the connection broke. */
export class APIConnectionError extends LlmError {
  constructor(message: string, init: LlmErrorInit = {}) {
    super(message, { code: 'connection_error', ...init });
  }
}

/** One of the time limits expired; `phase` says which. */
export class APITimeoutError extends APIConnectionError {
  constructor(
    message: string,
    /** The limit that expired, in milliseconds; 0 when a session kept it itself and does not tell. */
    readonly timeoutMs: number,
    init: LlmErrorInit = {},
  ) {
    super(message, { code: 'timeout', ...init });
  }
}

/**
 * As many calls as the session allows wait for their place already, so this one was refused at once. It is not tried
 * again by itself: that would make the queue longer by other means.
 */
export class QueueFullError extends LlmError {
  constructor(
    message: string,
    /** How many calls may wait. */
    readonly maxQueue: number,
    init: LlmErrorInit = {},
  ) {
    super(message, { code: 'queue_full', phase: 'queue', ...init });
  }
}

export interface ProxyErrorInit extends LlmErrorInit {
  /** The proxy as `scheme://host:port`, never with its credentials. */
  readonly proxy: string;
  /** Where the proxy was set: `http.proxy`, or the environment variable. */
  readonly source: string;
  /** The status that the proxy answered with, if it did. */
  readonly proxyStatus?: number;
}

/**
 * The proxy could not be reached, or did not lead on to the provider: nothing was sent. `code` is
 * `proxy_authentication_required` when it wants other credentials, or any; `proxy_refused` when it answered that it will
 * not, or could not, connect; otherwise `proxy_error`.
 */
export class ProxyError extends APIConnectionError {
  readonly proxy: string;
  readonly source: string;
  readonly proxyStatus: number | undefined;

  constructor(message: string, init: ProxyErrorInit) {
    super(message, { code: 'proxy_error', phase: 'connect', ...init });
    this.proxy = init.proxy;
    this.source = init.source;
    this.proxyStatus = init.proxyStatus;
  }
}

/** The provider failed again and again: the call was not sent. `retryAfterMs` says when the next one is tried. */
export class CircuitOpenError extends ServiceUnavailableError {
  constructor(provider: string, model: string, retryAfterMs: number) {
    super(
      `${provider}: the circuit is open after repeated failures, so nothing was sent; the next try is in ${Math.ceil(retryAfterMs)} ms`,
      { code: 'circuit_open', provider, model, phase: 'request', retryAfterMs },
    );
  }
}

/** The caller's signal, or `ChatStream.abort()`, ended the call. The reason is the `cause`. */
export class APIUserAbortError extends LlmError {
  constructor(message: string, init: LlmErrorInit = {}) {
    super(message, { code: 'aborted', ...init });
  }
}

/** A stream ended, or broke, before the provider's terminal event. */
export class StreamInterruptedError extends APIConnectionError {
  declare readonly partial: PartialResult;

  constructor(message: string, partial: PartialResult, init: LlmErrorInit = {}) {
    super(message, { code: 'stream_interrupted', phase: 'body', ...init });
    attachPartial(this, partial);
  }
}

/** The injected session is closed, or the module has shut down. */
export class SessionClosedError extends APIConnectionError {
  constructor(message: string, init: LlmErrorInit = {}) {
    super(message, { code: 'session_closed', ...init });
  }
}

// By a table, since a minifier that shortens the classes' names leaves the keys alone: logs and alerts go by them.
const CLASSES = {
  LlmError,
  LlmConfigurationError,
  APIError,
  BadRequestError,
  ContextWindowExceededError,
  ContentPolicyViolationError,
  UnsupportedParamsError,
  UnknownProviderError,
  AuthenticationError,
  PermissionDeniedError,
  NotFoundError,
  ConflictError,
  UnprocessableEntityError,
  RateLimitError,
  InternalServerError,
  BadGatewayError,
  ServiceUnavailableError,
  APIResponseValidationError,
  APIConnectionError,
  APITimeoutError,
  QueueFullError,
  ProxyError,
  CircuitOpenError,
  APIUserAbortError,
  StreamInterruptedError,
  SessionClosedError,
};

for (const [name, { prototype }] of Object.entries(CLASSES)) {
  Object.defineProperty(prototype, 'name', { value: name, configurable: true, writable: true });
}
