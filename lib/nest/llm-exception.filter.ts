import { Catch, Inject, Logger, Optional, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { throwError, type Observable } from 'rxjs';
import { LlmError } from '../errors/llm.error.js';
import { toOpenAIError, type ClientErrorOptions, type OpenAIErrorBody } from '../errors/openai-error.js';
import { toHttpStatus, toRetryAfter } from './http-status.js';

/**
 * What clients are told of an {@link LlmError}.
 *
 * @publicApi
 */
export type LlmExceptionFilterOptions = ClientErrorOptions;

interface RawResponse {
  readonly headersSent?: boolean;
  readonly writableEnded?: boolean;
  destroy?(): unknown;
}

/** What Express's and Fastify's responses have in common. */
interface HttpResponse extends RawResponse {
  /** Fastify's: Node's own. */
  readonly raw?: RawResponse;
  readonly sent?: boolean;
  status(code: number): HttpResponse;
  header(name: string, value: string): HttpResponse;
  send(body: unknown): unknown;
}

/** A client of `@nestjs/platform-socket.io`, or of `@nestjs/platform-ws`, whose `readyState` is a number. */
interface WsClient {
  readonly readyState?: unknown;
  emit(event: string, payload: unknown): unknown;
  send(data: string): unknown;
}

/** An open WebSocket's `readyState`. */
const OPEN = 1;

/** What is safe in a header: providers' ids are short and of ASCII. */
const REQUEST_ID = /^[\x21-\x7e]{1,200}$/;

/** For the constructor's parameter, which Nest is to leave out where it makes the filter. */
const OPTIONS = Symbol('nestjs-llm:EXCEPTION_FILTER_OPTIONS');

/**
 * Tells the client of an {@link LlmError} in the way of its context, and logs those that are 5xx, once, with the
 * provider's request id. Clients learn neither hosts nor ports, nor what to do about keys.
 *
 * - HTTP: OpenAI's error document, the upstream's status, `Retry-After` and `x-request-id` kept
 * - RPC: an Observable that errors with `{ status: 'error', message, type, param, code, statusCode }`
 * - WebSocket: the event `exception` with the same, and with `cause: { pattern, data }` as Nest's own
 * - GraphQL: an error with `extensions: { code, type, param, statusCode }`
 *
 * Opt in with `app.useGlobalFilters(new LlmExceptionFilter())` or `@UseFilters(LlmExceptionFilter)`.
 *
 * @publicApi
 */
@Catch(LlmError)
export class LlmExceptionFilter implements ExceptionFilter<LlmError> {
  private readonly logger = new Logger(LlmExceptionFilter.name);
  private readonly logged = new WeakSet<LlmError>();
  private readonly options: LlmExceptionFilterOptions;

  constructor(@Optional() @Inject(OPTIONS) options?: LlmExceptionFilterOptions) {
    this.options = options ?? {};
  }

  catch(error: LlmError, host: ArgumentsHost): Observable<never> | undefined {
    this.log(error);
    switch (host.getType<string>()) {
      case 'http':
        this.answer(error, host.switchToHttp().getResponse<HttpResponse>());
        return undefined;
      case 'rpc':
        return throwError(() => this.messageOf(error));
      case 'ws':
        this.emit(error, host);
        return undefined;
      case 'graphql':
        throw this.toGraphQLError(error);
      default:
        // Whoever else calls has a handling of its own.
        throw error;
    }
  }

  private answer(error: LlmError, response: HttpResponse): void {
    const raw = response.raw ?? response;
    if (raw.headersSent === true) {
      // Ending it would make what was sent look whole.
      if (raw.writableEnded !== true) raw.destroy?.();
      return;
    }
    if (response.sent === true) return;
    response.status(toHttpStatus(error, this.options));
    // A route that streams may have named the type of what it would have sent.
    response.header('content-type', 'application/json; charset=utf-8');
    const retryAfter = toRetryAfter(error);
    if (retryAfter !== undefined) response.header('retry-after', retryAfter);
    if (error.requestId !== undefined && REQUEST_ID.test(error.requestId)) {
      response.header('x-request-id', error.requestId);
    }
    response.send(toOpenAIError(error, this.options));
  }

  private emit(error: LlmError, host: ArgumentsHost): void {
    const context = host.switchToWs();
    const client = context.getClient<WsClient>();
    const cause = { pattern: context.getPattern(), data: context.getData<unknown>() };
    const payload = { ...this.messageOf(error), cause };
    if (typeof client.readyState !== 'number') client.emit('exception', payload);
    else if (client.readyState === OPEN) client.send(JSON.stringify({ event: 'exception', data: payload }));
  }

  /** As Nest's own filters tell of an error where there is no HTTP response. */
  private messageOf(error: LlmError): OpenAIErrorBody['error'] & { status: 'error'; statusCode: number } {
    const { error: told } = toOpenAIError(error, this.options);
    return { status: 'error', ...told, statusCode: toHttpStatus(error, this.options) };
  }

  /** `graphql` takes the extensions of any error that has them. */
  private toGraphQLError(error: LlmError): Error {
    const { status: _status, message, ...extensions } = this.messageOf(error);
    return Object.assign(new Error(message), { extensions });
  }

  private log(error: LlmError): void {
    if (toHttpStatus(error, this.options) < 500 || this.logged.has(error)) return;
    this.logged.add(error);
    const id = error.requestId === undefined ? '' : ` (request id ${error.requestId})`;
    this.logger.error(`${error.name}: ${error.message}${id}`, error.stack);
  }
}
