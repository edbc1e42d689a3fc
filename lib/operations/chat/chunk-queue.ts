import type { LlmError } from '../../errors/llm.error.js';
import { rejection } from '../../errors/rejection.js';
import type { ChatCompletionChunk } from './chat-completion-chunk.interface.js';

/** Chunks that wait for the consumer before the upstream is paused: a few socket reads of a fast provider. */
const HIGH_WATER_MARK = 128;

/** What the consumer's side may do to the upstream. */
export interface ChunkSource {
  pause(): void;
  resume(): void;
  /** The consumer, for which the upstream is paused, has read something. */
  consumed(): void;
  /** The consumer wants no more: the upstream is to be closed at once. */
  cancel(reason: unknown): void;
}

type Result = IteratorResult<ChatCompletionChunk, undefined>;

/** A pending `next()`, and the one after it: most often there is none, and an array would keep room for many. */
interface Waiter {
  resolve(result: Result | Promise<never>): void;
  next: Waiter | undefined;
}

const END: Result = { value: undefined, done: true };

/**
 * Between the upstream, which pushes, and one consumer, which pulls. Keeps with each chunk the text that it was parsed
 * from, so that a gateway passes it on without serialising it again.
 */
export class ChunkQueue {
  // Emptied, never replaced: V8 takes the arrays of many streams for long-lived, and then keeps what was in them.
  private readonly chunks: ChatCompletionChunk[] = [];
  private readonly texts: (string | undefined)[] = [];
  private read = 0;
  private paused = false;
  private discarding = false;
  private source: ChunkSource | undefined;
  private firstWaiter: Waiter | undefined;
  private lastWaiter: Waiter | undefined;
  private settlers: (() => void)[] = [];
  private untold: LlmError | undefined;
  /** Called when chunks were added, once for all of a socket read, and when the stream has ended. */
  onReadable: (() => void) | undefined;
  state: 'open' | 'ended' | 'failed' | 'cancelled' = 'open';
  /** The error that ended the stream. */
  failure: LlmError | undefined;

  get empty(): boolean {
    return this.read === this.chunks.length;
  }

  /** What the consumer has not read yet. */
  get waiting(): readonly ChatCompletionChunk[] {
    return this.chunks.slice(this.read);
  }

  attach(source: ChunkSource): void {
    this.source = source;
    if (this.paused) source.pause();
  }

  /** @param text the JSON that the chunk was parsed from, when it is the chunk to the letter */
  push(chunk: ChatCompletionChunk, text?: string): void {
    if (this.state !== 'open' || this.discarding) return;
    const waiter = this.firstWaiter;
    if (waiter !== undefined) {
      this.firstWaiter = waiter.next;
      waiter.resolve({ value: chunk, done: false });
      return;
    }
    this.chunks.push(chunk);
    this.texts.push(text);
    if (!this.paused && this.chunks.length - this.read >= HIGH_WATER_MARK) {
      this.paused = true;
      this.source?.pause();
    }
  }

  /** All chunks of a socket read have been pushed. */
  flush(): void {
    if (this.onReadable !== undefined && !this.empty) this.onReadable();
  }

  end(): void {
    if (this.state === 'open') this.close('ended');
  }

  /** The upstream failed: the consumer gets what is queued, then the error. */
  fail(error: LlmError): void {
    if (this.state === 'open') this.failWith(error);
  }

  /** The call was aborted: the consumer gets the error at once, also when all that it had not read yet is here. */
  abort(error: LlmError): void {
    const { state, empty } = this;
    this.clear();
    if (state === 'open' || (state === 'ended' && !empty)) this.failWith(error);
    if (state === 'open') this.source?.cancel(error);
  }

  /** The consumer leaves: what it still awaits ends. */
  cancel(reason: unknown): void {
    const wasOpen = this.state === 'open';
    this.clear();
    this.untold = undefined;
    if (!wasOpen) return;
    this.close('cancelled');
    this.source?.cancel(reason);
  }

  next(): Promise<Result> {
    if (!this.empty) {
      const value = this.chunks[this.read]!;
      this.advance();
      return Promise.resolve({ value, done: false });
    }
    if (this.untold !== undefined) {
      const error = this.untold;
      this.untold = undefined;
      return rejection(error);
    }
    if (this.state !== 'open') return Promise.resolve(END);
    return new Promise<Result>((resolve) => {
      const waiter: Waiter = { resolve, next: undefined };
      if (this.firstWaiter === undefined) this.firstWaiter = waiter;
      else this.lastWaiter!.next = waiter;
      this.lastWaiter = waiter;
    });
  }

  /** Takes all that waits as one text, each chunk written by `write`. */
  take(write: (chunk: ChatCompletionChunk, text: string | undefined) => string): string {
    let out = '';
    while (!this.empty) {
      out += write(this.chunks[this.read]!, this.texts[this.read]);
      this.advance();
    }
    return out;
  }

  /** Nobody will read the chunks: they are dropped as they come. */
  discard(): void {
    this.discarding = true;
    this.clear();
  }

  /** Resolves when nothing more comes from the upstream, whether or not what is queued has been read. */
  settled(): Promise<void> {
    return this.state === 'open' ? new Promise((resolve) => this.settlers.push(resolve)) : Promise.resolve();
  }

  private failWith(error: LlmError): void {
    this.failure = error;
    this.untold = error;
    this.close('failed');
  }

  private advance(): void {
    this.read++;
    if (this.empty) this.clear();
    else if (this.read >= HIGH_WATER_MARK && this.read * 2 >= this.chunks.length) this.forget();
    if (this.paused) this.source?.consumed();
  }

  /** A consumer that stays a little behind never empties the queue: what it has read is not kept for it. */
  private forget(): void {
    this.chunks.splice(0, this.read);
    this.texts.splice(0, this.read);
    this.read = 0;
  }

  private clear(): void {
    this.chunks.length = 0;
    this.texts.length = 0;
    this.read = 0;
    if (!this.paused) return;
    this.paused = false;
    // undici reads from the socket inside of resume(): its chunks must not come in while this one is being handed out,
    // nor from within the callback of another connection.
    queueMicrotask(() => {
      if (this.state === 'open' && !this.paused) this.source?.resume();
    });
  }

  private close(state: 'ended' | 'failed' | 'cancelled'): void {
    this.state = state;
    const { settlers } = this;
    let waiter = this.firstWaiter;
    this.firstWaiter = undefined;
    this.lastWaiter = undefined;
    this.settlers = [];
    for (; waiter !== undefined; waiter = waiter.next) {
      const error = this.untold;
      this.untold = undefined;
      if (error === undefined) waiter.resolve(END);
      else waiter.resolve(rejection(error));
    }
    this.onReadable?.();
    for (const settle of settlers) settle();
  }
}
