import type { ServerResponse } from 'node:http';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';

/** What Express hands out as the response is Node's own; Fastify's has it under `raw`. */
type FrameworkResponse = ServerResponse & { readonly raw?: ServerResponse };

/**
 * An `AbortSignal` that fires when the client leaves before it has its whole answer. Given to an LLM call from its
 * first await on, it stops a model that nobody listens to any more: before its first byte, while it sends, and when
 * it has stalled.
 *
 * ```ts
 * chat(@Body() body: ChatBody, @ClientSignal() signal: AbortSignal) {
 *   return this.llm.completion(body, { signal });
 * }
 * ```
 *
 * It listens to the response: the request's own `close` comes as soon as its body has been read.
 *
 * @publicApi
 */
export const ClientSignal = createParamDecorator((_data: unknown, context: ExecutionContext): AbortSignal => {
  const response = context.switchToHttp().getResponse<FrameworkResponse>();
  return clientSignalOf(response.raw ?? response);
});

const MAX_LISTENERS = 20;

function clientSignalOf(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  const onClose = (): void => {
    if (!response.writableFinished) controller.abort(new Error('the client closed the connection'));
  };
  // The client may have left while guards and pipes ran; its `close` does not come again.
  if (response.destroyed) onClose();
  else {
    // On Fastify a StreamableFile alone brings as many listeners as Node takes for a leak.
    if (response.getMaxListeners() < MAX_LISTENERS) response.setMaxListeners(MAX_LISTENERS);
    response.once('close', onClose);
  }
  return controller.signal;
}
