import { AsyncResource } from 'node:async_hooks';
import { inspect } from 'node:util';
import { LlmError, type LlmAttempt, type LlmErrorPhase } from '../../errors/llm.error.js';
import { secretsOf } from '../../errors/redact.js';
import { rejection } from '../../errors/rejection.js';
import { fromTransport } from '../../errors/transport-error.js';
import type { HttpHeaders, HttpSession } from '../session/http-session.interface.js';
import { CONNECTED_AT, connectionsBegun, wasConnectedTo } from '../session/connection-watch.js';
import { AbortLink } from '../../signals/abort-link.js';
import { Attempt, type AttemptListener } from './attempt.js';
import { aborted, expired, expiredInPool, shutDown, withoutCredentials } from './call-errors.js';
import type { BodyFlow, BodyReader, HttpReply, HttpRequest } from './http-request.interface.js';
import type { CallTimings } from './call-timings.interface.js';
import { CallLimits } from './call-limits.js';
import type { ProviderHealth } from './provider-health.js';
import { isPaced, retryDelay } from './retry.js';

/**
 * A connection that had been idle and breaks within this time after a request was written had been closed by the
 * provider meanwhile. Later than that the provider may have been working on the request.
 */
const STALE_WITHIN_MS = 1000;

/** 1 s for each piece of the body of an error: its status is known already. */
const ERROR_BODY_MS = 1000;

/** 1 ms: what is shorter is no wait for a connection. */
const LEAST_WAIT_MS = 1;

/** What the owner of a call is told about it. */
export interface CallOwner {
  onCallEnd(call: Call, error: LlmError | null): void;
  /** A call wants its limits to be looked at by `dueAt`; both are times of performance.now(). */
  wakeBy(dueAt: number, now: number): void;
  /** A further attempt is going to be made. */
  onRetry(call: Call): void;
}

/**
 * One HTTP call: its attempts, its time limits and its abort. undici honours no abort while a request waits for a
 * connection and has no total limit, so the call has its own promise, which settles at once in every phase.
 *
 * It is an async resource, made in the context of its caller: whatever it calls again later runs in that context, a key
 * function for a retry as well as the reader of a stream. Sockets and timers are shared, and belong to other calls' contexts.
 */
export class Call extends AsyncResource implements AttemptListener, BodyFlow {
  readonly promise: Promise<HttpReply>;
  readonly limits: CallLimits;
  /** Where the owner keeps the call among the others. */
  place = -1;
  private resolve!: (reply: HttpReply | Promise<never>) => void;
  private readonly startedAt = performance.now();
  readonly timings: CallTimings = {};
  private attempts: readonly LlmAttempt[] = [];
  private attempt: Attempt | null = null;
  private attemptAt = 0;
  private headers: Record<string, string>;
  private phase: LlmErrorPhase = 'request';
  /** Of a streamed call, from the first try on whose body it was given. */
  private reader: BodyReader | undefined;
  /** What that body is a part of, until the promise settles with it. */
  private opening: HttpReply | undefined;
  /** The promise has settled with a stream: what fails from now on is its reader's to know. */
  private begun = false;
  /** The present attempt has been answered, and is among the attempts. */
  private answered = false;
  /** The present answer has an error status. */
  private refused = false;
  /** The consumer holds up the exchange. */
  private stalled = false;
  private wait: NodeJS.Timeout | undefined;
  private abortLink: AbortLink | undefined;
  private ended = false;
  /** Attempts that a pooled connection took with it, which the provider had closed meanwhile. */
  private resent = 0;
  /** It was sent again with other credentials. */
  private renewed = false;

  constructor(
    readonly session: HttpSession,
    readonly request: HttpRequest,
    private readonly health: ProviderHealth,
    private readonly owner: CallOwner,
  ) {
    super('nestjs-llm.call');
    this.headers = request.headers;
    this.promise = new Promise<HttpReply>((resolve) => (this.resolve = resolve));
    this.limits = new CallLimits(request.timeout.total, request.startedAt ?? this.startedAt);
  }

  start(): void {
    const { signal } = this.request;
    if (signal !== undefined) {
      if (signal.aborted) return this.onSignal();
      this.abortLink = new AbortLink(signal, this.onSignal);
    }
    this.try(this.startedAt);
  }

