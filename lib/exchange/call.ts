import { APITimeoutError, APIUserAbortError, SessionClosedError } from '../errors/errors.js';
import { LlmError, type LlmAttempt, type LlmErrorPhase } from '../errors/llm.error.js';
import { credentialsOf } from '../errors/redact.js';
import { fromTransport } from '../errors/transport-error.js';
import type { HttpHeaders, HttpSession } from '../session/http-session.interface.js';
import { CONNECTED_AT } from '../session/socket-errors.js';
import { Attempt, type AttemptListener } from './attempt.js';
import type { BodyReader, CallTimings, HttpReply, HttpRequest } from './http-request.interface.js';
import { PhaseTimer } from './phase-timer.js';
import { retryDelay } from './retry.js';

/**
 * A connection that had been idle and breaks within this time after a request was written had been closed by the
 * provider meanwhile. Later than that the provider may have been working on the request.
 */
const STALE_WITHIN_MS = 1000;

/** What the owner of a call is told about it. */
export interface CallOwner {
  onCallEnd(call: Call, error: LlmError | null): void;
  onCallRetry(): void;
}

/**
 * One HTTP call: its attempts, its time limits and its abort. undici honours no abort while a request waits for a
 * connection and has no total limit, so the call has its own promise, which settles at once in every phase.
 */
export class Call implements AttemptListener {
  readonly promise: Promise<HttpReply>;
  private resolve!: (reply: HttpReply) => void;
  private reject!: (error: LlmError) => void;
  private readonly startedAt = performance.now();
  private readonly timer: PhaseTimer;
  private readonly timings: CallTimings = {};
  private readonly attempts: LlmAttempt[] = [];
  private attempt: Attempt | null = null;
  private attemptAt = 0;
  private headers: Record<string, string>;
  private phase: LlmErrorPhase = 'request';
  private reader: BodyReader | undefined;
  private wait: NodeJS.Timeout | undefined;
  private ended = false;

