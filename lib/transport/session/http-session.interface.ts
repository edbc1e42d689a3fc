import type { HttpHeaders } from '../../errors/http-headers.interface.js';

export type { HttpHeaders };

/** What a dispatch handler may do to the exchange that it handles. */
export interface HttpDispatchController {
  readonly aborted: boolean;
  readonly paused: boolean;
  readonly reason: Error | null;
  abort(reason: Error): void;
  pause(): void;
  resume(): void;
}

/** A request that a limiter holds, before undici knows of it and so before there is a controller. */
export interface RequestTicket {
  /**
   * Gives the request up: it leaves the queue, or its place goes to the next one, at once. No callback follows. Without
   * effect after `onRequestStart`.
   */
  cancel(): void;
}

/**
 * The five callbacks that undici 7 and 8 share, and two more that tell of the time before them. Only `limit()` calls
 * those two: on a session without it a request is in nobody's queue but undici's, which cannot be left.
 *
 * What a session owes its handlers, as undici's dispatchers keep it:
 *
 * - The order is `onRequestStart`, `onResponseStart` (again for each informational response before), `onResponseData` any
 *   number of times, and `onResponseEnd` or `onResponseError`, one of them and once. After it nothing comes.
 *   `onResponseError` may come at any point, also as the only one.
 * - `onRequestStart` may be called before `dispatch()` has returned, when a connection is free. Nothing that depends on
 *   an answer is.
 * - The request is written after `onRequestStart` has returned. A handler that throws there, or aborts, has sent nothing,
 *   and the connection is kept.
 * - A handler may throw in any callback but `onResponseError`. The session catches it, ends the exchange, and reports what
 *   was thrown, itself, to `onResponseError`. Nothing reaches the caller of `dispatch()` or the process.
 * - `controller.abort(reason)` ends the exchange and is answered by `onResponseError` with `reason`, itself, possibly
 *   before `abort()` has returned; no other callback comes after it. Aborting twice, or after the end, does nothing.
 * - Between `controller.pause()` and `controller.resume()` no `onResponseData` and no `onResponseEnd` comes, but for what
 *   had been read already.
 * - On a closed session `dispatch()` does not throw: `onResponseError` is called, without a controller.
 */
export interface HttpDispatchHandler {
  /** The request waits for its place. */
  onRequestQueued?(ticket: RequestTicket): void;
  /** The request has its place and now waits for its connection. */
  onRequestAdmitted?(ticket: RequestTicket): void;
  onRequestStart(controller: HttpDispatchController, context: unknown): void;
  /** Called for informational (1xx) responses, too. */
  onResponseStart(
    controller: HttpDispatchController,
    statusCode: number,
    headers: HttpHeaders,
    statusMessage?: string,
  ): void;
  onResponseData(controller: HttpDispatchController, chunk: Buffer): void;
  onResponseEnd(controller: HttpDispatchController, trailers: HttpHeaders): void;
  /** The controller is absent when no connection was made. */
  onResponseError(controller: HttpDispatchController | null | undefined, error: Error): void;
}

export interface HttpDispatchOptions {
  origin: string;
  path: string;
  method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS';
  headers: Record<string, string>;
  body: string | Buffer | null;
  /** Milliseconds; 0 switches undici's own limit off. */
  headersTimeout: number;
  /** Milliseconds; 0 switches undici's own limit off. */
  bodyTimeout: number;
}

/**
 * An HTTP session: connections, and the settings that every request over them shares.
 *
 * Structural on purpose: every dispatcher of undici 7 and 8 (`Agent`, `Pool`, `ProxyAgent`, `EnvHttpProxyAgent`,
 * `MockAgent`, a composed one) satisfies it although the two majors' own types do not fit each other, and so does a
 * fake of a few lines.
 *
 * @publicApi
 */
export interface HttpSession {
  dispatch(options: HttpDispatchOptions, handler: HttpDispatchHandler): boolean;
  /** Refuses new requests and resolves when the running ones have ended. */
  close(): Promise<void>;
  /** Ends the running requests with `error` and closes the sockets. */
  destroy(error?: Error | null): Promise<void>;
  /** Dispatchers that do not tell (`MockAgent`, `RetryAgent`) count as open. */
  readonly closed?: boolean;
  readonly destroyed?: boolean;
  /**
   * No provider is behind the session: it makes its answers up, or repeats recorded ones. Calls over it need no keys and
   * nothing in the environment, none are fetched, and their requests carry {@link STAND_IN_PROVIDER_HEADER}. Default
   * `false`.
   */
  readonly needsNoCredentials?: boolean;
}

/** The header that tells a session which `needsNoCredentials` the provider that the request is for. */
export const STAND_IN_PROVIDER_HEADER = 'x-nestjs-llm-provider';

/**
 * undici's interceptor: a function from a dispatch to a dispatch.
 *
 * @publicApi
 */
export type HttpInterceptor = (dispatch: HttpSession['dispatch']) => HttpSession['dispatch'];
