import type { Readable } from 'node:stream';
import { inspect } from 'node:util';
import { Observable } from 'rxjs';
import { APIUserAbortError } from '../../errors/errors.js';
import { attachPartial, LlmError } from '../../errors/llm.error.js';
import { rejection } from '../../errors/rejection.js';
import type { ChatCompletion } from './chat-completion.interface.js';
import type { ChatCompletionChunk } from './chat-completion-chunk.interface.js';
import type { ChunkQueue } from './chunk-queue.js';
import { localTarget } from './local-stream.js';
import { withMeta, type ResultMeta } from '../result-meta.js';
import type { StreamMeta } from './stream-meta.js';
import { SseReadable, type SseOptions } from './sse-readable.js';
import type { StreamTarget } from './stream-target.js';

/** Consumers, as an error names them. */
const LOOP = 'a loop';
const NEXT = 'next()';

/**
 * A streamed completion. It has one consumer: a loop, an Observable, a Readable, or `final()` alone.
 *
 * The upstream is closed at once when the consumer leaves (`break`, `return()`, unsubscribing, destroying the
 * Readable, `abort()`, `await using`), whether it is sending or has stalled. A slow consumer pauses it.
 *
 * Written by hand, since the `return()` of an async generator waits for a pending read: a browser that leaves a
 * stalled stream would not stop the upstream.
 *
 * @publicApi
 */
export class ChatStream implements AsyncIterableIterator<ChatCompletionChunk, undefined>, AsyncDisposable {
  private consumer: string | undefined;
  private readonly queue: ChunkQueue;

  /** @internal */
  constructor(private readonly source: StreamTarget) {
    this.queue = source.queue;
  }

  /**
   * A stream that did not come from a provider: a stored answer, or what the application makes itself. It is to its
   * consumers, and to taps, what a provider's is. A slow consumer holds the iterable up, after 128 chunks that wait for
   * it; one that leaves has its `return()` called. It has no time limits, and none of a session's statistics.
   *
   * @param source a completion, which comes as one chunk, or the chunks
   * @param meta what is known of it. Default what the completion's `meta` says; the provider is `application` otherwise
   */
  static from(
    source: ChatCompletion | AsyncIterable<ChatCompletionChunk>,
    meta: Partial<ResultMeta> = (source as { meta?: ResultMeta }).meta ?? {},
  ): ChatStream {
    return new ChatStream(localTarget(source, meta));
  }

  /** What the stream is read from. @internal */
  get target(): StreamTarget {
    return this.source;
  }

  /**
   * Provider, model, attempts, timings and more, of the upstream that is being read. `timings` go on to fill while
   * the stream runs, and so do `usage` and `partial`, which stay when the consumer leaves: what was generated is billed.
   */
  get meta(): StreamMeta {
    return this.source.meta;
  }

  /** What a log or a serializer is shown: not the exchange under it, which knows the key. */
  toJSON(): object {
    return { meta: this.source.meta };
  }

  [inspect.custom](): object {
    return this.toJSON();
  }

  [Symbol.asyncIterator](): this {
    // A loop may go on where next() has begun.
    if (this.consumer === NEXT) this.consumer = LOOP;
    else this.claim(LOOP);
    return this;
  }

  /**
   * The next chunk.
   *
   * @throws {StreamInterruptedError} when the stream broke or ended before the provider's terminal event
   * @throws {APITimeoutError} when a time limit expired
   * @throws {APIUserAbortError} when the call was aborted
   * @throws {LlmError} `stream_consumed` when something else reads the stream
   */
  next(): Promise<IteratorResult<ChatCompletionChunk, undefined>> {
    if (this.consumer === undefined) this.claim(NEXT);
    else if (this.consumer !== LOOP && this.consumer !== NEXT) return Promise.reject(this.taken(NEXT));
    return this.queue.next();
  }

  /** Leaves the stream: closes the upstream at once. A pending `next()` resolves as done. */
  return(): Promise<IteratorReturnResult<undefined>> {
    this.queue.cancel('the consumer left the stream');
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.queue.cancel('the consumer disposed of the stream');
    return Promise.resolve();
  }

  /** Ends the call: closes the upstream at once, and the consumer gets {@link APIUserAbortError}. */
  abort(reason?: unknown): void {
    const { provider, model } = this.meta;
    this.source.abort(
      new APIUserAbortError(`${provider}: the stream was aborted`, {
        provider,
        model: `${provider}/${model}`,
        phase: 'body',
        cause: reason,
      }),
    );
  }

  /** The chunks as an Observable. Unsubscribing closes the upstream. It can be subscribed to once. */
  toObservable(): Observable<ChatCompletionChunk> {
    return new Observable<ChatCompletionChunk>((subscriber) => {
      this.claim('an Observable');
      const pull = (): void => {
        this.queue.next().then(
          (result) => {
            if (subscriber.closed) return;
            if (result.done === true) return subscriber.complete();
            subscriber.next(result.value);
            pull();
          },
          (error: unknown) => subscriber.error(error),
        );
      };
      pull();
      return () => this.queue.cancel('the subscriber left the stream');
    });
  }

  /**
   * The bytes that OpenAI's API sends: an event a chunk, then `data: [DONE]`. A stream that fails ends, without
   * `[DONE]`, in an event `{ "error": {...} }`, which OpenAI's clients throw. Destroying it closes the upstream.
   */
  toReadable(options?: SseOptions): Readable {
    this.claim('a Readable');
    return new SseReadable(this.queue, options);
  }

  /**
   * The whole completion, when the stream has ended: what the same call without `stream` returns. Reads the stream
   * itself when nobody else does.
   *
   * @throws what the consumer of the stream is thrown; {@link APIUserAbortError} when it left before the end
   */
  async final(): Promise<ChatCompletion & { readonly meta: ResultMeta }> {
    if (this.consumer === undefined) {
      this.claim('final()');
      this.queue.discard();
    }
    await this.queue.settled();
    if (this.queue.failure !== undefined) return rejection(this.queue.failure);
    if (this.queue.state === 'cancelled') {
      const { provider, model } = this.meta;
      const error = new APIUserAbortError(
        `${provider}: the consumer left the stream before its end, so there is no whole completion; what had arrived is in "partial"`,
        { provider, model: `${provider}/${model}`, phase: 'body' },
      );
      throw attachPartial(error, this.source.answer());
    }
    return withMeta(this.source.answer() as ChatCompletion, this.meta);
  }

  private claim(consumer: string): void {
    if (this.consumer !== undefined) throw this.taken(consumer);
    this.consumer = consumer;
  }

  private taken(consumer: string): LlmError {
    return new LlmError(
      `a ChatStream has one consumer: ${this.consumer} reads it already, so ${consumer} cannot`,
      { code: 'stream_consumed' },
    );
  }
}