  constructor(
    private readonly session: HttpSession,
    private readonly request: HttpRequest,
    private readonly owner: CallOwner,
  ) {
    this.headers = request.headers;
    this.promise = new Promise<HttpReply>((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.timer = new PhaseTimer(request.timeout.total, this.startedAt, this.onExpire);
  }

  start(): void {
    const { signal } = this.request;
    if (signal !== undefined) {
      if (signal.aborted) return this.onSignal();
      signal.addEventListener('abort', this.onSignal, { once: true });
    }
    this.begin();
  }

  /** Ends the call at once, in whatever phase it is. */
  cancel(error: LlmError): void {
    if (this.ended) return;
    this.attempt?.kill(error);
    this.conclude(error);
  }

  /** Ends the call because the handler that sent it shuts down. */
  shutDown(): void {
    const { provider, model, origin } = this.request;
    this.cancel(
      new SessionClosedError(
        `${provider}: the call to ${new URL(origin).host} was still running when the grace time of the shutdown ended`,
        { provider, model, phase: this.phase },
      ),
    );
  }

  onConnected(): void {
    const now = performance.now();
    this.timings.connected = now - this.startedAt;
    this.enter('firstByte', this.request.timeout.firstByte, now);
  }

  onHeaders(): void {
    const now = performance.now();
    this.timings.firstByte = now - this.startedAt;
    this.enter('body', this.request.timeout.idle, now);
  }

  readerFor(status: number, headers: HttpHeaders): BodyReader | undefined {
    // A provider that answers a streamed call with a document has not started a stream: most often it is an error.
    const type = headers['content-type'];
    const isDocument = typeof type === 'string' && /^\s*(application\/json|text\/html)\b/i.test(type);
    return status < 300 && !isDocument ? this.request.reader : undefined;
  }

  onStreaming(attempt: Attempt, status: number, headers: HttpHeaders): void {
    this.record({ status });
    this.reader = this.request.reader!;
    const reply = this.reply(status, headers, null);
    this.reader.onStart(attempt, reply);
    this.resolve(reply);
  }

  onProgress(): void {
    const now = performance.now();
    this.timings.firstContent ??= now - this.startedAt;
    this.timer.restart(now);
  }

  onPaused(paused: boolean): void {
    // A consumer that takes its time is no fault of the provider's.
    this.timer.start(paused ? 0 : this.request.timeout.idle, performance.now());
  }

  onBody(status: number, headers: HttpHeaders, body: Buffer): void {
    if (status >= 200 && status < 300) {
      this.record({ status });
      this.end(null);
      this.resolve(this.reply(status, headers, body));
      return;
    }
    this.retryOrFail(this.request.readError(this.reply(status, headers, body)));
  }

  onStreamEnd(): void {
    this.end(null);
  }

  onStreamFinished(): void {
    this.end(null);
  }

  onFailed(error: unknown): void {
    const { provider, model, origin } = this.request;
    const failure = fromTransport(error, {
      provider,
      model,
      host: new URL(origin).host,
      phase: this.phase,
      stale: this.isStale(error),
      secrets: credentialsOf(this.headers),
    });
    if (this.reader === undefined) this.retryOrFail(failure);
    else this.conclude(failure);
  }

  private begin(): void {
    this.attemptAt = performance.now();
    this.enter('request', 0, this.attemptAt);
    if (this.request.authorize === undefined) return this.dispatch();
    let headers: Record<string, string> | Promise<Record<string, string>>;
    try {
      headers = this.request.authorize();
    } catch (error) {
      return this.onUnauthorized(error);
    }
    if (headers instanceof Promise) headers.then(this.onAuthorized, this.onUnauthorized);
    else this.onAuthorized(headers);
  }

  private readonly onAuthorized = (headers: Record<string, string>): void => {
    if (this.ended) return;
    this.headers = { ...this.request.headers, ...headers };
    this.dispatch();
  };

  private readonly onUnauthorized = (error: unknown): void => {
    if (this.ended) return;
    const { provider, model } = this.request;
    const failure =
      error instanceof LlmError
        ? error
        : new LlmError(`${provider}: the function that gives the credentials failed`, {
            code: 'credentials_failed',
            provider,
            model,
            cause: error,
          });
    this.retryOrFail(failure);
  };

  private dispatch(): void {
    const { session, request } = this;
    if (session.closed === true || session.destroyed === true) {
      return this.onFailed(Object.assign(new Error('the session is closed'), { code: 'UND_ERR_CLOSED' }));
    }
    this.enter('connect', request.timeout.connect, this.attemptAt);
    const attempt = new Attempt(this);
    this.attempt = attempt;
    try {
      session.dispatch(
        {
          origin: request.origin,
          path: request.path,
          method: request.method,
          headers: this.headers,
          body: request.body,
          headersTimeout: 0,
          bodyTimeout: 0,
        },
        attempt,
      );
    } catch (error) {
      attempt.onResponseError(null, error as Error);
    }
  }

  private retryOrFail(error: LlmError): void {
    const now = performance.now();
    const tries = this.attempts.length + 1;
    const delay = this.ended ? null : retryDelay(this.request.retry, error, tries, this.timer.remaining(now));
    if (delay === null) return this.conclude(error);
    this.record(error, delay);
    this.owner.onCallRetry();
    this.enter('request', 0, now);
    this.attempt = null;
    this.wait = setTimeout(() => this.begin(), delay);
  }

  private readonly onExpire = (limit: 'phase' | 'total', timeoutMs: number): void => {
    const { provider, model, origin } = this.request;
    const host = new URL(origin).host;
    const phase = limit === 'total' ? 'total' : this.phase === 'body' ? 'idle' : this.phase;
    const error = new APITimeoutError(EXPIRED[phase]!(provider, host, timeoutMs), timeoutMs, {
      provider,
      model,
      phase,
      retryable: phase === 'connect',
    });
    if (phase !== 'connect') return this.cancel(error);
    this.attempt?.kill(error);
    this.retryOrFail(error);
  };

  private readonly onSignal = (): void => {
    const { provider, model, signal } = this.request;
    this.cancel(
      new APIUserAbortError(`${provider}: the caller aborted the call`, {
        provider,
        model,
        phase: this.phase,
        cause: signal!.reason,
      }),
    );
  };

  private conclude(error: LlmError): void {
    if (this.ended) return;
    const streaming = this.reader !== undefined;
    if (!streaming) this.record(error);
    error.attempts = this.attempts;
    this.end(error);
    if (streaming) this.reader!.onError(error);
    else this.reject(error);
  }

  private end(error: LlmError | null): void {
    if (this.ended) return;
    this.ended = true;
    this.timings.total = performance.now() - this.startedAt;
    this.timer.stop();
    clearTimeout(this.wait);
    this.request.signal?.removeEventListener('abort', this.onSignal);
    this.owner.onCallEnd(this, error);
  }

  private enter(phase: LlmErrorPhase, limit: number, now: number): void {
    this.phase = phase;
    this.timer.start(limit, now);
  }

  private record(outcome: LlmError | { status: number }, delayMs?: number): void {
    const durationMs = performance.now() - this.attemptAt;
    const { model } = this.request;
    if (outcome instanceof LlmError) {
      const { status, name, phase } = outcome;
      this.attempts.push({
        model,
        error: name,
        phase,
        durationMs,
        ...(status !== undefined && { status }),
        ...(delayMs !== undefined && { delayMs }),
      });
    } else {
      this.attempts.push({ model, status: outcome.status, durationMs });
    }
  }

  private reply(status: number, headers: HttpHeaders, body: Buffer | null): HttpReply {
    return {
      status,
      headers,
      sentHeaders: this.headers,
      body,
      attempts: this.attempts,
      timings: this.timings,
    };
  }

  private isStale(error: unknown): boolean {
    if (this.phase !== 'firstByte') return false;
    const { [CONNECTED_AT]: connectedAt } = error as { [CONNECTED_AT]?: number };
    const sentAt = this.startedAt + this.timings.connected!;
    return (
      connectedAt !== undefined &&
      connectedAt < this.attemptAt &&
      performance.now() - sentAt < STALE_WITHIN_MS
    );
  }
}

const EXPIRED: Readonly<
  Partial<Record<LlmErrorPhase, (provider: string, host: string, ms: number) => string>>
> = {
  connect: (provider, host, ms) =>
    `${provider}: no connection to ${host} within ${ms} ms; check the network and the proxy settings, or raise timeout.connect`,
  firstByte: (provider, host, ms) =>
    `${provider}: ${host} took the request and sent no response header within ${ms} ms; raise timeout.firstByte if its answers take longer`,
  idle: (provider, host, ms) =>
    `${provider}: ${host} sent nothing more for ${ms} ms in the middle of its response; raise timeout.idle if it pauses longer`,
  total: (provider, host, ms) => `${provider}: the call to ${host} took longer than timeout.total, ${ms} ms`,
};
