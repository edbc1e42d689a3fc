import type { AsyncResource } from 'node:async_hooks';
import { APIResponseValidationError } from '../../errors/errors.js';
import { toError } from '../../errors/redact.js';
import type {
  HttpDispatchController,
  HttpDispatchHandler,
  HttpHeaders,
  RequestTicket,
} from '../session/http-session.interface.js';
import { createDecompressor, type Decompressor } from './decompress.js';
import type { BodyReader } from './http-request.interface.js';

/** 64 KiB: an error body is read for its message; the rest of a longer one is left unread. */
const MAX_ERROR_BODY_BYTES = 64 * 1024;

/** 1 s for the body to end after the stream's terminal event, which keeps the connection; then it is closed. */
const DRAIN_MS = 1000;

/** Chunks of a collected body that are kept as they came. */
const MANY_CHUNKS = 1024;

/**
 * What an attempt tells the call that made it. undici calls back in the async context of whoever opened the socket: all
 * that may lead on to code of the application is entered by `runInAsyncScope`, once for each read of the socket.
 */
export interface AttemptListener extends Pick<AsyncResource, 'runInAsyncScope'> {
  onQueued(): void;
  onAdmitted(): void;
  onConnected(): void;
  onHeaders(status: number, headers: HttpHeaders): void;
  /** @returns the reader of the body, or `undefined` to have it collected. */
  readerFor(status: number): BodyReader | undefined;
  onProgress(): void;
  onStreaming(status: number, headers: HttpHeaders): void;
  onBody(status: number, headers: HttpHeaders, body: Buffer): void;
  onStreamEnd(): void;
  onFailed(error: unknown): void;
}

/** The dispatch handler of one try of a call. */
export class Attempt implements HttpDispatchHandler {
  private controller: HttpDispatchController | null = null;
  /** What a limiter gave, until the request is on a connection. */
  private ticket: RequestTicket | null = null;
  /** A limiter had it wait. */
  waited = false;
  /** Why this attempt is over; its callbacks are ignored from then on. */
  private dead: Error | null = null;
  private reader: BodyReader | undefined;
  private decompressor: Decompressor | undefined;
  /** A body that is collected; of a streamed one, what the reader has not been given yet. */
  private readonly chunks: Buffer[] = [];
  /** What was collected before them, put together. */
  private readonly parts: Buffer[] = [];
  private size = 0;
  private status = 0;
  private headers: HttpHeaders = {};
  private pausable = false;
  private bodyEnded = false;
  private drain: NodeJS.Timeout | undefined;

  constructor(
    private readonly listener: AttemptListener,
    private readonly maxResponseSize: number,
  ) {}

  /** Ends the attempt. The listener is not told: it is the one who calls this. */
  kill(error: Error): void {
    if (this.dead !== null) return;
    this.dead = error;
    this.ticket?.cancel();
    this.controller?.abort(error);
    this.decompressor?.destroy();
  }

  onRequestQueued(ticket: RequestTicket): void {
    this.ticket = ticket;
    this.waited = true;
    this.listener.onQueued();
  }

  onRequestAdmitted(ticket: RequestTicket): void {
    this.ticket = ticket;
    if (this.waited) this.listener.onAdmitted();
  }

  /** Ends the body of an error where it is. @returns false when no such body is being read */
  endErrorBody(): boolean {
    if (this.dead !== null || this.status < 300) return false;
    this.end();
    return true;
  }

  onRequestStart(controller: HttpDispatchController): void {
    this.ticket = null;
    // undici knows no way to take a request out of its queue. Throwing here drops it and keeps the connection.
    if (this.dead !== null) throw this.dead;
    this.controller = controller;
    this.listener.onConnected();
  }

  onResponseStart(controller: HttpDispatchController, status: number, headers: HttpHeaders): void {
    if (status < 200 || this.dead !== null) return;
    this.controller ??= controller;
    this.status = status;
    this.headers = headers;
    this.listener.onHeaders(status, headers);
    if (headers['content-encoding'] !== undefined) {
      this.decompressor = createDecompressor(headers, {
        onData: (chunk) => this.consume(chunk),
        onEnd: () => this.listener.runInAsyncScope(() => this.finishBody()),
        onError: (error) => this.listener.runInAsyncScope(() => this.fail(error)),
      });
    }
    const reader = this.listener.readerFor(status);
    if (reader === undefined) return;
    this.pausable = isPausable(headers);
    this.reader = reader;
    this.listener.runInAsyncScope(() => this.listener.onStreaming(status, headers));
  }

  onResponseData(_controller: HttpDispatchController, chunk: Buffer): void {
    if (this.dead !== null || this.drain !== undefined) return;
    if (this.decompressor !== undefined) this.decompressor.write(chunk);
    else this.consume(chunk);
  }