  /** What a log or a serializer is shown: nothing of the headers. */
  toJSON(): object {
    const { phase, attempts } = this;
    const { provider, model, origin } = this.request;
    return { provider, model, origin, phase, attempts };
  }

  [inspect.custom](): object {
    return this.toJSON();
  }

  /** Ends the call at once, in whatever phase it is. */
  private cancel(error: LlmError): void {
    if (this.ended) return;
    this.attempt?.kill(error);
    this.conclude(error);
  }

  /** Ends the call because the handler that sent it shuts down. */
  shutDown(): void {
    this.runInAsyncScope(() => this.cancel(shutDown(this.request, this.phase)));
  }

  /** Ends the phase, or the call, whose time limit is over. */
  expire(): void {
    this.runInAsyncScope(() => this.onExpired());
  }

  private onExpired(): void {
    // The status has said what is wrong: what its body would add is not waited for.
    if (this.attempt?.endErrorBody() === true) return;
    const { limit, timeoutMs } = this.limits.due;
    const phase = limit === 'total' ? 'total' : this.phase === 'body' ? this.bodyPhase() : this.phase;
    const inPool = phase === 'queue' && this.attempt?.waited === false;
    const error = inPool ? expiredInPool(this.request, timeoutMs) : expired(this.request, phase, timeoutMs);
    if (phase !== 'connect') return this.cancel(error);
    this.attempt?.kill(error);
    this.retryOrFail(error);
  }

  onQueued(): void {
    this.enter('queue', this.request.timeout.queue, performance.now());
  }

  onAdmitted(): void {
    const now = performance.now();
    this.timings.queued = now - this.startedAt;
    this.enter('connect', this.request.timeout.connect, now);
  }

  onConnected(): void {
    const now = performance.now();
    // It waited in a pool of the application's own, which tells only of the end of that; undici takes a turn of the event
    // loop also where a connection is free.
    if (this.phase === 'queue' && now - this.attemptAt >= LEAST_WAIT_MS)
      this.timings.queued = now - this.startedAt;
    this.timings.connected = now - this.startedAt;
    this.enter('firstByte', this.request.timeout.firstByte, now);
  }

  onHeaders(status: number): void {
    const now = performance.now();
    this.timings.firstByte = now - this.startedAt;
    this.refused = status >= 300;
    // The limit of the first byte goes on until there is content.
    if (!this.refused) this.phase = 'body';
    else {
      const { idle } = this.request.timeout;
      this.enter('body', Math.min(idle || ERROR_BODY_MS, ERROR_BODY_MS), now);
    }
  }

  readerFor(status: number): BodyReader | undefined {
    return status < 300 ? this.request.reader : undefined;
  }

  onStreaming(status: number, headers: HttpHeaders): void {
    this.note(status);
    this.reader = this.request.reader!;
    this.opening = this.reply(status, headers, null);
    this.reader.onStart(this, this.opening);
  }

  onProgress(): void {
    const now = performance.now();
    // The body of an error has a limit of its own, and is no content.
    if (this.refused) this.limits.restart(now);
    else if (this.timings.firstContent === undefined) {
      this.timings.firstContent = now - this.startedAt;
      if (!this.stalled) this.limit(this.request.timeout.idle, now);
    } else if (!this.stalled) this.limits.restart(now);
  }

  onBody(status: number, headers: HttpHeaders, body: Buffer): void {
    if (status < 200 || status >= 300) {
      return this.onErrorBody(status, this.request.readError(this.reply(status, headers, body)));
    }
    this.note(status);
    const reply = this.reply(status, headers, body);
    try {
      this.request.accept?.(reply);
    } catch (error) {
      return this.onFailed(error);
    }
    this.end(null);
    this.resolve(reply);
  }

  /** An answer with an error status. */
  private onErrorBody(status: number, error: LlmError): void {
    if (!this.renewed && error.retryable && this.isRenewable(status)) {
      this.renewed = true;
      this.resend(error);
    } else this.retryOrFail(error);
  }

  onStreamEnd(): void {
    this.end(null);
  }

  begin(): void {
    if (this.begun || this.ended) return;
    this.begun = true;
    this.resolve(this.opening!);
    this.opening = undefined;
  }

