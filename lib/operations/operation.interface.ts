import type { ProviderErrorDetail } from '../errors/http-error.js';
import type { LlmAttempt } from '../errors/llm.error.js';
import type { BodyTaker, HttpReply } from '../transport/exchange/http-request.interface.js';
import type { FormatContext, ProviderRequest } from './format-context.interface.js';

/** What an operation has to know of the place that it is carried out at. */
export interface OperationDeployment {
  readonly id: string;
  readonly origin: string;
  readonly host: string;
  readonly limits: {
    readonly eventSize: number;
    readonly toolCalls: number;
    readonly responseSize: number;
    readonly embeddingInputs: number;
  };
  readError(body: unknown, status: number): ProviderErrorDetail | undefined;
}

/**
 * A call, as an operation sees it: what is asked for, where it goes, and how to send it. Each operation adds the formats
 * that it needs of the deployment.
 */
export interface OperationCall<Request> extends FormatContext<Request> {
  request: Request;
  readonly options: { readonly raw?: boolean; readonly maxParallelCalls?: number };
  readonly deployment: OperationDeployment;
  readonly signal: AbortSignal | undefined;
  /** The attempts of the models and deployments that failed before this one. */
  readonly attempts: readonly LlmAttempt[];
  /**
   * @param taker takes the body: a reader, of a stream, so that the promise is settled by the response headers
   * @param signal over the call's own
   */
  send(translated: ProviderRequest, taker?: BodyTaker, signal?: AbortSignal): Promise<HttpReply>;
}

/** What can be done at a provider; it knows none of them. */
export interface Operation<Call extends OperationCall<unknown>, Result> {
  /** As the service's method and the diagnostics channel are named. */
  readonly name: string;
  /** @throws {LlmError} as the service's method does */
  run(call: Call): Promise<Result>;
}
