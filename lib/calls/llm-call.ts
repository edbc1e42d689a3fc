import { inspect } from 'node:util';
import type { LlmAttempt, LlmError } from '../errors/llm.error.js';
import type { Deployments, Target, TargetRequest } from '../deployments/deployments.js';
import type { Deployment } from '../deployments/deployment.js';
import type { ChatRequest } from '../operations/chat/chat-request.interface.js';
import type { FetchMedia } from '../operations/chat/inline-media.js';
import type { StreamTarget } from '../operations/chat/stream-target.js';
import type { EmbeddingRequest } from '../operations/embeddings/embedding.interface.js';
import type { ProviderRequest } from '../operations/format-context.interface.js';
import type { Operation, OperationCall } from '../operations/operation.interface.js';
import type { BodyTaker, HttpReply } from '../transport/exchange/http-request.interface.js';
import type { ResolvedRetry } from '../transport/exchange/retry.js';
import type { ResolvedTimeouts } from '../transport/exchange/timeout.interface.js';
import type { CompletionOptions, EmbeddingOptions } from './call-options.interface.js';
import type { LlmOutcome } from './outcome.js';
import { CallTaps, type LlmTap } from './taps.js';

/** What a call may ask for. */
export type LlmRequest = ChatRequest | EmbeddingRequest;

const NONE: readonly LlmAttempt[] = [];

/**
 * One call of the service, from the method to the last byte: all fallbacks and retries. Middleware is given it, and the
 * `node:diagnostics_channel` named after the operation publishes it.
 *
 * @publicApi
 */
export class LlmCall<Request extends TargetRequest = LlmRequest> implements OperationCall<Request> {
  /** Ends the call, in every phase. */
  signal: AbortSignal | undefined;
  /** The tries of the models and deployments that failed before the present one. */
  attempts: readonly LlmAttempt[] = NONE;
  /** How the call has ended; `undefined` until then. */
  outcome: LlmOutcome | undefined;
  /** @internal */
  droppedParams: string[] = [];
  /** @internal */
  stream: StreamTarget | undefined;
  /** Whether there are other places for it, so that the present one is not asked again. @internal */
  othersLeft = false;
  /** @internal */
  takeOver: ((error: LlmError) => boolean) | undefined;
  /** When the call began, a time of performance.now(). */
  readonly startedAt = performance.now();
  /** When its first request was sent: `timeout.total` counts from there. @internal */
  sentAt = 0;
  private asked: Request;
  private taps: CallTaps | undefined;

  /** @internal */
  constructor(
    private readonly kind: Operation<LlmCall<Request>, unknown>,
    request: Request,
    readonly options: CompletionOptions & EmbeddingOptions,
    private readonly deployments: Deployments,
    private at?: Target,
  ) {
    this.asked = request;
    this.signal = options.signal;
  }

  /** `completion`, `embedding` or `models`: the service's method. */
  get operation(): string {
    return this.kind.name;
  }

  /** What is asked for. Middleware may put another request in its place, never change the caller's. */
  get request(): Request {
    return this.asked;
  }

  set request(request: Request) {
    if (request.model !== this.asked.model) this.at = undefined;
    this.asked = request;
  }

  /**
   * Where the call goes, and what its model is called there. Middleware may send it elsewhere. Of a group's call it is the
   * first deployment of the group until the router, the innermost middleware, has chosen.
   */
  get target(): Target {
    this.at ??= this.deployments.targetOf(this.asked, this.options);
    return this.at;
  }

  set target(target: Target) {
    this.at = target;
  }

  /** @throws {LlmError} when the model names no provider, or one that is not configured */
  get deployment(): Deployment {
    return this.target.deployment;
  }

  /** The model's name at the provider, without the prefix. */
  get model(): string {
    return this.target.model;
  }

  /** The prefix. */
  get provider(): string {
    return this.deployment.provider;
  }

  /** Host that the call goes to. @internal */
  get host(): string {
    return this.deployment.host;
  }

  /** @internal */
  get providerOptions(): Readonly<Record<string, unknown>> {
    return this.deployment.options;
  }

  /** @internal */
  get timeout(): ResolvedTimeouts {
    return this.deployment.timeoutOf(this.options);
  }

  /** @internal */
  get retry(): ResolvedRetry {
    return this.deployment.retryOf(this.options);
  }

  /** @internal */
  get headers(): Readonly<Record<string, string>> | undefined {
    return this.options.headers;
  }

  /** @internal */
  get dropParams(): boolean {
    return this.options.dropParams ?? this.deployments.dropParams;
  }

  /** Why it failed, under the name that subscribers of a tracing channel know. */
  get error(): LlmError | undefined {
    return this.outcome?.error;
  }

  /** What it answered with, likewise. */
  get result(): LlmOutcome['result'] {
    return this.outcome?.result;
  }

  /** What a log or a serializer is shown: neither the options, which may hold a key, nor any text. */
  toJSON(): object {
    const { operation, asked, attempts } = this;
    return { operation, model: asked.model, attempts };
  }

  [inspect.custom](): object {
    return this.toJSON();
  }

  /** Has `tap` hear the chunks and the end of this call. */
  tap(tap: LlmTap): void {
    this.taps ??= new CallTaps();
    this.taps.add(tap);
    if (this.stream !== undefined) this.taps.listen(this.stream);
  }

  /** @internal */
  send(translated: ProviderRequest, taker?: BodyTaker, signal?: AbortSignal): Promise<HttpReply> {
    if (this.taps !== undefined && this.stream !== undefined) this.taps.listen(this.stream);
    this.begin();
    return this.deployment.send(this, translated, taker, signal);
  }

  /** @internal */
  get fetchMedia(): FetchMedia | undefined {
    this.begin();
    return this.deployments.mediaFetchFor(this, this.target);
  }

  /** Carries the call out where it goes now. @internal */
  run(): Promise<unknown> {
    // What one target leaves out says nothing of the next.
    if (this.droppedParams.length > 0) this.droppedParams = [];
    return this.kind.run(this);
  }

  /** Has the taps hear how the call ends. @internal */
  end(result: unknown, error: unknown, onEnd?: (outcome: LlmOutcome) => void): void {
    this.taps ??= new CallTaps();
    this.taps.end(this, result, error, onEnd);
  }

  /** @internal */
  get tapped(): boolean {
    return this.taps !== undefined;
  }

  /** The first request of the call, or for its media, is about to be sent. */
  private begin(): void {
    if (this.sentAt === 0) this.sentAt = performance.now();
  }
}
