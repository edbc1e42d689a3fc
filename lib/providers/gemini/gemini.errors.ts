import type { ProviderErrorDetail } from '../../errors/http-error.js';
import { errorText } from '../kit/error-text.js';
import { isFields, type Fields } from '../kit/fields.js';

/** What the details of a Google error say, by the last part of their type's name. */
function detailsOf(error: Fields): ReadonlyMap<string, Fields> {
  const details = new Map<string, Fields>();
  for (const detail of Array.isArray(error['details']) ? (error['details'] as unknown[]) : []) {
    if (!isFields(detail)) continue;
    const type = errorText(detail['@type']);
    if (type !== undefined) details.set(type.slice(type.lastIndexOf('.') + 1), detail);
  }
  return details;
}

/** Only the wording tells it from other invalid arguments. */
const CONTEXT_WINDOW_TEXT = /input token count.{0,99}exceeds the maximum|exceeds the (maximum )?context/i;

const BAD_KEY_REASONS = new Set(['API_KEY_INVALID', 'API_KEY_EXPIRED', 'ACCESS_TOKEN_EXPIRED']);

/** OpenAI's codes: Google's own are no more than the status in words. */
const CODE_BY_KIND = {
  authentication: 'invalid_api_key',
  context_window: 'context_length_exceeded',
  quota: 'insufficient_quota',
} as const;

/** A limit that waiting a little does not lift: one a day, or of nothing at all. */
function isUsedUp(details: ReadonlyMap<string, Fields>): boolean {
  const violations = details.get('QuotaFailure')?.['violations'];
  const metadata = details.get('ErrorInfo')?.['metadata'];
  return (
    (Array.isArray(violations) &&
      violations.some((violation) => isFields(violation) && /PerDay/.test(String(violation['quotaId'])))) ||
    (isFields(metadata) && metadata['quota_limit_value'] === '0')
  );
}

function kindOf(
  status: number,
  message: string,
  details: ReadonlyMap<string, Fields>,
): keyof typeof CODE_BY_KIND | undefined {
  if (BAD_KEY_REASONS.has(String(details.get('ErrorInfo')?.['reason']))) return 'authentication';
  if (status === 429 && isUsedUp(details)) return 'quota';
  if (status === 400 && CONTEXT_WINDOW_TEXT.test(message)) return 'context_window';
  return undefined;
}

/** `34.4s`, as protocol buffers write durations in JSON. */
function readDelay(delay: unknown): number | undefined {
  const match = /^(\d+(?:\.\d+)?)s$/.exec(String(delay));
  return match === null ? undefined : Math.round(Number(match[1]) * 1000);
}

/**
 * Reads Google's error document, `{ error: { code, message, status, details } }`, also in a list, as a streamed call
 * without `alt=sse` gets it.
 *
 * @see {@link https://cloud.google.com/apis/design/errors}
 */
export function readGeminiError(body: unknown, status: number): ProviderErrorDetail | undefined {
  if (Array.isArray(body)) return body.length > 0 ? readGeminiError(body[0], status) : undefined;
  if (!isFields(body) || !isFields(body['error'])) return undefined;
  const { error } = body as { error: Fields };
  const code = Number(error['code']);
  const ownStatus = code >= 400 && code < 600 ? code : undefined;
  const name = errorText(error['status']);
  const message = errorText(error['message']) ?? name ?? 'no message';
  const details = detailsOf(error);
  const kind = kindOf(ownStatus ?? status, message, details);
  return {
    message,
    type: name,
    code: kind === undefined ? errorText(details.get('ErrorInfo')?.['reason']) : CODE_BY_KIND[kind],
    status: ownStatus,
    kind,
    retryAfterMs: readDelay(details.get('RetryInfo')?.['retryDelay']),
  };
}
