import type { ProviderErrorDetail } from '../../errors/http-error.js';
import { errorText } from '../kit/error-text.js';
import { isFields, listOf, type Fields } from '../kit/fields.js';

/** OpenAI's code first; the wording only for servers that send none. */
const CONTEXT_WINDOW_CODES = new Set([
  'context_length_exceeded',
  'string_above_max_length',
  'model_max_prompt_tokens_exceeded',
  // Z.ai
  '1261',
]);

/** What the servers say of a prompt that is too long, in order: most; xAI; vLLM; llama.cpp; Moonshot; Alibaba; TGI. */
const CONTEXT_WINDOW_TEXT = new RegExp(
  [
    'maximum context length|context (?:length|window|size)|too many tokens|(?:prompt|input) is too long',
    'maximum prompt length',
    'maximum model length|max_tokens must be at least 1, got -|reduce the length of the (?:messages|prompt|input)',
    'when context the overflows|exceeds max length',
    'exceeded model token limit',
    'range of input length should be',
    'inputs. tokens \\+ .max_new_tokens|input tokens exceeds?',
  ].join('|'),
  'i',
);

/** OpenAI's; Alibaba's; Z.ai's; Volcengine's. */
const CONTENT_POLICY_CODES =
  /^(content_policy_violation|content_filter|responsibleaipolicyviolation|invalid_prompt|data_?inspection_?failed|1301|(input|output)?\w*sensitivecontentdetected.*)$/i;
/** DeepSeek's, and xAI's. */
const CONTENT_POLICY_TEXT = /^content exists risk|content violates usage guidelines/i;

/** OpenAI's; Moonshot's; Alibaba's; Z.ai's. */
const QUOTA_CODES = new Set([
  'insufficient_quota',
  'exceeded_current_quota_error',
  'billing_hard_limit_reached',
  'Arrearage',
  '1113',
]);
const QUOTA_TEXT = /insufficient (account )?balance|exceeded your current quota|used all available credits/i;

/** xAI answers 400 to a key that is none. */
const WRONG_KEY = /incorrect api key|invalid api key|api key (is )?(invalid|not valid)/i;

/**
 * The HTTP status that an error stands for which comes with 200, or inside of a stream, by its code or type.
 *
 * @see {@link https://platform.openai.com/docs/api-reference/responses/object#responses/object-error}
 */
const STATUS_BY_CODE: Readonly<Record<string, number>> = {
  authentication_error: 401,
  insufficient_quota: 429,
  invalid_api_key: 401,
  overloaded_error: 503,
  rate_limit_error: 429,
  rate_limit_exceeded: 429,
  server_error: 500,
  service_unavailable: 503,
  vector_store_timeout: 500,
};

/** @see {@link https://platform.minimax.io/docs/api-reference/errorcode} */
const STATUS_BY_MINIMAX: Readonly<Record<number, number>> = {
  1001: 504,
  1002: 429,
  1004: 401,
  1008: 402,
  1039: 429,
  2013: 400,
  2049: 401,
};
const MINIMAX_CONTENT = new Set([1026, 1027]);

function text(value: unknown): string | undefined {
  return typeof value === 'number' ? String(value) : errorText(value);
}

function kindOf(
  code: string | undefined,
  type: string | undefined,
  message: string,
  status: number,
): ProviderErrorDetail['kind'] {
  if (code !== undefined && CONTEXT_WINDOW_CODES.has(code)) return 'context_window';
  if (code !== undefined && CONTENT_POLICY_CODES.test(code)) return 'content_policy';
  if (CONTENT_POLICY_TEXT.test(message)) return 'content_policy';
  const isUsedUp = [code, type].some((one) => one !== undefined && QUOTA_CODES.has(one));
  if (isUsedUp || status === 402 || QUOTA_TEXT.test(message)) return 'quota';
  if (status === 400 && WRONG_KEY.test(message)) return 'authentication';
  const isOfRequest = status === 400 || status === 413 || status === 422;
  return isOfRequest && CONTEXT_WINDOW_TEXT.test(message) ? 'context_window' : undefined;
}

/**
 * Reads OpenAI's error document, `{ error: { message, type, param, code } }`, and the forms that compatible servers
 * have: a text as `error`, `message` or `detail` at the top (FastAPI's is a list), the document in a list, in a choice,
 * MiniMax's `base_resp`.
 *
 * @param status that of the answer; of an error inside of a stream 500
 */
export function readOpenAIError(body: unknown, status: number): ProviderErrorDetail | undefined {
  if (Array.isArray(body)) return body.length > 0 ? readOpenAIError(body[0], status) : undefined;
  if (!isFields(body)) return undefined;
  const ofChoice = errorOfChoices(body['choices']);
  if (ofChoice !== undefined && !body['error']) return readOpenAIError(ofChoice, status);
  const source = isFields(body['error']) ? body['error'] : body;
  const code = text(source['code']);
  const type = text(source['type']);
  const message =
    text(source['message']) ??
    text(body['error']) ??
    readDetail(source['detail']) ??
    // An error that says no more than its code.
    (source === body || (code ?? type) === undefined ? undefined : JSON.stringify(body).slice(0, 500));
  if (message === undefined) return readBaseResponse(body['base_resp']);
  // Aggregators say the status of the provider behind them with a number in `code`, Azure in `status`.
  const coded = Number(code);
  const isCoded = coded >= 400 && coded < 600;
  const said = isCoded ? coded : readStatus(source['status']);
  const known = said ?? STATUS_BY_CODE[code ?? ''] ?? STATUS_BY_CODE[type ?? ''];
  const isError = status >= 400 && status !== 500;
  const kind = kindOf(code, type, message, isError ? status : (known ?? 400));
  return {
    message,
    type,
    code: isCoded ? undefined : kind === 'authentication' ? 'invalid_api_key' : code,
    param: text(source['param']),
    kind,
    status: isError ? said : known,
  };
}

/** OpenRouter's: the provider behind it failed after it had taken the request. */
export function errorOfChoices(choices: unknown): Fields | undefined {
  for (const choice of listOf(choices)) {
    if (!isFields(choice)) continue;
    if (isFields(choice['error'])) return { error: choice['error'] };
    if (choice['finish_reason'] === 'error') {
      return { error: { message: 'the answer ended with an error (finish_reason "error")', code: 502 } };
    }
  }
  return undefined;
}

function readBaseResponse(response: unknown): ProviderErrorDetail | undefined {
  if (!isFields(response) || typeof response['status_code'] !== 'number' || response['status_code'] === 0) {
    return undefined;
  }
  const code = response['status_code'];
  const message = text(response['status_msg']) ?? `the answer has the status ${code}`;
  const status = STATUS_BY_MINIMAX[code] ?? (MINIMAX_CONTENT.has(code) ? 400 : 500);
  return {
    message,
    code: String(code),
    status,
    kind: MINIMAX_CONTENT.has(code) ? 'content_policy' : kindOf(undefined, undefined, message, status),
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