  onResponseEnd(): void {
    clearTimeout(this.drain);
    if (this.dead !== null || this.drain !== undefined) return;
    this.bodyEnded = true;
    if (this.decompressor !== undefined) this.decompressor.end();
    else this.listener.runInAsyncScope(() => this.finishBody());
  }

  onResponseError(_controller: HttpDispatchController | null | undefined, error: Error): void {
    clearTimeout(this.drain);
    if (this.dead !== null || this.drain !== undefined) return;
    this.listener.runInAsyncScope(() => this.fail(error));
  }

  /** Stops reading from the socket, where the response allows it, and decompressing in any case. */
  pause(): void {
    if (this.dead !== null) return;
    this.decompressor?.pause();
    if (this.pausable) this.controller!.pause();
  }

  resume(): void {
    if (this.dead !== null) return;
    this.decompressor?.resume();
    if (this.controller?.paused === true) this.controller.resume();
  }

  /** The reader has all that it wants: the body gets a moment to end, so that the connection is kept. */
  finish(): void {
    if (this.dead !== null || this.drain !== undefined || this.bodyEnded) return;
    const controller = this.controller!;
    this.drain = setTimeout(
      () => controller.abort(new Error('the body stayed open after its terminal event')),
      DRAIN_MS,
    );
    this.drain.unref();
  }

  /** An exception of a reader must not reach undici, which would report it as a broken connection. */
  private consume(chunk: Buffer): void {
    if (this.dead !== null) return;
    try {
      this.take(chunk);
    } catch (error) {
      this.listener.runInAsyncScope(() => this.fail(error));
    }
  }

  /** See {@link consume}. */
  private finishBody(): void {
    if (this.dead !== null) return;
    try {
      this.end();
    } catch (error) {
      this.fail(error);
    }
  }

  private take(chunk: Buffer): void {
    this.size += chunk.length;
    if (this.size > this.maxResponseSize && this.status < 300) throw tooLarge(this.maxResponseSize);
    this.chunks.push(chunk);
    if (this.reader !== undefined) {
      // undici calls for each HTTP chunk of a socket read, of which there may be hundreds: the reader gets them in one.
      if (this.chunks.length === 1) void SETTLED.then(this.deliver);
      return;
    }
    this.listener.onProgress();
    if (this.status >= 300 && this.size > MAX_ERROR_BODY_BYTES)
      this.listener.runInAsyncScope(() => this.end());
    // A body in pieces of a byte would take a hundred times its size.
    if (this.chunks.length < MANY_CHUNKS) return;
    this.parts.push(Buffer.concat(this.chunks));
    this.chunks.length = 0;
  }

  private readonly deliver = (): void => {
    if (this.chunks.length > 0) this.listener.runInAsyncScope(this.handOver);
  };

  /** Gives the reader what has come in since the last time. */
  private readonly handOver = (): void => {
    const { chunks, reader } = this;
    if (chunks.length === 0 || reader === undefined || this.dead !== null) return;
    const bytes = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
    chunks.length = 0;
    try {
      if (reader.onData(bytes)) this.listener.onProgress();
    } catch (error) {
      this.fail(error);
    }
  };

  private end(): void {
    if (this.reader !== undefined) {
      this.handOver();
      if (this.dead !== null) return;
      this.reader.onEnd();
      this.dead ??= ENDED;
      this.listener.onStreamEnd();
      return;
    }
    const body =
      this.chunks.length === 1 && this.parts.length === 0
        ? this.chunks[0]!
        : Buffer.concat([...this.parts, ...this.chunks]);
    // Of an error body that is long, or slow, the rest is not read.
    if (!this.bodyEnded) this.kill(ENDED);
    this.dead = ENDED;
    this.listener.onBody(this.status, this.headers, body);
  }

  private fail(thrown: unknown): void {
    this.handOver();
    if (this.dead !== null) return;
    // The status has said what is wrong, whatever becomes of the body.
    if (this.status >= 300) return this.end();
    const error = toError(thrown);
    this.kill(error);
    this.listener.onFailed(error);
  }
}

/** Pausing any other response makes undici 7 crash or hang at the server's FIN, or report a complete body as broken. */
function isPausable({ 'transfer-encoding': encoding, connection }: HttpHeaders): boolean {
  return /^chunked$/i.test(String(encoding)) && !/\bclose\b/i.test(String(connection));
}

function tooLarge(bytes: number): APIResponseValidationError {
  return new APIResponseValidationError(
    `the response is larger than ${bytes} bytes (defaults.limits.responseSize)`,
    { code: 'response_too_large', phase: 'body' },
  );
}

const SETTLED = Promise.resolve();

const ENDED = new Error('the exchange has ended');
