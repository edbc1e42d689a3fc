import type { ProviderErrorDetail } from '../../errors/http-error.js';
import { errorText } from '../kit/error-text.js';
import { isFields } from '../kit/fields.js';

/**
 * The status that an error's type stands for: an error event inside of a stream has no other.
 *
 * @see {@link https://platform.claude.com/docs/en/api/errors}
 */
const STATUS_BY_TYPE: Readonly<Record<string, number>> = {
  invalid_request_error: 400,
  authentication_error: 401,
  billing_error: 402,
  permission_error: 403,
  not_found_error: 404,
  request_too_large: 413,
  rate_limit_error: 429,
  api_error: 500,
  timeout_error: 504,
  overloaded_error: 529,
};

/** The API has one type for every request that it refuses, so that only the wording tells these apart. */
const CONTEXT_WINDOW =
  /prompt is too long|exceeds? the context|exceed context limit|context window|maximum context length/i;
const CONTENT_POLICY = /content filtering policy|usage policy/i;
const NO_CREDIT = /credit balance is too low/i;

const CODE_BY_KIND = {
  context_window: 'context_length_exceeded',
  content_policy: 'content_policy_violation',
  quota: 'insufficient_quota',
} as const;

function kindOf(type: string | undefined, message: string): keyof typeof CODE_BY_KIND | undefined {
  if (type === 'billing_error') return 'quota';
  if (type !== undefined && type !== 'invalid_request_error') return undefined;
  if (CONTEXT_WINDOW.test(message)) return 'context_window';
  if (CONTENT_POLICY.test(message)) return 'content_policy';
  return NO_CREDIT.test(message) ? 'quota' : undefined;
}

/**
 * Reads Anthropic's error document, `{ type: 'error', error: { type, message } }`, which is its error event too.
 *
 * @returns `undefined` when `body` is none
 */
export function readAnthropicError(body: unknown): ProviderErrorDetail | undefined {
  if (!isFields(body)) return undefined;
  const { error } = body;
  if (!isFields(error)) return undefined;
  const { type, message } = error;
  if (typeof message !== 'string' && typeof type !== 'string') return undefined;
  const name = typeof type === 'string' ? type : undefined;
  const text = errorText(message) ?? name ?? 'an error without a message';
  const kind = kindOf(name, text);
  return {
    message: text,
    type: name,
    kind,
    code: kind === undefined ? undefined : CODE_BY_KIND[kind],
    status: name === undefined ? undefined : STATUS_BY_TYPE[name],
  };
}
