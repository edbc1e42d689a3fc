import { Observable } from 'rxjs';
import { CallMeta } from './calls/call-meta.js';
import type { ProviderClient } from './deployments/provider-client.js';
import { ProviderClients } from './deployments/provider-clients.js';
import { sendRequest } from './calls/send-request.js';
import { linkedAbort } from './calls/linked-abort.js';
import { StreamFallback } from './middleware/fallbacks/stream-fallback.js';
import { StreamReader, StreamTarget } from './operations/chat/stream-reader.js';
import { FallbackPlan } from './middleware/fallbacks/fallbacks.js';
import { joinEmbeddings, splitInputs } from './operations/embeddings/embedding-batches.js';
import { inAdapter, translateRequest } from './calls/in-adapter.js';
import { parseOrText, readDocument } from './calls/read-document.js';
import { checkChatParams, checkChatRequest } from './operations/chat/check-request.js';
import { readCompletion } from './operations/chat/read-completion.js';
import { checkEmbeddingParams, checkEmbeddingRequest } from './operations/embeddings/check-request.js';
import { readEmbeddings } from './operations/embeddings/read-embeddings.js';
import type { ChatCompletion } from './operations/chat/chat-completion.interface.js';
import type { ChatCompletionChunk } from './operations/chat/chat-completion-chunk.interface.js';
import type {
  ChatRequest,
  StreamedChatRequest,
  UnaryChatRequest,
} from './operations/chat/chat-request.interface.js';
import { ChatStream } from './operations/chat/chat-stream.js';
import { normalizeRequest } from './operations/chat/normalize-request.js';
import type { EmbeddingRequest, EmbeddingResponse } from './operations/embeddings/embedding.interface.js';
import { attachRaw, withMeta, type ResultMeta } from './operations/result-meta.js';
import { BadRequestError } from './errors/errors.js';
import type { LlmError } from './errors/llm.error.js';
import type { WarmUpOptions } from './transport/exchange/warm-up.js';
import type { CallOptions, CompletionOptions } from './calls/call-options.interface.js';
import type { LlmOptions } from './nest/llm-module-options.interface.js';
import type { LlmHandler } from './llm.handler.js';
import type { CallStats } from './transport/exchange/call-registry.js';
import type { SessionStats } from './transport/session/session-stats.js';

type ModelOptional<Request extends { model: string }> = Omit<Request, 'model'> & { model?: string };

/** A result with its metadata, which is not part of its JSON. */
export type WithMeta<Result> = Result & { readonly meta: ResultMeta };

/** @publicApi */
export interface LlmStats {
  calls: CallStats;
  /** Of the present session; `undefined` before the first call, and of a session that tells nothing. */
  session: SessionStats | undefined;
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
  private readonly clients: ProviderClients;

  /** Outside NestJS: `new LlmService(new LlmHandler(), options)`. */
  constructor(
    private readonly handler: LlmHandler,
    options: LlmOptions = {},
  ) {
    this.clients = new ProviderClients(options);
  }

  /**
   * A chat completion.
   *
   * With `stream: true` the promise settles when the upstream's response headers are in, so that its 401 or 429 can
   * still be the HTTP status of one's own response.
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
    options: CompletionOptions = {},
  ): Promise<WithMeta<ChatCompletion> | ChatStream> {
    return options.fallbacks === undefined
      ? this.complete(request, options)
      : this.completeWithFallbacks(request, options, new FallbackPlan(request, options.fallbacks));
  }

  /**
   * A streamed completion as an Observable: the call is made at the subscription, and unsubscribing ends it at once,
   * in every phase.
   */
  completion$(
    request: ModelOptional<ChatRequest>,
    options: CompletionOptions = {},
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
    options?: CallOptions,
  ): Promise<WithMeta<EmbeddingResponse<string>>>;
  embedding(
    request: ModelOptional<EmbeddingRequest>,
    options?: CallOptions,
  ): Promise<WithMeta<EmbeddingResponse>>;
  async embedding(
    request: ModelOptional<EmbeddingRequest>,
    options: CallOptions = {},
  ): Promise<WithMeta<EmbeddingResponse | EmbeddingResponse<string>>> {
    checkEmbeddingRequest(request);
    const { client, context } = this.clients.route(request as EmbeddingRequest, options);
    const format = inAdapter(context, () => client.adapter.embedding?.(context.model, context.request));
    if (format === undefined) throw this.lacks(context.provider, 'embeddings');
    const results = [];
    for (const batch of splitInputs(context.request, format.maxInputs)) {
      const own = { ...context, request: batch };
      const translated = translateRequest(format, own, checkEmbeddingParams);
      const reply = await sendRequest(this.handler, client, own, translated, options);
      const response = readDocument(reply, client, own, (body) => readEmbeddings(format.response(body, own)));
      results.push({ response, meta: new CallMeta(own, client.origin, reply, { usage: response.usage }) });
    }
    return joinEmbeddings(results);
  }

