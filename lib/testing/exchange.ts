import type { HttpDispatchController, HttpDispatchHandler, HttpHeaders } from '../index.js';

/**
 * One request and what comes back, told to a handler as the contract of {@link HttpDispatchHandler} says: what a session
 * that makes its answers up leaves to this.
 */
export class Exchange implements HttpDispatchController {
  aborted = false;
  paused = false;
  reason: Error | null = null;
  /** No callback comes any more. */
  over = false;
  /** Ends the wait for the handler to go on. */
  private wake: (() => void) | undefined;
  /** Ends the wait of {@link sleep}. */
  private interrupt: (() => void) | undefined;

  /** @param onOver is called once, when the exchange is over */
  constructor(
    private readonly handler: HttpDispatchHandler,
    private readonly onOver: () => void,
  ) {}

  abort(reason: Error): void {
    if (this.over) return;
    this.aborted = true;
    this.reason = reason;
    this.fail(reason);
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    this.wake?.();
  }

  /** The request is on a connection. */
  start(): void {
    this.tell(() => this.handler.onRequestStart(this, {}));
  }

  respond(status: number, headers: HttpHeaders): void {
    this.tell(() => this.handler.onResponseStart(this, status, headers, ''));
  }

  /** Part of the body, when the handler takes it. */
  async data(bytes: Buffer): Promise<void> {
    await this.flowing();
    this.tell(() => this.handler.onResponseData(this, bytes));
  }

  /** The body has ended, when the handler takes that. */
  async end(): Promise<void> {
    await this.flowing();
    if (this.over) return;
    // What the handler does about the end, such as an abort, has no exchange to end any more.
    this.finish();
    try {
      this.handler.onResponseEnd(this, {});
    } catch (thrown) {
      this.handler.onResponseError(this, thrown as Error);
    }
  }

  /** @param connected whether there was a connection, and so a controller */
  fail(error: Error, connected = true): void {
    if (this.over) return;
    this.finish();
    this.handler.onResponseError(connected ? this : null, error);
  }

  /** Resolves after `ms` milliseconds, or when the exchange is over. */
  async sleep(ms: number): Promise<void> {
    if (ms <= 0 || this.over) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.interrupt = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  private async flowing(): Promise<void> {
    while (this.paused && !this.over) await new Promise<void>((resolve) => (this.wake = resolve));
  }

  private tell(callback: () => void): void {
    if (this.over) return;
    try {
      callback();
    } catch (thrown) {
      this.abort(thrown as Error);
    }
  }

  private finish(): void {
    if (this.over) return;
    this.over = true;
    this.wake?.();
    this.interrupt?.();
    this.onOver();
  }
}

/** An error as undici and the sockets below it have them. */
export function socketError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

/** A dispatch on a session that is closed. */
export function refuseClosed(handler: HttpDispatchHandler, destroyed: boolean): false {
  const error = destroyed
    ? socketError('UND_ERR_DESTROYED', 'The session is destroyed')
    : socketError('UND_ERR_CLOSED', 'The session is closed');
  handler.onResponseError(null, error);
  return false;
}
