import { APIResponseValidationError, BadRequestError } from '../errors/errors.js';
import {
  excerptOf,
  fromHttpError,
  readRequestId,
  type HttpErrorContext,
  type ProviderErrorDetail,
} from '../errors/http-error.js';
import { LlmError } from '../errors/llm.error.js';
import { redactCause, secretsOf } from '../errors/redact.js';
import { wrongAnswer } from './answer-checks.js';
import { isNestedTooDeep } from './nesting.js';
import type { HttpReply } from '../transport/exchange/http-request.interface.js';
import type { CountedTokens } from '../transport/exchange/provider-traffic.js';
import { parseOrText } from '../wire/parse-or-text.js';
import type { ProviderRequest } from './format-context.interface.js';
import type { OperationCall, OperationDeployment } from './operation.interface.js';

interface WithUsage {
  readonly usage?: CountedTokens | undefined;
}

/** Characters. */
const SHORT = 1024;

/** @param what the provider does not offer, so far as this package knows */
export function lacksOperation(provider: string, what: string): BadRequestError {
  return new BadRequestError(`${provider} has no ${what} that this package knows`, {
    provider,
    code: 'unsupported_operation',
  });
}

/** What errors tell of an answer. */
export function errorContextOf(
  { status, headers, sentHeaders, held }: HttpReply,
  {
    provider,
    model,
    deployment,
  }: Pick<OperationCall<unknown>, 'provider' | 'model'> & {
    readonly deployment: Pick<OperationDeployment, 'host'>;
  },
): HttpErrorContext & { readonly secrets: string[] } {
  return {
    provider,
    model: `${provider}/${model}`,
    host: deployment.host,
    status,
    headers,
    secrets: secretsOf(sentHeaders, held),
  };
}

/** What an error document says. One that the adapter fails on says nothing that it knows. */
export function readError(
  deployment: Pick<OperationDeployment, 'readError'>,
  body: unknown,
  status: number,
): ProviderErrorDetail | undefined {
  try {
    return deployment.readError(body, status);
  } catch {
    return undefined;
  }
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
  call: OperationCall<unknown>,
  read: (body: unknown) => Result | undefined,
): Result {
  const text = reply.body!.toString();
  const body = parseOrText(text);
  let result: Result | undefined;
  let cause: unknown;
  try {
    if (typeof body === 'object') result = read(body);
    // Who passes it on would fail to write it. A short text has no room for so many levels.
    if (text.length > SHORT && isNestedTooDeep(result)) throw wrongAnswer('it is nested too deep');
  } catch (error) {
    if (error instanceof LlmError && !(error instanceof APIResponseValidationError)) throw error;
    // Most often a field of a type that the API does not give it, or one that is nested too deep.
    cause = error;
  }
  if (result !== undefined && cause === undefined) return result;
  const detail = readError(call.deployment, body, reply.status);
  const base = errorContextOf(reply, call);
  throw detail === undefined
    ? invalid(text, cause, base)
    : fromHttpError(detail, { ...base, status: detail.status ?? base.status });
}

/**
 * Sends a translated request, and reads its whole answer. What reading it throws is tried again as its status would be.
 *
 * @param signal over the call's own
 */
export async function requestDocument<Result extends object>(
  call: OperationCall<unknown>,
  translated: ProviderRequest,
  read: (reply: HttpReply) => Result,
  signal?: AbortSignal,
): Promise<{ readonly reply: HttpReply; readonly result: Result }> {
  let result: Result | undefined;
  const accept = (reply: HttpReply): void => void (result = read(reply));
  const tokens = (): CountedTokens | undefined => (result as WithUsage | undefined)?.usage;
  const reply = await call.send(translated, { accept, tokens }, signal);
  return { reply, result: result! };
}

function invalid(
  text: string,
  cause: unknown,
  { provider, model, host, status, headers, secrets }: HttpErrorContext,
): APIResponseValidationError {
  const found = cause instanceof APIResponseValidationError ? cause : undefined;
  const where = found === undefined ? '' : ` (${found.message})`;
  return new APIResponseValidationError(
    `${provider} (${host}) answered ${status} with something that is not its API's format${where}: ${excerptOf(text, secrets)}`,
    {
      status,
      provider,
      model,
      phase: 'body',
      requestId: readRequestId(headers, secrets),
      ...(found !== undefined && { code: found.code }),
      // That of JSON.parse quotes the data around the fault, and may cut through a key.
      cause: found !== undefined || cause instanceof SyntaxError ? undefined : redactCause(cause, secrets),
    },
  );
}
