import type { TracingChannel } from 'node:diagnostics_channel';
import { Observable } from 'rxjs';
import type { CallOptions, CompletionOptions, EmbeddingOptions } from './calls/call-options.interface.js';
import { faultOfOptions } from './calls/check-options.js';
import { channelOf, compose, observed, type Chain, type LlmMiddleware } from './calls/chain.js';
import { LlmCall } from './calls/llm-call.js';
import type { LlmOptions } from './calls/llm-options.interface.js';
import { Deployments, type Target, type TargetRequest } from './deployments/deployments.js';
import type { ModelCapabilities } from './deployments/model-capabilities.interface.js';
import type { LlmError } from './errors/llm.error.js';
import type { LlmHandler } from './llm.handler.js';
import { fallbacks } from './middleware/fallbacks/fallbacks.js';
import { Router } from './middleware/router/router.js';
import type { RouterStats } from './middleware/router/router-stats.js';
import { chat } from './operations/chat/chat.operation.js';
import type { ChatCompletionChunk } from './operations/chat/chat-completion-chunk.interface.js';
import type { ChatCompletion } from './operations/chat/chat-completion.interface.js';
import type {
  ChatRequest,
  StreamedChatRequest,
  UnaryChatRequest,
} from './operations/chat/chat-request.interface.js';
import type { ChatStream } from './operations/chat/chat-stream.js';
import type { EmbeddingRequest, EmbeddingResponse } from './operations/embeddings/embedding.interface.js';
import { embeddings } from './operations/embeddings/embeddings.operation.js';
import { linkedAbort } from './signals/linked-abort.js';
import type { ModelList } from './operations/models/models.interface.js';
import { models } from './operations/models/models.operation.js';
import type { Operation } from './operations/operation.interface.js';
import type { WithMeta } from './operations/result-meta.js';
import type { CallStats } from './transport/exchange/call-registry.js';
import type { WarmUpOptions } from './transport/exchange/warm-up.js';
import type { SessionStats } from './transport/session/session-stats.js';
import { budgetsOf } from './middleware/router/budgets.js';

/** Told by its identity: a call that gives no options costs no check of them. */
const NO_OPTIONS: CompletionOptions & EmbeddingOptions = Object.freeze({});

type ModelOptional<Request extends { model: string }> = Omit<Request, 'model'> & { model?: string };

/** @publicApi */
export interface LlmStats {
  calls: CallStats;
  /** Of the present session; `undefined` before the first call, and of a session that tells nothing. */
  session: SessionStats | undefined;
  /** The deployments of each model group; `undefined` without a router. */
  router: RouterStats | undefined;
}

/**
 * What became of warming up one provider.
 *
 * @publicApi
 */
export interface WarmUpResult {
  readonly provider: string;
  /** Why there is no connection; `undefined` when there is one. */
  readonly error?: LlmError;
}

/**
 * One call for every provider, in OpenAI's shape.
 *
 * @publicApi
 */
export class LlmService {
  private readonly deployments: Deployments;
  /** How a call is carried out; `undefined` where nothing wraps it. */
  private chain: Chain | undefined;
  private chainWithFallbacks: Chain;
  private readonly router: Router | undefined;
  private readonly channels = new Map<string, TracingChannel<unknown, LlmCall>>();

  /** Outside NestJS: `new LlmService(new LlmHandler(), options)`. */
  constructor(
    private readonly handler: LlmHandler,
    options: LlmOptions = {},
  ) {
    this.deployments = new Deployments(options, handler);
    const { middleware = [], router } = options;
    this.router = router && new Router(router, this.deployments, budgetsOf(router));
    const innermost = this.router === undefined ? [] : [this.router.middleware];
    const chain = [...middleware, ...innermost];
    this.chain = chain.length === 0 ? undefined : compose(chain, carryOut);
    this.chainWithFallbacks = compose([...middleware, fallbacks, ...innermost], carryOut);
    for (const { name } of [chat, embeddings, models]) this.channels.set(name, channelOf(name));
  }

  /**
   * A chat completion.
   *
   * With `stream: true` the promise settles when the upstream's response headers are in, so that its 401 or 429 can
   * still be the HTTP status of one's own response. Where those headers announce a document in place of an event stream,
   * it settles when that is in, which most often is an error. Up to there a call is tried again as a unary one is.
   *
   * Inside of the stream what fails before any content is tried again, unseen: an overload or a rate limit that is told
   * inside of a 200, and what is `retryable` otherwise. Once there was content it is the consumer's error, with what had
   * arrived in `partial`.
   *
   * @param request OpenAI's chat-completions request; `model` is `provider/model`
   * @param options how the call is carried; nothing of it reaches the request's body
   * @throws {LlmError} see its subclasses
   */
  completion(
    request: ModelOptional<UnaryChatRequest>,
    options?: CompletionOptions,
  ): Promise<WithMeta<ChatCompletion>>;
  completion(request: ModelOptional<StreamedChatRequest>, options?: CompletionOptions): Promise<ChatStream>;
  completion(
    request: ModelOptional<ChatRequest>,
    options?: CompletionOptions,
  ): Promise<WithMeta<ChatCompletion> | ChatStream>;
  completion(
    request: ModelOptional<ChatRequest>,
    options: CompletionOptions = NO_OPTIONS,
  ): Promise<WithMeta<ChatCompletion> | ChatStream> {
    return this.carryOut(chat, request as ChatRequest, options);
  }

