import { Logger, type MessageEvent } from '@nestjs/common';
import { catchError, concat, defer, EMPTY, from, map, mergeMap, of, type Observable } from 'rxjs';
import { LlmError, type ChatCompletionChunk, type ChatStream } from '../../lib/index.js';

/**
 * A stream as the events that the page reads:
 *
 * - `start`: who answers
 * - `delta`: a piece of the answer, or of the reasoning before it
 * - `done`: why it ended, and how long each phase took
 * - `error`: in place of `done`, what failed
 *
 * @param session the kind of session that carries the call
 */
export function toChatEvents(stream: ChatStream, session: string): Observable<MessageEvent> {
  const { provider, model, origin, requestId } = stream.meta;
  return concat(
    of({ type: 'start', data: { provider, model, origin, session, requestId } }),
    stream.toObservable().pipe(mergeMap(toDelta)),
    defer(() => from(stream.final())).pipe(
      map(({ choices }) => ({
        type: 'done',
        data: { finishReason: choices[0]?.finish_reason ?? null, timings: stream.meta.timings },
      })),
    ),
  ).pipe(catchError((error: unknown) => of({ type: 'error', data: toErrorData(error) })));
}

function toDelta({ choices }: ChatCompletionChunk): Observable<MessageEvent> {
  const { content, reasoning_content: reasoning } = choices[0]?.delta ?? {};
  return content || reasoning ? of({ type: 'delta', data: { content, reasoning } }) : EMPTY;
}

/** The same fields that an error before the stream has, so that the page reads both alike. */
function toErrorData(error: unknown): object {
  if (!(error instanceof LlmError)) {
    new Logger('ChatEvents').error(error);
    return { error: { message: 'The server failed; its log says why.', code: 'internal_error' } };
  }
  const { message, code, phase } = error;
  return { error: { message, code, phase } };
}
