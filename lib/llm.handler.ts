import { APIUserAbortError, SessionClosedError } from './errors/errors.js';
import type { LlmError } from './errors/llm.error.js';
import { Call, type CallOwner } from './exchange/call.js';
import type { HttpReply, HttpRequest } from './exchange/http-request.interface.js';
import { createHttpSession } from './session/create-http-session.js';
import type { HttpSessionOptions } from './session/http-session-options.interface.js';
import type { HttpInterceptor, HttpSession } from './session/http-session.interface.js';
import { DEFAULT_GRACE_MS } from './llm.constants.js';

/**
 * How a handler gets its session. Precedence: `session`, `transport`, `connector`, a default session.
 *
 * @publicApi
 */
export interface LlmHandlerOptions {
  /** A dispatcher. It stays the caller's: the handler never closes it. */
  session?: HttpSession;
  /** Interceptors composed over the session that the handler makes. */
  transport?: readonly HttpInterceptor[];
  /** undici's connect options, or a connector function, for the session that the handler makes. */
  connector?: HttpSessionOptions['connector'];
}

/**
 * Counters since the start, and gauges.
 *
 * @publicApi
 */
export interface CallStats {
  /** Calls that have not ended; a stream ends with its body. */
  active: number;
  started: number;
  succeeded: number;
  failed: number;
  /** Ended by the caller: its signal, a stream that was left or aborted. */
  aborted: number;
  /** Further tries of all calls. */
  retries: number;
}

/**
 * Sends HTTP calls over one session: the only code of this package that dispatches a request.
 *
 * In a NestJS application the module makes it. On its own:
 *
 * ```ts
 * const handler = new LlmHandler({ session: new Agent() });
 * const llm = new LlmService(handler, { providers: { openai: { apiKey } } });
 * // ...
 * await handler.close();
 * ```
 *
 * @publicApi
 */
export class LlmHandler implements CallOwner, AsyncDisposable {
  private session: HttpSession | Promise<HttpSession> | undefined;
  private owned: HttpSession | Promise<HttpSession> | undefined;
  private readonly calls = new Set<Call>();
  private closing: Promise<void> | undefined;
  private refusing = false;
  private onIdle: (() => void)[] = [];
  private readonly counters = { started: 0, succeeded: 0, failed: 0, aborted: 0, retries: 0 };

  constructor(private readonly options: LlmHandlerOptions = {}) {
    this.session = options.session;
  }

  /**
   * Sends one call, with its retries.
   *
   * @returns the reply with its body; of a streamed call, when the response headers are in
   * @throws {LlmError} typed, with the phase, in every case of failure
   */
  send(request: HttpRequest): Promise<HttpReply> {
    if (this.refusing) return Promise.reject(shutDownError(request));
    const session = request.session ?? this.session ?? this.makeSession();
    return session instanceof Promise
      ? session.then((made) =>
          this.refusing ? Promise.reject(shutDownError(request)) : this.run(made, request),
        )
      : this.run(session, request);
  }

  /**
   * Waits until no call is active, at most `graceMs` milliseconds, ends the ones that are left with
   * {@link SessionClosedError}, and closes the session if the handler made it. Calls that begin while others are
   * awaited are served. Never throws; a second call returns the first one's promise.
   */
  close(graceMs: number = DEFAULT_GRACE_MS): Promise<void> {
    this.closing ??= this.drain(graceMs).then(() => this.closeOwned());
    return this.closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Resolves when no call is active, or when those that still were after `graceMs` milliseconds have been ended. */
  async drain(graceMs: number): Promise<void> {
    if (this.calls.size > 0 && graceMs > 0) {
      await new Promise<void>((resolve) => {
        const deadline = setTimeout(resolve, graceMs).unref();
        this.onIdle.push(() => {
          clearTimeout(deadline);
          resolve();
        });
      });
    }
    this.refuse();
  }

  /** Ends every active call, and fails each later one, with {@link SessionClosedError}. */
  refuse(): void {
    this.refusing = true;
    for (const call of this.calls) call.shutDown();
  }

  stats(): CallStats {
    return { active: this.calls.size, ...this.counters };
  }

  onCallEnd(call: Call, error: LlmError | null): void {
    this.calls.delete(call);
    if (error === null) this.counters.succeeded++;
    else if (error instanceof APIUserAbortError) this.counters.aborted++;
    else this.counters.failed++;
    if (this.calls.size > 0) return;
    for (const resolve of this.onIdle.splice(0)) resolve();
  }

  onCallRetry(): void {
    this.counters.retries++;
  }

  private run(session: HttpSession, request: HttpRequest): Promise<HttpReply> {
    const call = new Call(session, request, this);
    this.calls.add(call);
    this.counters.started++;
    call.start();
    return call.promise;
  }

  private makeSession(): Promise<HttpSession> {
    const { transport, connector } = this.options;
    const made = createHttpSession(transport !== undefined ? { interceptors: transport } : { connector });
    this.owned = made;
    this.session = made;
    made.then(
      (session) => (this.session = session),
      () => (this.session = undefined),
    );
    return made;
  }

  private async closeOwned(): Promise<void> {
    try {
      const session = await this.owned;
      // undici's close() before destroy() would leave its streams running for ever.
      await session?.destroy();
    } catch {
      // Making the session failed, or it is destroyed already: nothing is left to close.
    }
  }
}

function shutDownError({ provider, model }: HttpRequest): SessionClosedError {
  return new SessionClosedError(`${provider}: nothing was sent, for the LLM module has shut down`, {
    provider,
    model,
  });
}