  pause(): void {
    if (this.ended) return;
    this.stalled = true;
    const { stalled, idle } = this.request.timeout;
    this.limit(stalled ?? idle, performance.now());
    this.attempt?.pause();
  }

  resume(): void {
    if (!this.stalled) return;
    this.stalled = false;
    this.limit(this.request.timeout.idle, performance.now());
    this.attempt?.resume();
  }

  consumed(): void {
    this.limits.restart(performance.now());
  }

  finish(): void {
    // All of the answer may have come at once.
    this.timings.firstContent ??= performance.now() - this.startedAt;
    this.end(null);
    this.attempt!.finish();
  }

  abort(error: LlmError): void {
    if (this.ended) return;
    this.attempt?.kill(error);
    this.runInAsyncScope(() => this.onFailed(error));
  }

  onFailed(error: unknown): void {
    const { provider, model, origin } = this.request;
    const stale = this.isStale(error);
    const failure = fromTransport(error, {
      provider,
      model,
      host: new URL(origin).host,
      // What a pool says of a request that waits in it is said of the connection.
      phase: this.phase === 'queue' ? 'connect' : this.phase,
      stale,
      secrets: secretsOf(this.headers, this.request.held),
    });
    if (stale) this.resend(failure);
    // Of a stream that broke nothing says what was generated, and billed.
    else if (this.begun && !(failure.retryable && this.reader!.isRestartable())) this.conclude(failure);
    else this.retryOrFail(failure);
  }

  private try(now: number): void {
    this.attemptAt = now;
    if (this.request.authorize === undefined) return this.dispatch(now);
    this.enter('request', this.request.timeout.connect, now);
    let headers: Record<string, string> | Promise<Record<string, string>>;
    try {
      headers = this.request.authorize();
    } catch (error) {
      return this.onUnauthorized(error);
    }
    if (headers instanceof Promise) {
      headers.then(
        (made) => this.onAuthorized(made),
        (error: unknown) => this.onUnauthorized(error),
      );
    } else this.onAuthorized(headers);
  }

  private onAuthorized(headers: Record<string, string>): void {
    if (this.ended) return;
    this.headers = { ...this.request.headers, ...headers };
    this.dispatch(performance.now());
  }

  /** Whoever gives the credentials has tried as often as makes sense: asking again would multiply that. */
  private onUnauthorized(error: unknown): void {
    if (this.ended) return;
    const failure = error instanceof LlmError ? error : withoutCredentials(this.request, error);
    this.conclude(failure);
  }

  private dispatch(now: number): void {
    const { session, request } = this;
    if (session.closed === true || session.destroyed === true) {
      return this.onFailed(Object.assign(new Error('the session is closed'), { code: 'UND_ERR_CLOSED' }));
    }
    this.enter('connect', request.timeout.connect, now);
    const attempt = new Attempt(this, request.maxResponseSize);
    this.attempt = attempt;
    const begun = connectionsBegun();
    try {
      session.dispatch(
        {
          origin: request.origin,
          path: request.path,
          method: request.method,
          // The session's own: what an interceptor changes is not changed for the next call.
          headers: { ...this.headers },
          body: request.body,
          headersTimeout: 0,
          bodyTimeout: 0,
        },
        attempt,
      );
    } catch (error) {
      attempt.onResponseError(null, error as Error);
    }
    if (this.phase === 'connect' && begun === connectionsBegun() && wasConnectedTo(request.origin)) {
      // It has no connection, and none is being opened for it.
      this.enter('queue', request.timeout.queue, this.attemptAt);
    }
  }

  /**
   * Sends the request again, which the provider has not had, whatever the retries are. That ends on a connection of its
   * own: each one that fails so had been opened before, and is gone.
   */
  private resend(error: LlmError): void {
    if (this.ended) return;
    this.resent++;
    this.owner.onRetry(this);
    this.again(error, 0);
  }

  /** Whether an answer that may be had otherwise was about the credentials, of which there are others. */
  private isRenewable(status: number): boolean {
    return this.request.authorize !== undefined && (status === 400 || status === 401 || status === 403);
  }

