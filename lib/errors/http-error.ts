import {
  APIError,
  AuthenticationError,
  BadGatewayError,
  BadRequestError,
  ConflictError,
  ContentPolicyViolationError,
  ContextWindowExceededError,
  InternalServerError,
  NotFoundError,
  PermissionDeniedError,
  RateLimitError,
  ServiceUnavailableError,
  UnprocessableEntityError,
} from './errors.js';
import type { HttpHeaders } from './http-headers.interface.js';
import type { LlmErrorInit } from './llm.error.js';
import { redact } from './redact.js';
import { readRetryAfter } from './retry-after.js';

/** What a provider's error body, or its error event, says. */
export interface ProviderErrorDetail {
  readonly message: string;
  readonly type?: string | undefined;
  readonly code?: string | undefined;
  readonly param?: string | undefined;
  /** Told apart by the adapter, where the status alone does not. */
  readonly kind?: 'authentication' | 'context_window' | 'content_policy' | 'quota' | undefined;
  /** The status that an error event inside of a stream stands for. */
  readonly status?: number | undefined;
  /** Milliseconds to wait that the body asks for, where no header does. */
  readonly retryAfterMs?: number | undefined;
}

export interface HttpErrorContext {
  readonly provider: string;
  readonly model: string;
  readonly host: string;
  readonly status: number;
  readonly headers: HttpHeaders;
  readonly secrets: readonly string[];
  /** Known otherwise than by the status. */
  readonly retryable?: boolean;
}

/** Names of the header that carries the provider's id of a request. */
const REQUEST_ID_HEADERS = ['x-request-id', 'request-id', 'x-amzn-requestid', 'apim-request-id', 'cf-ray'];

/**
 * An answer of these says that the request was not worked on, so that it costs nothing to send it again. Those from 521 on,
 * but for Anthropic's 529, are Cloudflare's for an origin that it did not reach.
 *
 * @see {@link https://developers.cloudflare.com/support/troubleshooting/http-status-codes/cloudflare-5xx-errors/}
 */
const RETRYABLE = new Set([408, 409, 429, 500, 502, 503, 521, 522, 523, 525, 526, 529, 530]);

type HttpErrorClass = new (message: string, init: LlmErrorInit) => APIError;

const BY_STATUS: Readonly<Record<number, HttpErrorClass>> = {
  400: BadRequestError,
  401: AuthenticationError,
  403: PermissionDeniedError,
  404: NotFoundError,
  409: ConflictError,
  422: UnprocessableEntityError,
  429: RateLimitError,
  502: BadGatewayError,
  503: ServiceUnavailableError,
  529: ServiceUnavailableError,
};

const DEFAULT_CODE: Readonly<Record<number, string>> = {
  400: 'invalid_request',
  401: 'invalid_api_key',
  403: 'permission_denied',
  404: 'not_found',
  429: 'rate_limit_exceeded',
  503: 'service_unavailable',
  529: 'overloaded',
};

function classOf(status: number, kind: ProviderErrorDetail['kind']): HttpErrorClass {
  if (kind === 'authentication') return AuthenticationError;
  if (kind === 'context_window') return ContextWindowExceededError;
  if (kind === 'content_policy') return ContentPolicyViolationError;
  return BY_STATUS[status] ?? (status >= 500 ? InternalServerError : APIError);
}

/** @param secrets of the call: an address that repeats what it got does so in any header */
/** What is paid for is used up: one code for all providers, whose own is among the message and the type. */
const QUOTA_EXHAUSTED = 'quota_exhausted';

function codeOf({ kind, code }: ProviderErrorDetail, otherwise: string): string {
  return kind === 'quota' ? QUOTA_EXHAUSTED : (code ?? otherwise);
}

export function readRequestId(headers: HttpHeaders, secrets: readonly string[]): string | undefined {
  for (const name of REQUEST_ID_HEADERS) {
    const value = headers[name];
    if (typeof value === 'string') return redact(value, secrets);
  }
  return undefined;
}

/** Characters of what a provider says of an error: more is no message. */
const MAX_MESSAGE = 4096;
const MAX_WORD = 256;

/** What the provider said, without the credentials that some repeat, and no longer than a log can take. */
function withoutSecrets(detail: ProviderErrorDetail, secrets: readonly string[]): ProviderErrorDetail {
  const clean = (text: string | undefined) => text && redact(cut(text, MAX_WORD, secrets), secrets);
  return {
    ...detail,
    message: redact(cut(detail.message, MAX_MESSAGE, secrets), secrets),
    code: clean(detail.code),
    type: clean(detail.type),
    param: clean(detail.param),
  };
}

