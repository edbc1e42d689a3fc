import { BadRequestError } from '../errors/errors.js';
import { LlmError } from '../errors/llm.error.js';
import { isError } from '../errors/redact.js';
import { findUnwritable } from './nesting.js';
import type { FormatContext, ProviderRequest } from './format-context.interface.js';

/**
 * Runs what an adapter does to a request. Before anything is sent all that it can fail on is the request.
 *
 * @throws {BadRequestError} of anything thrown that is no error of this package
 */
export function inAdapter<Result>(context: FormatContext, run: () => Result): Result {
  try {
    return run();
  } catch (error) {
    throw error instanceof LlmError ? error : untranslatable(context, error);
  }
}

/**
 * Translates a request.
 *
 * @param checkParams throws for a parameter of a wrong type
 * @throws {BadRequestError} naming the place, before anything is sent
 */
export function translateRequest<Request extends object>(
  format: { request(request: Request, context: FormatContext<Request>): ProviderRequest },
  context: FormatContext<Request>,
  checkParams: (request: Request) => void,
): ProviderRequest {
  const { request } = context;
  let translated: ProviderRequest;
  try {
    translated = format.request(request, context);
  } catch (error) {
    if (error instanceof LlmError) throw error;
    checkParams(request);
    throw untranslatable(context, error);
  }
  checkParams(request);
  return translated;
}

function untranslatable({ provider, model, request }: FormatContext, cause: unknown): BadRequestError {
  const found = findUnwritable(request as object);
  const why =
    found === undefined
      ? `the request cannot be translated for it${isError(cause) ? `: ${cause.message.slice(0, 300)}` : ''}`
      : `${found.field} of the request ${found.fault}`;
  return new BadRequestError(`${provider}: ${why}`, {
    provider,
    model: `${provider}/${model}`,
    ...(found !== undefined && { param: found.field }),
    cause: cause ?? undefined,
  });
}
