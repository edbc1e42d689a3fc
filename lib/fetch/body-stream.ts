import type { BodyFlow, BodyReader, HttpReply, LlmError } from '../index.js';

/** 64 KiB: what a socket read brings. A consumer that has more than this to read pauses the connection. */
const HIGH_WATER_MARK = 64 * 1024;

/** A response body as a WHATWG stream: its consumer's pace is the connection's, and leaving it closes the connection. */
export class BodyStream implements BodyReader {
  readonly stream: ReadableStream<Uint8Array>;
  /** The head of the response, once it is in. */
  reply: HttpReply | undefined;
  private controller!: ReadableStreamDefaultController<Uint8Array>;
  private flow: BodyFlow | undefined;
  private open = true;

  /**
   * @param toReason what the consumer is thrown when the body breaks
   * @param left makes the error of a call whose consumer has left
   */
  constructor(
    private readonly toReason: (error: LlmError) => unknown,
    private readonly left: (reason: unknown) => LlmError,
  ) {
    this.stream = new ReadableStream<Uint8Array>(
      {
        start: (controller) => void (this.controller = controller),
        pull: () => {
          this.flow?.consumed();
          this.flow?.resume();
        },
        cancel: (reason) => {
          this.open = false;
          this.flow?.abort(this.left(reason));
        },
      },
      { highWaterMark: HIGH_WATER_MARK, size: (chunk) => chunk?.byteLength ?? 0 },
    );
  }

  onStart(flow: BodyFlow, reply: HttpReply): void {
    this.flow = flow;
    this.reply = reply;
    flow.begin();
  }

  isRestartable(): boolean {
    return false;
  }

  onData(chunk: Buffer): boolean {
    if (!this.open) return false;
    // Copied: a chunk is a view of what the socket has read, and its consumer may keep or transfer it.
    this.controller.enqueue(new Uint8Array(chunk));
    if ((this.controller.desiredSize ?? 0) <= 0) this.flow!.pause();
    return true;
  }

  onEnd(): void {
    if (!this.open) return;
    this.open = false;
    this.controller.close();
  }

  onError(error: LlmError): void {
    if (!this.open) return;
    this.open = false;
    this.controller.error(this.toReason(error));
  }
}