/** Makes the typed error of an answer with an error status: by the status first, by what its body says second. */
export function fromHttpError(said: ProviderErrorDetail, context: HttpErrorContext): APIError {
  const { provider, model, host, status, headers, secrets } = context;
  const detail = withoutSecrets(said, secrets);
  const shouldRetry = headers['x-should-retry'];
  const retryable =
    context.retryable ??
    (shouldRetry === undefined ? RETRYABLE.has(status) && detail.kind === undefined : shouldRetry === 'true');
  const location = headers['location'];
  const redirect =
    status < 400 && typeof location === 'string'
      ? `; it redirects to ${redact(location, secrets)}: check the base URL`
      : '';
  return new (classOf(status, detail.kind))(
    `${provider} (${host}) answered ${status}: ${detail.message}${redirect}`,
    {
      status,
      provider,
      model,
      phase: 'body',
      retryable,
      retryAfterMs: readRetryAfter(headers, Date.now()) ?? detail.retryAfterMs,
      requestId: readRequestId(headers, secrets),
      code: codeOf(detail, DEFAULT_CODE[status] ?? (status >= 500 ? 'server_error' : 'api_error')),
      type: detail.type,
      param: detail.param,
    },
  );
}

/**
 * Makes the typed error of an error event inside of a stream.
 *
 * @param context `retryable`: whether nothing of the answer had come, so that the status counts as one of the answer
 */
export function fromErrorEvent(
  said: ProviderErrorDetail,
  context: Omit<HttpErrorContext, 'status'>,
): APIError {
  const detail = withoutSecrets(said, context.secrets);
  const status = detail.status ?? 500;
  return new (classOf(status, detail.kind))(
    `${context.provider} (${context.host}) ended its stream with an error: ${detail.message}`,
    {
      status: detail.status,
      provider: context.provider,
      model: context.model,
      phase: 'body',
      retryable: context.retryable === true && RETRYABLE.has(status) && detail.kind !== 'quota',
      retryAfterMs: detail.retryAfterMs,
      requestId: readRequestId(context.headers, context.secrets),
      code: codeOf(detail, DEFAULT_CODE[status] ?? 'server_error'),
      type: detail.type,
      param: detail.param,
    },
  );
}

/** Characters of a body in which a message's text is looked for: an HTML page may have its styles in front of it. */
const SEARCHED = 64 * 1024;

/** Characters of it that a message quotes. */
const QUOTED = 300;

/** A body that is not the provider's JSON, such as a proxy's HTML page, cut down to what fits a message. */
export function excerptOf(body: string, secrets: readonly string[] = []): string {
  const text = withoutTags(redact(cut(body, SEARCHED, secrets), secrets))
    .replace(/\s+/g, ' ')
    .trim();
  if (text === '') return 'no text in its body';
  return text.length > QUOTED ? `${text.slice(0, QUOTED)}…` : text;
}

/** The begin of a text, which ends in front of a secret rather than inside: half of one would not be found later. */
function cut(text: string, length: number, secrets: readonly string[]): string {
  if (text.length <= length) return text;
  let end = length;
  for (let last = Infinity; end < last;) {
    last = end;
    for (const secret of secrets) {
      const from = Math.max(0, end - secret.length + 1);
      const at = text.slice(from, end + secret.length - 1).indexOf(secret);
      if (at !== -1) end = from + at;
    }
  }
  return text.slice(0, end);
}

/** Tags, and all that stands in scripts and styles, left out. Each character is looked at once or twice. */
function withoutTags(html: string): string {
  let text = '';
  for (let from = 0; ;) {
    const open = html.indexOf('<', from);
    const close = open === -1 ? -1 : html.indexOf('>', open);
    if (close === -1) return text + html.slice(from);
    text += `${html.slice(from, open)} `;
    from = close + 1;
    const hidden = /^<(script|style)\b/i.exec(html.slice(open, open + 8))?.[1];
    if (hidden === undefined) continue;
    const end = new RegExp(`</${hidden}`, 'gi');
    end.lastIndex = from;
    const ended = end.exec(html);
    if (ended === null) return text;
    from = ended.index;
  }
}
