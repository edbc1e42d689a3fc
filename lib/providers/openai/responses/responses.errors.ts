import type { ProviderErrorDetail } from '../../../errors/http-error.js';
import { readOpenAIError } from '../openai.errors.js';
import { isFields } from '../../kit/fields.js';

const CONTENT_POLICY_CODES = new Set(['image_content_policy_violation', 'bio_policy']);

/** Reads the error of a response or of an `error` event; it may be in `error`, or be the event itself. */
export function readFailure(body: unknown): ProviderErrorDetail {
  const detail = readOpenAIError(body, 200);
  if (detail === undefined) return { message: 'the response failed, and does not say why', status: 500 };
  const { code, type } = detail;
  return {
    ...detail,
    // The type of the event, which is not one of an error.
    type: type === 'error' ? undefined : type,
    status: detail.status ?? (code === undefined ? 500 : 400),
    kind: code !== undefined && CONTENT_POLICY_CODES.has(code) ? 'content_policy' : detail.kind,
  };
}

/** Reads OpenAI's error document, and the error of a response that failed under a status of success. */
export function readResponsesError(body: unknown, status: number): ProviderErrorDetail | undefined {
  const failed = isFields(body) && body['object'] === 'response' && body['status'] === 'failed';
  return failed ? readFailure(body) : readOpenAIError(body, status);
}
