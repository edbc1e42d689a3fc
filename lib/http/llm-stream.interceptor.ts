import {
  applyDecorators,
  Inject,
  Injectable,
  SetMetadata,
  StreamableFile,
  UseInterceptors,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { EMPTY, map, type Observable } from 'rxjs';
import { ChatStream, markAsEventStream, type ChunkEncoder, type EventStreamResponse } from '../index.js';
import { EventSourceEncoder, PlainTextEncoder, UiMessageEncoder } from './encoders.js';

/**
 * How a stream is written: OpenAI's chunks, the same for an `EventSource`, the AI SDK's UI message stream, or the text
 * alone.
 */
export type LlmStreamFormat = 'openai' | 'event-source' | 'ui-message' | 'text';

/** @publicApi */
export interface LlmStreamOptions {
  /** Default `openai`. */
  format?: LlmStreamFormat;
  /** Milliseconds of silence after which a comment line is written. Default 15,000; 0 for none. */
  heartbeatMs?: number;
}

const OPTIONS = Symbol.for('nestjs-llm:stream-options');

/** 15 s: below what load balancers leave a silent connection. */
const HEARTBEAT_MS = 15_000;

const ENCODERS: Readonly<Record<LlmStreamFormat, () => ChunkEncoder | undefined>> = {
  openai: () => undefined,
  'event-source': () => new EventSourceEncoder(),
  'ui-message': () => new UiMessageEncoder(),
  text: () => new PlainTextEncoder(),
};

type HttpResponse = EventStreamResponse & {
  status?(code: number): unknown;
  code?(code: number): unknown;
};

/**
 * Has a handler that returns a `ChatStream` answer with it, as an event stream; anything else passes as it is. What fails
 * before the stream begins is a status, by the exception filter; what fails later is its last event.
 *
 * ```ts
 * @Post('chat')
 * @UseInterceptors(LlmStreamInterceptor)
 * chat(@Body() body: ChatRequest, @ClientSignal() signal: AbortSignal) {
 *   return this.llm.completion(body, { signal });
 * }
 * ```
 *
 * @publicApi
 */
@Injectable()
export class LlmStreamInterceptor implements NestInterceptor {
  constructor(@Inject(Reflector) private readonly reflector: Reflector) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const targets = [context.getHandler(), context.getClass()];
    const { format = 'openai', heartbeatMs = HEARTBEAT_MS } =
      this.reflector.getAllAndOverride<LlmStreamOptions | undefined>(OPTIONS, targets) ?? {};
    const http = context.switchToHttp();
    if (format === 'event-source' && isReconnect(http.getRequest<HttpRequest>())) {
      endForGood(http.getResponse<HttpResponse>());
      return EMPTY;
    }
    return next
      .handle()
      .pipe(
        map((result: unknown) =>
          result instanceof ChatStream
            ? answerWith(result, http.getResponse<HttpResponse>(), format, heartbeatMs)
            : result,
        ),
      );
  }
}

/**
 * The {@link LlmStreamInterceptor} with its options.
 *
 * @publicApi
 */
export function LlmStream(options: LlmStreamOptions = {}): ClassDecorator & MethodDecorator {
  return applyDecorators(SetMetadata(OPTIONS, options), UseInterceptors(LlmStreamInterceptor));
}

function answerWith(
  stream: ChatStream,
  response: HttpResponse,
  format: LlmStreamFormat,
  heartbeatMs: number,
): StreamableFile {
  const encoder = ENCODERS[format]();
  const bytes = stream.toReadable({ heartbeatMs, ...(encoder && { encoder }) });
  if (format === 'text') {
    setHeader(response, 'cache-control', 'no-cache, no-transform');
    setHeader(response, 'x-accel-buffering', 'no');
    return new StreamableFile(bytes, { type: 'text/plain; charset=utf-8' });
  }
  markAsEventStream(response);
  if (format === 'ui-message') setHeader(response, 'x-vercel-ai-ui-message-stream', 'v1');
  return new StreamableFile(bytes, { type: 'text/event-stream; charset=utf-8' });
}

interface HttpRequest {
  readonly headers: Readonly<Record<string, unknown>>;
}

/** An `EventSource` that lost its connection asks again, and would be answered, and paid for, from the start. */
function isReconnect({ headers }: HttpRequest): boolean {
  return headers['last-event-id'] !== undefined;
}

/** @see {@link https://html.spec.whatwg.org/multipage/server-sent-events.html#sse-processing-model} for 204 */
function endForGood(response: HttpResponse): void {
  const ended = response as { status(code: number): { send(): void } };
  ended.status(204).send();
}

function setHeader(response: HttpResponse, name: string, value: string): void {
  if ('setHeader' in response) response.setHeader(name, value);
  else response.header(name, value);
}
