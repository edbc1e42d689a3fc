import { SessionClosedError } from './errors/errors.js';
import { CallRegistry, shutDownError, type CallStats } from './transport/exchange/call-registry.js';
import type { HttpReply, HttpRequest } from './transport/exchange/http-request.interface.js';
import { openConnections, type WarmUpOptions } from './transport/exchange/warm-up.js';
import { createHttpSession } from './transport/session/create-http-session.js';
import type { HttpSessionOptions } from './transport/session/http-session-options.interface.js';
import type { HttpInterceptor, HttpSession } from './transport/session/http-session.interface.js';
import { SessionOwner } from './transport/session/session-owner.js';
import { statsOf, type SessionStats } from './transport/session/session-stats.js';

/** Milliseconds that running calls get at shutdown: below the 30 s after which Kubernetes kills. */
export const DEFAULT_GRACE_MS = 10_000;

/**
 * How a handler gets its session. Precedence: `session`, `transport`, `connector`, a default session.
 *
 * @publicApi
 */
export interface LlmHandlerOptions {
  /** A dispatcher. It stays the caller's: the handler never closes it. */
  session?: HttpSession | undefined;
  /** Interceptors composed over the session that the handler makes. */
  transport?: readonly HttpInterceptor[] | undefined;
  /** undici's connect options, or a connector function, for the session that the handler makes. */
  connector?: HttpSessionOptions['connector'] | undefined;
}

/** @publicApi */
export interface ReplaceSessionOptions {
  /**
   * Hands the session over: the handler closes it at the shutdown, or when it is replaced in its turn. Default `false`: it
   * stays the caller's to close.
   */
  owned?: boolean | undefined;
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
export class LlmHandler implements AsyncDisposable {
  private session: HttpSession | Promise<HttpSession> | undefined;
  private making: Promise<HttpSession> | undefined;
  private closing: Promise<void> | undefined;
  private readonly calls = new CallRegistry();

  /** @param owner knows which sessions are to be closed: the module's own, which made the session */
  constructor(
    private readonly options: LlmHandlerOptions = {},
    private readonly owner: SessionOwner = new SessionOwner(),
  ) {
    this.session = options.session;
  }

  /**
   * Sends one call, with its retries.
   *
   * @returns the reply with its body; of a streamed call, when the response headers are in
   * @throws {LlmError} typed, with the phase, in every case of failure
   */
  send(request: HttpRequest): Promise<HttpReply> {
    if (this.calls.refusing) return Promise.reject(shutDownError(request));
    const session = request.session ?? this.session ?? this.makeSession();
    return session instanceof Promise
      ? session.then((made) =>
          this.calls.refusing ? Promise.reject(shutDownError(request)) : this.calls.start(made, request),
        )
      : this.calls.start(session, request);
  }

  /**
   * Has every call that begins from now on use `next`: for rotated certificates, a changed proxy, other limits. Running
   * calls end on the session that they began with, their retries included.
   *
   * ```ts
   * await handler.replaceSession(await createHttpSession({ tls }), { owned: true });
   * ```
   *
   * @returns a promise that settles when the last call on the old session has ended, never with an error. An owned old
   * session (the module's own one, too) is closed by then; any other one is the caller's to close from then on
   */
  async replaceSession(next: HttpSession, { owned = false }: ReplaceSessionOptions = {}): Promise<void> {
    if (owned) this.owner.own(next);
    if (this.calls.refusing) return this.owner.release(next, shutDownError()).catch(() => {});
    const current = this.session;
    this.session = next;
    // The calls that wait for a session that is being made have asked for it before, so they are on it by then.
    const old = await Promise.resolve(current).catch(() => undefined);
    if (old === undefined || old === next) return;
    await this.calls.free(old);
    const isBack = this.session === old || this.calls.isRetired(old);
    if (isBack) return;
    await this.owner
      .release(old, new SessionClosedError('the session was replaced by another one'))
      .catch(() => {});
  }

  /**
   * Opens connections to `origin`, TLS included, and sends nothing over them.
   *
   * @param provider for the error's message
   * @throws {LlmError} when there is no connection within the time
   */
  async warmUp(provider: string, origin: string, options: WarmUpOptions = {}): Promise<void> {
    if (this.calls.refusing) throw shutDownError({ provider, model: provider });
    await openConnections(await (this.session ?? this.makeSession()), provider, origin, options);
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
    await this.idle(graceMs);
    this.refuse();
  }

  /** Resolves when no call is active, or after `withinMs` milliseconds. */
  idle(withinMs: number): Promise<void> {
    return this.calls.idle(withinMs);
  }

  /** Ends every active call, and fails each later one, with {@link SessionClosedError}. */
  refuse(): void {
    this.calls.refuse();
  }

  /** Counters of the calls, and the health of the providers that were called. */
  stats(): CallStats {
    return this.calls.stats();
  }

  /** Whether calls over the session need credentials: `false` of one that stands in for the providers. */
  needsCredentials(session: HttpSession | undefined): boolean {
    const used = session ?? this.session;
    return used === undefined || used instanceof Promise || used.needsNoCredentials !== true;
  }

  /** What a log or a serializer is shown: nothing of the session. */
  toJSON(): object {
    return { calls: this.stats() };
  }

  /** Of the present session; `undefined` before the first call made one, and of a session that tells nothing. */
  sessionStats(): SessionStats | undefined {
    const { session } = this;
    return session === undefined || session instanceof Promise ? undefined : statsOf(session);
  }

  private makeSession(): Promise<HttpSession> {
    const { transport, connector } = this.options;
    const making = createHttpSession(
      transport !== undefined ? { interceptors: transport } : { connector },
    ).then((made) => this.owner.own(made));
    this.making = making;
    this.session = making;
    making.then(
      (made) => this.settleSession(making, made),
      () => this.settleSession(making, undefined),
    );
    return making;
  }

  /** The session that was being made is there, or failed to be, unless another one has taken its place meanwhile. */
  private settleSession(making: Promise<HttpSession>, made: HttpSession | undefined): void {
    if (this.session === making) this.session = made;
  }

  private async closeOwned(): Promise<void> {
    try {
      await this.making?.catch(() => undefined);
      await this.owner.destroy(shutDownError());
    } catch {
      // It is destroyed already: nothing is left to close.
    }
  }
}
