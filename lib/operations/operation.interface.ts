import type { ProviderErrorDetail } from '../errors/http-error.js';
import type { LlmAttempt, LlmError } from '../errors/llm.error.js';
import type { BodyTaker, HttpReply } from '../transport/exchange/http-request.interface.js';
import type { FetchMedia } from './chat/inline-media.js';
import type { StreamTarget } from './chat/stream-target.js';
import type { FormatContext, ProviderRequest } from './format-context.interface.js';
import type { ProviderOperations } from './provider-operations.interface.js';

/** What an operation has to know of the place that it is carried out at. */
export interface OperationDeployment {
  readonly id: string;
  readonly operations: ProviderOperations;
  readonly origin: string;
  readonly host: string;
  readonly limits: {
    readonly eventSize: number;
    readonly toolCalls: number;
    readonly responseSize: number;
  };
  readError(body: unknown, status: number): ProviderErrorDetail | undefined;
}

/** A call, as an operation sees it: what is asked for, where it goes, and how to send it. */
export interface OperationCall<Request> extends FormatContext<Request> {
  request: Request;
  readonly options: { readonly raw?: boolean; readonly maxParallelCalls?: number };
  readonly deployment: OperationDeployment;
  readonly signal: AbortSignal | undefined;
  /** The attempts of the models and deployments that failed before this one. */
  readonly attempts: readonly LlmAttempt[];
  /** The stream that the call has made, and that another model may take over. */
  stream: StreamTarget | undefined;
  /** Asked when a stream breaks: whether another model takes over. */
  readonly takeOver: ((error: LlmError) => boolean) | undefined;
  /** Fetches images and documents by URL; `undefined` where the options do not allow it. */
  readonly fetchMedia: FetchMedia | undefined;
  /**
   * @param taker takes the body: a reader, of a stream, so that the promise is settled by the response headers
   * @param signal over the call's own
   */
  send(translated: ProviderRequest, taker?: BodyTaker, signal?: AbortSignal): Promise<HttpReply>;
}

/** What can be done at a provider; it knows none of them. */
export interface Operation<Request, Result> {
  /** As the service's method and the diagnostics channel are named. */
  readonly name: string;
  /** @throws {LlmError} as the service's method does */
  run(call: OperationCall<Request>): Promise<Result>;
}
