import type { ChatCompletion, CompletionUsage } from '../operations/chat/chat-completion.interface.js';
import type { ChatCompletionChunk } from '../operations/chat/chat-completion-chunk.interface.js';
import type { ChatRequest } from '../operations/chat/chat-request.interface.js';
import type { EmbeddingRequest, EmbeddingResponse } from '../operations/embeddings/embedding.interface.js';
import type { ProviderErrorDetail } from '../errors/http-error.js';
import type { HeldSecrets } from '../errors/redact.js';
import type { CircuitOptions } from '../transport/exchange/circuit-breaker.js';
import type { RetryOptions } from '../transport/exchange/retry.js';
import type { TimeoutOptions } from '../transport/exchange/timeout.interface.js';
import type { WireEvent, WireFraming } from '../wire/wire-decoder.interface.js';

/**
 * A key, or a function that gives one before each attempt.
 *
 * @publicApi
 */
export type ApiKey = string | (() => string | Promise<string>);

/**
 * What every provider takes under `providers.<name>`. What is not given comes from the environment.
 *
 * @publicApi
 */
export interface ProviderOptions {
  apiKey?: ApiKey;
  /** Base URL including the version segment. */
  baseURL?: string;
  /** Headers of every request to this provider. */
  headers?: Record<string, string>;
  /** Limits in milliseconds; over the module's defaults, under those of a call. */
  timeout?: TimeoutOptions;
  retry?: RetryOptions;
  /** Refuse calls when the provider fails again and again; over the module's default. */
  circuit?: CircuitOptions;
  /**
   * Name of the header under which the provider, or a gateway before it, takes an idempotency key. Each call then has a
   * key of its own, the same one for all its retries.
   */
  idempotencyHeader?: string;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** A request about to be sent, for a signature over it. */
export interface AuthorizableRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer | null;
}

/** A request for credentials, such as an OAuth token: sent over the call's session, like everything else. */
export interface CredentialsRequest {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Milliseconds, over the call's own: for an address that answers at once or is not there at all. */
  readonly timeout?: TimeoutOptions;
  /** Over the call's own. */
  readonly retry?: RetryOptions;
}

export interface CredentialsReply {
  readonly status: number;
  /** The body as text. */
  readonly body: string;
}

/** Sends a request for credentials. Rejects with a typed error when no answer comes. */
export type CredentialsExchange = (request: CredentialsRequest) => Promise<CredentialsReply>;

/** Makes the headers that prove who calls. */
export type Authorize = (
  request: AuthorizableRequest,
  exchange: CredentialsExchange,
) => Record<string, string> | Promise<Record<string, string>>;

/** Where a provider is and how to prove who calls. */
export interface ProviderConnection {
  /** Without a slash at the end. */
  readonly baseURL: string;
  /** Headers of every request, the credentials among them when they do not change. */
  readonly headers: Readonly<Record<string, string>>;
  /** Credentials that change: called before each attempt. */
  readonly authorize?: Authorize;
  /**
   * The provider answered 401: what `authorize` keeps is not to be used again.
   *
   * @param headers as they were sent
   * @returns whether other credentials may be had, so that the call is worth another try
   */
  readonly reject?: (headers: Readonly<Record<string, string>>) => boolean;
  /** What `authorize` works with and never sends, such as a private key: it is not shown, whoever repeats it. */
  readonly held?: HeldSecrets;
  /** The path of an operation, where it depends on the address that is called. Default the format's own. */
  readonly pathOf?: (path: string, model: string) => string;
}

/** What the translation of one call may need to know. */
export interface FormatContext<Request = ChatRequest | EmbeddingRequest> {
  /** The request as the caller made it. */
  readonly request: Request;
  /** The provider's options, as the module and the call have them. */
  readonly options: ProviderOptions & Readonly<Record<string, unknown>>;
  readonly provider: string;
  /** The model's name at the provider, without the prefix. */
  readonly model: string;
  readonly dropParams: boolean;
  /** Names of the request fields that were left out; a format adds to it. */
  readonly droppedParams: string[];
}

