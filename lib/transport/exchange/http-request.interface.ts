import type { LlmAttempt, LlmError } from '../../errors/llm.error.js';
import type { HeldSecrets } from '../../errors/redact.js';
import type { HttpHeaders, HttpSession } from '../session/http-session.interface.js';
import type { CircuitOptions } from './circuit-breaker.js';
import type { ProviderHealth } from './provider-health.js';
import type { CallTimings } from './call-timings.interface.js';
import type { CountedTokens } from './provider-traffic.js';
import type { ResolvedRetry } from './retry.js';
import type { ResolvedTimeouts } from './timeout.interface.js';

/** What a body's reader may do to the exchange under it. */
export interface BodyFlow {
  /** The reader has seen that the body is what was asked for: the call's promise settles, if it has not. */
  begin(): void;
  /** Stops reading from the socket, where the response allows it. */
  pause(): void;
  resume(): void;
  /** The consumer, which holds up the exchange, has read something. */
  consumed(): void;
  /** The reader has all that it wants; the socket is kept when the body ends soon. */
  finish(): void;
  /**
   * Closes the exchange at once. The call fails with `error`, and `onError` is told so; or it is tried again, where the
   * error and the reader allow it.
   */
  abort(error: LlmError): void;
}

/**
 * Receives a streamed body. Exactly one of `onEnd` and `onError` ends it, unless the reader ended it itself, or the call
 * never began: then only its promise is rejected.
 */
export interface BodyReader {
  /** A body begins: the first one, or that of a further try, and then nothing of the one before counts. */
  onStart(flow: BodyFlow, reply: HttpReply): void;
  /** Whether nothing of the answer has been given out, so that another try can take its place. */
  isRestartable(): boolean;
  /** @returns whether the bytes held content, which restarts the idle limit. */
  onData(chunk: Buffer): boolean;
  onEnd(): void;
  onError(error: LlmError): void;
  /** What the body has told of its tokens so far; asked once, when the call has ended. */
  tokens?(): CountedTokens | undefined;
}

/** One HTTP call to a provider, as `LlmHandler` sends it. */
export interface HttpRequest {
  /** A request for the credentials, or the images, of calls: it is none of them in the statistics, and says nothing of their provider's health. */
  readonly purpose?: 'credentials' | 'media';
  readonly provider: string;
  /** `provider/model`, for errors and attempts. */
  readonly model: string;
  readonly origin: string;
  /** The place's name among several that the call may go to, for attempts. */
  readonly place?: string | undefined;
  /** Path with query. */
  readonly path: string;
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS';
  readonly headers: Record<string, string>;
  readonly body: string | Buffer | null;
  /** What must not be shown besides the headers' values, such as a key in the query. */
  readonly held?: HeldSecrets;
  readonly timeout: ResolvedTimeouts;
  readonly retry: ResolvedRetry;
  /** From when `timeout.total` counts, a time of performance.now(): a call may send several. Default: now. */
  readonly startedAt?: number;
  /** When calls to the provider are refused; never where this is absent. */
  readonly circuit?: CircuitOptions;
  /** What is known of the place that is called. Default: kept by the handler for provider and origin. */
  readonly health?: ProviderHealth;
  /** The largest body in bytes, after decompression, that is read whole. */
  readonly maxResponseSize: number;
  readonly signal?: AbortSignal;
  /** The session of this call; the handler's own when absent. */
  readonly session?: HttpSession;
  /** Present on streamed calls: takes the body of a successful response. */
  readonly reader?: BodyReader;
  /** Looks at the whole body of a successful response. What it throws is the failure of the attempt. */
  readonly accept?: (reply: HttpReply) => void;
  /** What that body told of its tokens; asked once, when the call has succeeded. */
  readonly tokens?: () => CountedTokens | undefined;
  /**
   * Called before each attempt, for a key that a function gives and for signatures that hold the time.
   * The result's headers are added to `headers`.
   */
  readonly authorize?: () => Record<string, string> | Promise<Record<string, string>>;
  /** Makes the typed error of a reply whose status is not 2xx. */
  readonly readError: (reply: HttpReply) => LlmError;
}

/** Who takes the body of an answer of success: of a stream as it comes, of anything else when it is whole. */
export type BodyTaker = Pick<HttpRequest, 'reader' | 'accept' | 'tokens'>;

export interface HttpReply {
  readonly status: number;
  readonly headers: HttpHeaders;
  /** What was sent, credentials included. */
  readonly sentHeaders: Readonly<Record<string, string>>;
  /** See {@link HttpRequest.held}. */
  readonly held: HeldSecrets | undefined;
  /** The whole body; `null` when it goes to the reader. */
  readonly body: Buffer | null;
  /** Every try so far, this one last. */
  readonly attempts: readonly LlmAttempt[];
  readonly timings: CallTimings;
}
