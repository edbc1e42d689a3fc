import { Readable, type Writable } from 'node:stream';
import { APIUserAbortError } from '../../errors/errors.js';
import { toOpenAIError } from '../../errors/openai-error.js';
import type { ChatCompletionChunk } from './chat-completion-chunk.interface.js';
import type { ChunkQueue } from './chunk-queue.js';

function toEvent(chunk: ChatCompletionChunk, text: string | undefined): string {
  // JSON that came in several lines would need a field name in front of each.
  return `data: ${text === undefined || text.includes('\n') ? JSON.stringify(chunk) : text}\n\n`;
}

/** What tells the reader how the stream ended. */
function lastEvent({ state, failure }: ChunkQueue): string {
  if (state === 'ended') return '[DONE]';
  return JSON.stringify(
    toOpenAIError(failure ?? new APIUserAbortError('the stream was disposed of before its end')),
  );
}

/** How the chunks are written. */
export interface SseOptions {
  /**
   * Milliseconds of silence after which a comment line is written, before the first content too: load balancers close
   * a connection on which nothing moves. 0, the default, for none. The reader's side alone: what holds upstream are the
   * call's own limits, `firstByte` until the first content, whatever comments and pings the provider sends meanwhile, and
   * then `idle`, which comments and pings do not restart.
   */
  heartbeatMs?: number;
}

const HEARTBEAT = ': keep-alive\n\n';

/** What buffers what is written to it, as the response of Express's `compression()` does. */
interface Flushable {
  flush?: () => void;
}

/** Whether what is piped into takes nothing any more. */
function isOver(destination: NodeJS.WritableStream): boolean {
  const { destroyed, closed, writableEnded } = destination as Partial<Writable>;
  return destroyed === true || closed === true || writableEnded === true;
}

/** The chunks of a queue as the bytes of OpenAI's event stream. */
export class SseReadable extends Readable {
  private wanted = false;
  private readonly heartbeat: NodeJS.Timeout | undefined;

  constructor(
    private readonly queue: ChunkQueue,
    { heartbeatMs = 0 }: SseOptions = {},
  ) {
    super();
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
    this.wanted = false;
    this.push(HEARTBEAT);
  }

  private pump(): void {
    if (!this.wanted) return;
    const { queue } = this;
    const text = queue.take(toEvent);
    if (queue.state === 'open') {
      if (text === '') return;
      this.wanted = false;
      this.heartbeat?.refresh();
      this.push(text);
      return;
    }
    // An error of the Readable itself would only tear down the response that it is piped into.
    this.wanted = false;
    this.push(`${text}data: ${lastEvent(queue)}\n\n`);
    this.push(null);
  }
}