  /** Counters and gauges of the calls and of the session's connections. Cheap enough to ask for each second. */
  stats(): LlmStats {
    return { calls: this.handler.stats(), session: this.handler.sessionStats() };
  }

  /**
   * Opens connections ahead of the first call, DNS and TLS done, and sends nothing over them: no provider bills it.
   *
   * @param providers prefixes. Default: those of the options, and that of the default model
   * @returns what became of each, within the time and never with an error
   */
  warmUp(
    providers: readonly string[] = this.clients.configured,
    options: WarmUpOptions = {},
  ): Promise<WarmUpResult[]> {
    return Promise.all(
      providers.map(async (provider) => {
        try {
          await this.handler.warmUp(provider, this.clients.originOf(provider), options);
          return { provider };
        } catch (error) {
          return { provider, error: error as LlmError };
        }
      }),
    );
  }

  private async completeWithFallbacks(
    request: ModelOptional<ChatRequest>,
    options: CompletionOptions,
    plan: FallbackPlan,
  ): Promise<WithMeta<ChatCompletion> | ChatStream> {
    for (let one = request; ;) {
      try {
        return await this.complete(one, options, plan);
      } catch (error) {
        const next = plan.next(error);
        if (next === undefined) throw error;
        one = next;
      }
    }
  }

  /** @param target of a stream that another model takes over */
  private async complete(
    request: ModelOptional<ChatRequest>,
    options: CompletionOptions,
    plan?: FallbackPlan,
    target?: StreamTarget,
  ): Promise<WithMeta<ChatCompletion> | ChatStream> {
    checkChatRequest(request);
    const { client, context } = this.clients.route(normalizeRequest(request as ChatRequest), options);
    const format = inAdapter(context, () => client.adapter.completion?.(context.model, context.request));
    if (format === undefined) throw this.lacks(context.provider, 'chat completions');
    const translated = translateRequest(format, context, checkChatParams);
    if (request.stream !== true) {
      const reply = await sendRequest(this.handler, client, context, translated, options);
      const completion = readDocument(reply, client, context, (body) =>
        readCompletion(format.response(body, context), client.limits),
      );
      // Parsed again, for the completion may have been made of the document in place.
      if (options.raw === true) attachRaw(completion, parseOrText(reply.body!.toString()));
      return withMeta(
        completion,
        new CallMeta(context, client.origin, reply, { usage: completion.usage }, plan?.earlier),
      );
    }
    const into = target ?? this.createTarget(client, options, plan);
    const { provider } = context;
    const about = { provider, model: `${provider}/${context.model}`, host: client.host };
    const translator = inAdapter(context, () => format.translator(context));
    const reader = new StreamReader(format.framing, translator, about, into, options.raw);
    const reply = await sendRequest(this.handler, client, context, translated, options, reader);
    if (reply.body !== null) return readDocument<never>(reply, client, context, () => undefined);
    into.meta = new CallMeta(context, client.origin, reply, into.assembler.counted, plan?.earlier);
    return new ChatStream(into);
  }

  private createTarget(
    client: ProviderClient,
    options: CompletionOptions,
    plan?: FallbackPlan,
  ): StreamTarget {
    const target = new StreamTarget(client.limits);
    if (plan !== undefined) {
      const fallback = new StreamFallback(target, plan, options, async (request, own, into) => {
        await this.complete({ ...request, stream: true }, own, plan, into);
      });
      target.takeOver = (error) => fallback.takeOver(error);
    }
    return target;
  }

  private lacks(provider: string, what: string): BadRequestError {
    return new BadRequestError(`${provider} has no ${what} that this package knows`, {
      provider,
      code: 'unsupported_operation',
    });
  }
}
