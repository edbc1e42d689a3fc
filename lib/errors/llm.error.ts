/**
 * Where a call was when it failed.
 *
 * - `request`: nothing has left the process (validation, routing, credentials)
 * - `queue`: waiting for a free connection
 * - `connect`: DNS, TCP, TLS, proxy
 * - `firstByte`: the request was written, nothing of the answer has come
 * - `body`: response headers are in, the body was being read
 * - `idle`, `stalled`, `total`: the time limit of that name expired
 */
export type LlmErrorPhase =
  'request' | 'queue' | 'connect' | 'firstByte' | 'body' | 'idle' | 'stalled' | 'total';

/** One try of a call: why it did not settle the call, and how long the next one waited. */
export interface LlmAttempt {
  /** `provider/model` that was tried. */
  readonly model: string;
  /** The deployment of a group that was tried, by its id. */
  readonly deployment?: string;
  /** HTTP status, when the provider answered. */
  readonly status?: number;
  /** Class name of the error that ended this attempt; absent on the one that succeeded. */
  readonly error?: string;
  /** Where the attempt failed. */
  readonly phase?: LlmErrorPhase;
  /** Milliseconds from the start of the attempt to its end (of a stream: to its response headers). */
  readonly durationMs: number;
  /** Milliseconds waited after this attempt before the next one. */
  readonly delayMs?: number;
}

export interface LlmErrorInit {
  /** Machine-readable reason: the provider's own code where it gave one, otherwise ours. */
  readonly code?: string;
  /** HTTP status that the provider answered with; `undefined` when it did not answer. */
  readonly status?: number;
  readonly provider?: string;
  readonly model?: string;
  readonly phase?: LlmErrorPhase;
  /** Whether sending the same request again may succeed and cannot be billed twice. */
  readonly retryable?: boolean;
  /** Milliseconds that the provider asked to wait; counts for a day at most. */
  readonly retryAfterMs?: number;
  /** The provider's id of the request, for its support. */
  readonly requestId?: string;
  /** OpenAI's error type, such as `invalid_request_error`. */
  readonly type?: string;
  /** The request field that the error is about. */
  readonly param?: string;
  readonly cause?: unknown;
}

/** A day: a provider may ask for any number, and what waits, or tells a client to, has to be able to count it. */
const LONGEST_WAIT_MS = 86_400_000;

/** Characters: what a client or a provider sent may be part of a message, and no log wants all of it. */
const MAX_MESSAGE = 8192;

/**
 * What a stream that did not reach its end had brought, by operation. Each operation that streams adds its own, so that
 * errors know of none.
 */
// oxlint-disable-next-line typescript/no-empty-object-type
export interface PartialResults {}

export type PartialResult = PartialResults[keyof PartialResults];

/** Adds what had arrived where neither `JSON.stringify` nor `util.inspect` shows it. */
export function attachPartial<Failure extends LlmError>(error: Failure, partial: PartialResult): Failure {
  return Object.defineProperty(error, 'partial', { value: partial, enumerable: false, configurable: true });
}

/**
 * Base of every error that this package throws. No message, cause or JSON form holds a key.
 *
 * @publicApi
 */
export class LlmError extends Error {
  override readonly name: string;
  readonly code: string;
  readonly status: number | undefined;
  provider: string | undefined;
  model: string | undefined;
  readonly phase: LlmErrorPhase;
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;
  readonly requestId: string | undefined;
  readonly type: string | undefined;
  readonly param: string | undefined;
  /**
   * Of a stream that ended before its end, for whatever reason: what had arrived, put together, with the usage as far as
   * the provider had told it; the `finish_reason` is `null` where none was sent. Not enumerable: an answer's text does
   * not get into a log by itself.
   */
  declare readonly partial?: PartialResult;
  /** Every try of the call, the last one included. Empty when nothing was sent. */
  attempts: readonly LlmAttempt[] = [];

  constructor(message: string, init: LlmErrorInit = {}) {
    super(
      message.length > MAX_MESSAGE ? `${message.slice(0, MAX_MESSAGE)}…` : message,
      init.cause === undefined ? undefined : { cause: init.cause },
    );
    const { prototype, name } = new.target;
    // A class of the application's own has none on its prototype.
    this.name = Object.hasOwn(prototype, 'name') ? prototype.name : name;
    this.code = init.code ?? 'llm_error';
    this.status = init.status;
    this.provider = init.provider;
    this.model = init.model;
    this.phase = init.phase ?? 'request';
    this.retryable = init.retryable ?? false;
    this.retryAfterMs = init.retryAfterMs && Math.min(init.retryAfterMs, LONGEST_WAIT_MS);
    this.requestId = init.requestId;
    this.type = init.type;
    this.param = init.param;
  }

  /** Says of an error from the wire, which knows neither, at which provider and model it happened. */
  locate(provider: string, model: string): this {
    if (this.provider !== undefined) return this;
    this.provider = provider;
    this.model = model;
    this.message = `${provider}: ${this.message}`;
    return this;
  }
}
