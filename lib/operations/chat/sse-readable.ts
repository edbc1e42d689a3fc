import { Readable, type Writable } from 'node:stream';
import { APIUserAbortError } from '../../errors/errors.js';
import type { LlmError } from '../../errors/llm.error.js';
import { toOpenAIError } from '../../errors/openai-error.js';
import type { ChatCompletionChunk } from './chat-completion-chunk.interface.js';
import type { ChunkQueue } from './chunk-queue.js';

/** Writes the chunks of one stream in a format. */
export interface ChunkEncoder {
  /** What says nothing, and keeps a connection open. */
  readonly heartbeat: string;
  /** @param text the JSON that the chunk was parsed from, when it is the chunk to the letter */
  chunk(chunk: ChatCompletionChunk, text: string | undefined): string;
  /** @param failure of a stream that did not reach its end */
  end(failure: LlmError | undefined): string;
}

/** The event stream of OpenAI's API. */
const OPENAI_EVENTS: ChunkEncoder = {
  heartbeat: ': keep-alive\n\n',
  // JSON that came in several lines would need a field name in front of each.
  chunk: (chunk, text) =>
    `data: ${text === undefined || text.includes('\n') ? JSON.stringify(chunk) : text}\n\n`,
  end: (failure) => `data: ${failure === undefined ? '[DONE]' : JSON.stringify(toOpenAIError(failure))}\n\n`,
};

/** How the chunks are written. */
export interface SseOptions {
  /**
   * Milliseconds of silence after which a comment line is written, before the first content too: load balancers close
   * a connection on which nothing moves. 0, the default, for none. The reader's side alone: what holds upstream are the
   * call's own limits, `firstByte` until the first content, whatever comments and pings the provider sends meanwhile, and
   * then `idle`, which comments and pings do not restart.
   */
  heartbeatMs?: number;
  /** Another format than OpenAI's event stream. */
  encoder?: ChunkEncoder;
}

/** What buffers what is written to it, as the response of Express's `compression()` does. */
interface Flushable {
  flush?: () => void;
}

/** Whether what is piped into takes nothing any more. */
function isOver(destination: NodeJS.WritableStream): boolean {
  const { destroyed, closed, writableEnded } = destination as Partial<Writable>;
  return destroyed === true || closed === true || writableEnded === true;
}

function failureOf({ state, failure }: ChunkQueue): LlmError | undefined {
  if (state === 'ended') return undefined;
  return failure ?? new APIUserAbortError('the stream was disposed of before its end');
}

/** The chunks of a queue as bytes, those of OpenAI's event stream unless another format is asked for. */
export class SseReadable extends Readable {
  private wanted = false;
  private readonly heartbeat: NodeJS.Timeout | undefined;
  private readonly encoder: ChunkEncoder;

  constructor(
    private readonly queue: ChunkQueue,
    { heartbeatMs = 0, encoder = OPENAI_EVENTS }: SseOptions = {},
  ) {
    super();
    this.encoder = encoder;
    queue.onReadable = () => this.pump();
    if (heartbeatMs <= 0) return;
    this.heartbeat = setInterval(() => this.beat(), heartbeatMs);
    this.heartbeat.unref();
  }

  /**
   * A destination that closes early closes the upstream, as with `pipeline()`. Node's own leaves the source open, and
   * so would a `StreamableFile` on Express with NestJS before 11.2.
   */
  override pipe<Destination extends NodeJS.WritableStream>(
    destination: Destination,
    options?: { end?: boolean },
  ): Destination {
    if (isOver(destination)) {
      // Its `close` does not come again.
      this.destroy();
      return destination;
    }
    const onClose = (): void => void this.destroy();
    // Before Node's own listener, which takes the pipe apart.
    destination.once('close', onClose);
    destination.on('unpipe', (source) => {
      if (source === this) destination.removeListener('close', onClose);
    });
    super.pipe(destination, options);
    const { flush } = destination as Flushable;
    if (typeof flush === 'function') this.on('data', () => flush.call(destination));
    return destination;
  }

  override _read(): void {
    this.wanted = true;
    this.pump();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    clearInterval(this.heartbeat);
    this.queue.onReadable = undefined;
    this.queue.cancel(error ?? 'the reader of the stream left');
    callback(error);
  }

  /** Not where the reader has not taken what was written before. */
  private beat(): void {
    if (!this.wanted || this.queue.state !== 'open') return;
    const { heartbeat } = this.encoder;
    if (heartbeat === '') return;
    this.wanted = false;
    this.push(heartbeat);
  }

  private pump(): void {
    if (!this.wanted) return;
    const { queue } = this;
    const text = queue.take((chunk, json) => this.encoder.chunk(chunk, json));
    if (queue.state === 'open') {
      if (text === '') return;
      this.wanted = false;
      this.heartbeat?.refresh();
      this.push(text);
      return;
    }
    // An error of the Readable itself would only tear down the response that it is piped into.
    this.wanted = false;
    this.push(text + this.encoder.end(failureOf(queue)));
    this.push(null);
  }
}
