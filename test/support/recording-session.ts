import type {
  HttpDispatchController,
  HttpDispatchHandler,
  HttpDispatchOptions,
  HttpHeaders,
  HttpSession,
} from '../../lib/index.js';

/** What a provider sends back. */
export interface WireAnswer {
  readonly status?: number;
  readonly headers: HttpHeaders;
  readonly body: string | Buffer;
}

/** A session without a socket: records each request and answers it with what the provider would send. */
export class RecordingSession implements HttpSession {
  readonly requests: HttpDispatchOptions[] = [];

  constructor(private readonly answer: (request: HttpDispatchOptions) => WireAnswer) {}

  dispatch(request: HttpDispatchOptions, handler: HttpDispatchHandler): boolean {
    this.requests.push(request);
    const { status = 200, headers, body } = this.answer(request);
    const controller = new Controller();
    setImmediate(() => {
      handler.onRequestStart(controller, {});
      handler.onResponseStart(controller, status, headers, '');
      handler.onResponseData(controller, Buffer.from(body));
      if (!controller.aborted) handler.onResponseEnd(controller, {});
    });
    return true;
  }

  close(): Promise<void> {
    return Promise.reject(new Error('the session is not the library’s to close'));
  }

  destroy(): Promise<void> {
    return this.close();
  }
}

class Controller implements HttpDispatchController {
  aborted = false;
  paused = false;
  reason: Error | null = null;

  abort(reason: Error): void {
    this.aborted = true;
    this.reason = reason;
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }
}
