/** A response of Express, of Fastify, or Node's own. */
export type EventStreamResponse =
  { header(name: string, value: string): unknown } | { setHeader(name: string, value: string): unknown };

const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  // Neither kept by a cache nor packed by a proxy, which would collect events for it.
  'cache-control': 'no-cache, no-transform',
  // nginx lets each event through as it comes.
  'x-accel-buffering': 'no',
} as const;

/**
 * Sets the headers of an event stream, that of `toReadable()`, on a response whose headers are not out yet. NestJS's
 * `@Sse()` sets its own.
 *
 * @param response Express's or Fastify's, or Node's own
 * @returns `response`
 * @see {@link https://html.spec.whatwg.org/multipage/server-sent-events.html#authoring-notes}
 * @publicApi
 */
export function markAsEventStream<Response extends EventStreamResponse>(response: Response): Response {
  for (const [name, value] of Object.entries(HEADERS)) {
    if ('setHeader' in response) response.setHeader(name, value);
    else response.header(name, value);
  }
  return response;
}
