import { Catch, HttpException, type ArgumentsHost } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';

/** What Express's and Fastify's requests have in common. */
interface HttpRequest {
  readonly url: string;
  readonly originalUrl?: string;
}

/**
 * Has NestJS's own errors (a body over the limit, malformed JSON, a failed validation, an unknown route) answer in
 * OpenAI's shape under `/v1`, since the clients there read no other. Other routes keep NestJS's.
 */
@Catch(HttpException)
export class OpenAIHttpExceptionFilter extends BaseExceptionFilter<HttpException> {
  override catch(exception: HttpException, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<HttpRequest>();
    const isOpenAI = (request.originalUrl ?? request.url).startsWith('/v1/');
    // oxlint-disable-next-line promise/valid-params -- the catch of an exception filter, not of a promise
    super.catch(isOpenAI ? toOpenAIException(exception) : exception, host);
  }
}

function toOpenAIException(exception: HttpException): HttpException {
  const status = exception.getStatus();
  return new HttpException(
    {
      error: {
        message: messageOf(exception),
        type: status < 500 ? 'invalid_request_error' : 'api_error',
        param: null,
        code: CODES[status] ?? null,
      },
    },
    status,
    { cause: exception },
  );
}

const CODES: Readonly<Record<number, string>> = {
  400: 'invalid_request',
  403: 'forbidden',
  404: 'not_found',
  413: 'request_too_large',
  415: 'unsupported_media_type',
};

/** A validation's messages come as a list. */
function messageOf(exception: HttpException): string {
  const response = exception.getResponse() as { message?: string | string[] };
  const { message = exception.message } = typeof response === 'object' ? response : { message: response };
  return Array.isArray(message) ? message.join('; ') : message;
}