  /**
   * A streamed completion as an Observable: the call is made at the subscription, and unsubscribing ends it at once,
   * in every phase.
   */
  completion$(
    request: ModelOptional<ChatRequest>,
    options: CompletionOptions = NO_OPTIONS,
  ): Observable<ChatCompletionChunk> {
    return new Observable<ChatCompletionChunk>((subscriber) => {
      const abort = linkedAbort(options.signal);
      subscriber.add(() => {
        abort.unlink();
        abort.abort();
      });
      this.completion({ ...request, stream: true }, { ...options, signal: abort.signal }).then(
        (stream) => subscriber.add(stream.toObservable().subscribe(subscriber)),
        (error: unknown) => subscriber.error(error),
      );
    });
  }

  /**
   * Embeddings of one input or several, in the order of the input.
   *
   * @throws {LlmError} see its subclasses
   */
  embedding(
    request: ModelOptional<EmbeddingRequest> & { encoding_format: 'base64' },
    options?: EmbeddingOptions,
  ): Promise<WithMeta<EmbeddingResponse<string>>>;
  embedding(
    request: ModelOptional<EmbeddingRequest>,
    options?: EmbeddingOptions,
  ): Promise<WithMeta<EmbeddingResponse>>;
  embedding(
    request: ModelOptional<EmbeddingRequest>,
    options: EmbeddingOptions = NO_OPTIONS,
  ): Promise<WithMeta<EmbeddingResponse | EmbeddingResponse<string>>> {
    return this.carryOut(embeddings, request as EmbeddingRequest, options);
  }

  /**
   * The models that a provider serves, as its API lists them.
   *
   * @param provider its prefix
   * @returns OpenAI's list; the ids have the provider's prefix, as requests name models
   * @throws {LlmError} `unsupported_operation` where the provider has no such list
   */
  async models(provider: string, options: CallOptions = NO_OPTIONS): Promise<WithMeta<ModelList>> {
    const deployment = this.deployments.ofProvider(provider, options);
    return this.carryOut(models, {}, options, { deployment, model: '*' });
  }

  /**
   * Wraps each call that begins from now on, outside of the middleware that is there already: that of the options, and
   * what was added before. `provideLlmMiddleware()` does it for a module of NestJS.
   */
  use(middleware: LlmMiddleware): void {
    this.chain = compose([middleware], this.chain ?? carryOut);
    this.chainWithFallbacks = compose([middleware], this.chainWithFallbacks);
  }

  /**
   * What a model can do, before it is asked: nothing is sent, and no key is needed.
   *
   * @param model as a request names it; of a group's name it tells of the first deployment
   * @throws {LlmError} when the name has no known provider's prefix
   */
  capabilities(model: string): ModelCapabilities {
    return this.deployments.capabilitiesOf(model);
  }

  /** Counters and gauges of the calls and of the session's connections. Cheap enough to ask for each second. */
  stats(): LlmStats {
    return {
      calls: this.handler.stats(),
      session: this.handler.sessionStats(),
      router: this.router?.stats(),
    };
  }

  /** What a log or a serializer is shown: nothing of the options, which hold keys. */
  toJSON(): object {
    return { ...this.deployments.toJSON(), ...this.stats() };
  }

  /**
   * Opens connections ahead of the first call, DNS and TLS done, and sends nothing over them: no provider bills it.
   *
   * @param providers prefixes. Default: those of the options, and that of the default model
   * @returns what became of each, within the time and never with an error
   */
  warmUp(
    providers: readonly string[] = this.deployments.configured,
    options: WarmUpOptions = {},
  ): Promise<WarmUpResult[]> {
    return Promise.all(
      providers.map(async (provider) => {
        try {
          await this.handler.warmUp(provider, this.deployments.ofProvider(provider, {}).origin, options);
          return { provider };
        } catch (error) {
          return { provider, error: error as LlmError };
        }
      }),
    );
  }

  private carryOut<Request extends TargetRequest, Result extends object>(
    operation: Operation<LlmCall<Request>, Result>,
    request: Request,
    options: CompletionOptions & EmbeddingOptions,
    target?: Target,
  ): Promise<Result> {
    const fault = options === NO_OPTIONS ? undefined : faultOfOptions(options);
    if (fault !== undefined) return Promise.reject(fault);
    const call = new LlmCall(operation, request, options, this.deployments, target);
    const channel = this.channels.get(operation.name)!;
    const chain = options.fallbacks === undefined ? this.chain : this.chainWithFallbacks;
    if (chain === undefined && !channel.hasSubscribers) return operation.run(call);
    // What wraps and hears calls is written for all of their requests.
    return observed(call as unknown as LlmCall, chain ?? carryOut, channel) as Promise<Result>;
  }
}

function carryOut(call: LlmCall): Promise<object> {
  return call.run() as Promise<object>;
}
