import type { ProviderErrorDetail } from '../../errors/http-error.js';
import { isFields } from '../kit/fields.js';

/** OpenAI's code first; the wording only for servers that send none. */
const CONTEXT_WINDOW_CODES = new Set([
  'context_length_exceeded',
  'string_above_max_length',
  'model_max_prompt_tokens_exceeded',
]);
const CONTEXT_WINDOW_TEXT =
  /maximum context length|context (length|window)|too many tokens|prompt is too long/i;
const CONTENT_POLICY_CODES = new Set([
  'content_policy_violation',
  'content_filter',
  'ResponsibleAIPolicyViolation',
]);

function text(value: unknown): string | undefined {
  if (typeof value === 'string' && value !== '') return value;
  return typeof value === 'number' ? String(value) : undefined;
}

function kindOf(
  code: string | undefined,
  type: string | undefined,
  message: string,
  status: number,
): ProviderErrorDetail['kind'] {
  if (code !== undefined && CONTEXT_WINDOW_CODES.has(code)) return 'context_window';
  if (code !== undefined && CONTENT_POLICY_CODES.has(code)) return 'content_policy';
  if (code === 'insufficient_quota' || type === 'insufficient_quota' || status === 402) return 'quota';
  if ((status === 400 || status === 413) && CONTEXT_WINDOW_TEXT.test(message)) return 'context_window';
  return undefined;
}

/**
 * Reads OpenAI's error document, `{ error: { message, type, param, code } }`, and the forms that compatible servers
 * have: a text as `error`, `message` or `detail` at the top (FastAPI's is a list), the document in a list.
 */
export function readOpenAIError(body: unknown, status: number): ProviderErrorDetail | undefined {
  if (Array.isArray(body)) return body.length > 0 ? readOpenAIError(body[0], status) : undefined;
  if (!isFields(body)) return undefined;
  const source = isFields(body['error']) ? body['error'] : body;
  const message = text(source['message']) ?? text(body['error']) ?? readDetail(source['detail']);
  if (message === undefined) return undefined;
  const code = text(source['code']);
  const type = text(source['type']);
  // Aggregators say the status of the provider behind them with a number in `code`, Azure in `status`.
  const coded = Number(code);
  const isCoded = coded >= 400 && coded < 600;
  return {
    message,
    type,
    code: isCoded ? undefined : code,
    param: text(source['param']),
    kind: kindOf(code, type, message, status),
    status: isCoded ? coded : readStatus(source['status']),
  };
}

function readStatus(value: unknown): number | undefined {
  return typeof value === 'number' && value >= 400 && value < 600 ? value : undefined;
}

function readDetail(detail: unknown): string | undefined {
  if (!Array.isArray(detail)) return text(detail);
  const messages = detail.map((item) =>
    isFields(item)
      ? `${Array.isArray(item['loc']) ? `${item['loc'].join('.')}: ` : ''}${text(item['msg']) ?? ''}`
      : '',
  );
  return text(messages.filter((message) => message !== '').join('; '));
}
