import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import {
  APIConnectionError,
  APIResponseValidationError,
  APITimeoutError,
  APIUserAbortError,
  BadRequestError,
  CircuitOpenError,
  LlmConfigurationError,
  QueueFullError,
  SessionClosedError,
} from '../errors/errors.js';
import { LlmError } from '../errors/llm.error.js';
import { toOpenAIError } from '../errors/openai-error.js';

/** What Express's and Fastify's responses have in common. */
interface HttpResponse {
  readonly headersSent?: boolean;
  readonly sent?: boolean;
  status(code: number): HttpResponse;
  header(name: string, value: string): HttpResponse;
  send(body: unknown): unknown;
}

/** Nothing was sent: the session, the queue or the circuit did not let it. */
const REFUSED_HERE = [SessionClosedError, QueueFullError, CircuitOpenError];

/** 499: nginx's status for a client that left; nobody reads it but a log. */
const CLIENT_CLOSED_REQUEST = 499;

/**
 * The HTTP status for an error: the upstream's where it answered with one of failure, otherwise what a gateway says.
 *
 * @publicApi
 */
export function toHttpStatus(error: LlmError): number {
  if (error instanceof APIResponseValidationError) return 502;
  if (error.status !== undefined && error.status >= 400) return error.status;
  if (error instanceof BadRequestError) return 400;
  if (error instanceof APIUserAbortError) return CLIENT_CLOSED_REQUEST;
  if (REFUSED_HERE.some((refused) => error instanceof refused)) return 503;
  if (error instanceof APITimeoutError) return 504;
  if (error instanceof APIConnectionError) return 502;
  return error instanceof LlmConfigurationError ? 500 : 502;
}

/**
 * Answers an {@link LlmError} as OpenAI's API does: its error document, the upstream's status, `Retry-After` and
 * `x-request-id` kept.
 * Opt in with `app.useGlobalFilters(new LlmExceptionFilter())` or `@UseFilters(LlmExceptionFilter)`.
 *
 * @publicApi
 */
@Catch(LlmError)
export class LlmExceptionFilter implements ExceptionFilter<LlmError> {
  catch(error: LlmError, host: ArgumentsHost): void {
    // Other kinds of host have no HTTP response to write to: their own handling applies.
    if (host.getType() !== 'http') throw error;
    const response = host.switchToHttp().getResponse<HttpResponse>();
    if (response.headersSent === true || response.sent === true) return;
    response.status(toHttpStatus(error));
    // A route that streams may have named the type of what it would have sent.
    response.header('content-type', 'application/json; charset=utf-8');
    if (error.retryAfterMs !== undefined) {
      response.header('retry-after', String(Math.ceil(error.retryAfterMs / 1000)));
    }
    if (error.requestId !== undefined) response.header('x-request-id', error.requestId);
    response.send(toOpenAIError(error));
  }
}