/** A translated request. */
export interface ProviderRequest {
  /** Appended to the base URL. */
  readonly path: string;
  readonly body: string | Buffer;
  /** Besides `content-type`, `accept` and the connection's. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Where a translator puts what it makes of a stream's events. */
export interface ChunkSink {
  /** @param text the JSON that the chunk was parsed from, when it is the chunk to the letter */
  push(chunk: ChatCompletionChunk, text?: string): void;
  /** Counts the tokens, without a chunk that says so: for a caller who did not ask for one. */
  usage(usage: CompletionUsage): void;
  /** The terminal event was seen; what follows is not read. */
  finish(): void;
  /** The provider reports an error inside of its stream. */
  fail(error: ProviderErrorDetail): void;
}

/** Translates the events of one stream. */
export interface ChunkTranslator {
  /**
   * @returns whether the event is content, and no mere sign of life: that restarts the idle limit
   * @throws {SyntaxError} when the event's data is not what it should be
   */
  event(event: WireEvent, sink: ChunkSink): boolean;
  /** The body has ended without a terminal event. @returns whether the stream is complete all the same */
  end(sink: ChunkSink): boolean;
}

/** What a provider offers beyond text, for the table of providers in the documentation. */
export interface CompletionCapabilities {
  readonly tools: boolean;
  /** `response_format` with a JSON schema: by the provider's own means, by a forced tool, or not at all. */
  readonly structuredOutput: 'native' | 'tool' | false;
  /** Reasoning text or thinking blocks come back. */
  readonly reasoning: boolean;
  readonly images: boolean;
  readonly audio: boolean;
  readonly files: boolean;
  /** Cache marks, or automatic caching, that shows in the usage. */
  readonly promptCaching: boolean;
}

export interface CompletionFormat {
  readonly capabilities: CompletionCapabilities;
  /** @throws {UnsupportedParamsError} when the request has a field that the provider lacks */
  request(request: ChatRequest, context: FormatContext<ChatRequest>): ProviderRequest;
  /** @returns the completion; `undefined` when `body` is not one */
  response(body: unknown, context: FormatContext<ChatRequest>): ChatCompletion | undefined;
  readonly framing: WireFraming;
  translator(context: FormatContext<ChatRequest>): ChunkTranslator;
}

export interface EmbeddingFormat {
  /** Inputs that one request may have; more are split into several, and the answers joined in order. */
  readonly maxInputs?: number;
  /** @throws {UnsupportedParamsError} when the request has a field that the provider lacks */
  request(request: EmbeddingRequest, context: FormatContext<EmbeddingRequest>): ProviderRequest;
  /** @returns the embeddings; `undefined` when `body` is not that */
  response(body: unknown, context: FormatContext<EmbeddingRequest>): EmbeddingResponse | undefined;
}

/**
 * A provider: data and pure functions. It sees no socket, no timer and nothing of NestJS.
 *
 * @publicApi
 */
export interface ProviderAdapter {
  /** The prefix of its models, and its key under `providers`. */
  readonly provider: string;
  /** Option names under `providers.<name>` besides the common ones. */
  readonly optionNames?: readonly string[];
  /**
   * Where the provider is and how to prove who calls, from its options and the environment.
   *
   * @throws {AuthenticationError} when a key is missing, with the name of the variable that may hold it
   * @throws {LlmConfigurationError} when something else is missing or wrong
   */
  connect(options: ProviderOptions & Readonly<Record<string, unknown>>, env: Environment): ProviderConnection;
  /** The format of a model: some providers have several. Absent when the provider has no chat completions. */
  readonly completion?: (model: string, request: ChatRequest) => CompletionFormat;
  /** Absent when the provider has no embeddings. */
  readonly embedding?: (model: string, request: EmbeddingRequest) => EmbeddingFormat;
  /**
   * Reads an error out of a body, as JSON where it is that, otherwise as text.
   *
   * @returns `undefined` when the body holds no error of the provider's format
   */
  readError(body: unknown, status: number): ProviderErrorDetail | undefined;
}