  private retryOrFail(error: LlmError): void {
    const now = performance.now();
    const tries = this.attempts.length + (this.answered ? 0 : 1) - this.resent;
    const { retry } = this.request;
    const delay = this.ended ? null : retryDelay(retry, error, tries, this.limits.remaining(now));
    if (delay === null) return this.conclude(error);
    // Without credentials nothing was sent: that says nothing of the provider.
    const sent = this.phase !== 'request';
    if (sent && !isPaced(error) && !this.health.retries.take(retry.budget)) {
      error.message += `; it was not tried again, for the retries of all calls to ${this.request.provider} are used up (retry.budget)`;
      return this.conclude(error);
    }
    if (sent) this.health.onOutcome(error);
    this.owner.onRetry(this);
    this.again(error, delay);
  }

  private again(error: LlmError, delay: number): void {
    this.record(error, delay);
    this.enter('request', 0, performance.now());
    // It is the last attempt's.
    delete this.timings.queued;
    this.attempt = null;
    this.answered = false;
    this.stalled = false;
    delete this.timings.firstContent;
    this.wait = setTimeout(() => this.try(performance.now()), delay);
  }

  private readonly onSignal = (): void => {
    const error = aborted(this.request, this.phase, this.request.signal!.reason);
    this.runInAsyncScope(() => this.cancel(error));
  };

  private conclude(error: LlmError): void {
    if (this.ended) return;
    this.record(error);
    error.attempts = this.attempts;
    this.end(error);
    if (this.begun) this.reader!.onError(error);
    else this.resolve(rejection(error));
  }

  private end(error: LlmError | null): void {
    if (this.ended) return;
    this.ended = true;
    this.timings.total = performance.now() - this.startedAt;
    clearTimeout(this.wait);
    this.abortLink?.unlink();
    if (this.phase === 'request') this.health.onNothingSent();
    else this.health.onOutcome(error);
    this.owner.onCallEnd(this, error);
  }

  private enter(phase: LlmErrorPhase, limit: number, now: number): void {
    this.phase = phase;
    this.limit(limit, now);
  }

  private limit(limit: number, now: number): void {
    if (this.ended) return;
    this.limits.start(limit, now);
    this.owner.wakeBy(this.limits.dueAt, now);
  }

  /** An answer of success: a list of this length, where push() would keep room for sixteen more in each open stream. */
  private note(status: number): void {
    const durationMs = performance.now() - this.attemptAt;
    const { model, place } = this.request;
    const at = place !== undefined && { deployment: place };
    this.attempts = this.attempts.concat({ model, ...at, status, durationMs });
    this.answered = true;
  }

  /** The attempt has failed, with an answer or without. */
  private record(failure: LlmError, delayMs?: number): void {
    const { model, place } = this.request;
    const { status, name: error, phase } = failure;
    const wait = delayMs !== undefined && { delayMs };
    if (this.answered) {
      const last = this.attempts.at(-1)!;
      this.attempts = [...this.attempts.slice(0, -1), { ...last, error, phase, ...wait }];
      return;
    }
    const durationMs = performance.now() - this.attemptAt;
    this.attempts = this.attempts.concat({
      model,
      ...(place !== undefined && { deployment: place }),
      error,
      phase,
      durationMs,
      ...(status !== undefined && { status }),
      ...wait,
    });
  }

  private reply(status: number, headers: HttpHeaders, body: Buffer | null): HttpReply {
    return {
      status,
      headers,
      sentHeaders: this.headers,
      held: this.request.held,
      body,
      attempts: this.attempts,
      timings: this.timings,
    };
  }

  /** Which limit of the body runs. */
  private bodyPhase(): LlmErrorPhase {
    if (this.stalled) return 'stalled';
    return this.timings.firstContent === undefined ? 'firstByte' : 'idle';
  }

  private isStale(error: unknown): boolean {
    if (this.phase !== 'firstByte') return false;
    const connectedAt = (error as { [CONNECTED_AT]?: number } | null | undefined)?.[CONNECTED_AT];
    const sentAt = this.startedAt + this.timings.connected!;
    return (
      connectedAt !== undefined &&
      connectedAt < this.attemptAt &&
      performance.now() - sentAt < STALE_WITHIN_MS
    );
  }
}
