import { APIResponseValidationError } from '../errors/errors.js';
import { excerptOf, fromHttpError, readRequestId } from '../errors/http-error.js';
import type { LlmError } from '../errors/llm.error.js';
import { secretsOf } from '../errors/redact.js';
import type { HttpReply } from '../transport/exchange/http-request.interface.js';
import type { FormatContext } from '../providers/provider-adapter.interface.js';
import type { ProviderClient } from '../deployments/provider-client.js';

/** What a text says as JSON; the text itself where it is not that. */
export function parseOrText(text: string): unknown {
  try {
    return JSON.parse(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text) as unknown;
  } catch {
    return text;
  }
}

function errorContext(reply: HttpReply, { host }: ProviderClient, { provider, model }: FormatContext) {
  const { status, headers, sentHeaders, held } = reply;
  return {
    provider,
    model: `${provider}/${model}`,
    host,
    status,
    headers,
    secrets: secretsOf(sentHeaders, held),
  };
}

function excerpt(body: unknown, secrets: readonly string[]): string {
  return excerptOf(typeof body === 'string' ? body : JSON.stringify(body), secrets);
}

/** Makes the typed error of a reply with an error status. */
export function toHttpError(reply: HttpReply, client: ProviderClient, context: FormatContext): LlmError {
  const body = parseOrText(reply.body!.toString());
  const base = errorContext(reply, client, context);
  const detail = client.adapter.readError(body, reply.status) ?? { message: excerpt(body, base.secrets) };
  const retryable = reply.status === 401 && client.reject?.(reply.sentHeaders) === true;
  return fromHttpError(detail, { ...base, ...(retryable && { retryable }) });
}

/**
 * Reads the document of a successful reply.
 *
 * @param read makes the result, or `undefined` when the document is not what it should be
 * @throws {APIError} of the error that the document reports, though its status was one of success
 * @throws {APIResponseValidationError} when it is no JSON, or not of the provider's format
 */
export function readDocument<Result>(
  reply: HttpReply,
  client: ProviderClient,
  context: FormatContext,
  read: (body: unknown) => Result | undefined,
): Result {
  const body = parseOrText(reply.body!.toString());
  let result: Result | undefined;
  let cause: TypeError | undefined;
  try {
    if (typeof body === 'object') result = read(body);
  } catch (error) {
    // A field of a type that the API does not give it.
    if (!(error instanceof TypeError)) throw error;
    cause = error;
  }
  if (result !== undefined) return result;
  const detail = client.adapter.readError(body, reply.status);
  const base = errorContext(reply, client, context);
  const error =
    detail === undefined
      ? new APIResponseValidationError(
          `${base.provider} (${base.host}) answered ${base.status} with something that is not its API's format: ${excerpt(body, base.secrets)}`,
          {
            status: base.status,
            provider: base.provider,
            model: base.model,
            phase: 'body',
            requestId: readRequestId(base.headers, base.secrets),
            cause,
          },
        )
      : fromHttpError(detail, { ...base, status: detail.status ?? base.status });
  const { name, phase } = error;
  const { attempts } = reply;
  error.attempts = [...attempts.slice(0, -1), { ...attempts.at(-1)!, error: name, phase }];
  throw error;
}
