export { LlmModule } from './llm.module.js';
export { LlmService, type LlmStats, type WarmUpResult } from './llm.service.js';
export { LlmHandler, type LlmHandlerOptions, type ReplaceSessionOptions } from './llm.handler.js';
export { InjectHttpSession } from './nest/decorators/inject-http-session.decorator.js';
export { InjectLlmHandler } from './nest/decorators/inject-llm-handler.decorator.js';
export { InjectLlm } from './nest/decorators/inject-llm.decorator.js';
export { toOpenAIError } from './errors/openai-error.js';
export { markAsEventStream, type EventStreamResponse } from './nest/event-stream.js';
export { getHttpSessionToken, getLlmHandlerToken, getLlmServiceToken } from './nest/get-token.util.js';
export { toHttpStatus } from './nest/http-status.js';
export { LlmExceptionFilter, type LlmExceptionFilterOptions } from './nest/llm-exception.filter.js';
export type {
  HttpSessionProvider,
  InjectedValues,
  LlmModuleAsyncOptions,
  LlmModuleOptions,
  LlmModuleStaticOptions,
  LlmOptionsFactory,
} from './nest/llm-module-options.interface.js';
export { provideLlmMiddleware, type LlmMiddlewareProviderOptions } from './nest/llm-middleware.provider.js';
export { HTTP_SESSION } from './nest/llm.constants.js';
export { development, highThroughput, production, type Preset } from './nest/presets.js';
export type {
  CompletionOptions,
  EmbeddingOptions,
  FallbackOptions,
  FallbackTarget,
  Fallbacks,
} from './calls/call-options.interface.js';
export type { LlmMiddleware, LlmResult } from './calls/chain.js';
export type { LlmCall, LlmRequest } from './calls/llm-call.js';
export type { LlmOptions } from './calls/llm-options.interface.js';
export type { LlmDocument, LlmOutcome } from './calls/outcome.js';
export type { LlmTap } from './calls/taps.js';
export { DEFAULT_RETRY, DEFAULT_TIMEOUT } from './deployments/defaults.js';
export type {
  CallDefaults,
  CallOptions,
  ProviderOptions,
  ResponseLimits,
} from './deployments/deployment-options.interface.js';
export type { RouterDeployment, RouterOptions } from './deployments/router-options.interface.js';
export type { RouterDeploymentStats, RouterStats } from './middleware/router/router-stats.js';
export type { QuotaLevels } from './middleware/router/quota.js';
export type { Lease, LeaseLimit, QuotaStore, ReturnedPart } from './quotas/quota-store.interface.js';
export { redisStore, type RedisClient, type RedisStoreOptions } from './quotas/redis-store.js';
export type { MediaOptions } from './deployments/media/media-options.interface.js';
export type { ModelCapabilities } from './deployments/model-capabilities.interface.js';
export type {
  ChatCompletionChunk,
  ChatCompletionChunkChoice,
  ChatCompletionDelta,
  ToolCallDelta,
} from './operations/chat/chat-completion-chunk.interface.js';
export type {
  ChatCompletion,
  ChatCompletionChoice,
  ChatCompletionMessage,
  FinishReason,
  Logprobs,
  Moderation,
  ModerationError,
  ModerationResults,
  PartialChatCompletion,
  ServiceTier,
  TokenLogprob,
} from './operations/chat/chat-completion.interface.js';
export type {
  ChunkSink,
  ChunkTranslator,
  CompletionCapabilities,
  CompletionFormat,
} from './operations/chat/chat-format.interface.js';
export type {
  AssistantMessage,
  AudioPart,
  CacheControl,
  ChatMessage,
  ChatRequest,
  ContentPart,
  CustomTool,
  CustomToolCall,
  DeveloperMessage,
  FilePart,
  FunctionMessage,
  FunctionTool,
  FunctionToolCall,
  ImagePart,
  ProviderSpecificFields,
  RefusalPart,
  ResponseFormat,
  StreamedChatRequest,
  SystemMessage,
  TextPart,
  ThinkingBlock,
  ToolCall,
  ToolChoice,
  ToolMessage,
  UnaryChatRequest,
  UserMessage,
} from './operations/chat/chat-request.interface.js';
export { ChatStream } from './operations/chat/chat-stream.js';
export type { ChunkEncoder, SseOptions } from './operations/chat/sse-readable.js';
export type { StreamMeta } from './operations/chat/stream-meta.js';
export type { EmbeddingFormat } from './operations/embeddings/embedding-format.interface.js';
export type { EmbeddingRequest, EmbeddingResponse } from './operations/embeddings/embedding.interface.js';
export type { FormatContext, ProviderRequest } from './operations/format-context.interface.js';
export type { ModelsFormat, ModelsPage } from './operations/models/models-format.interface.js';
export type { Model, ModelList } from './operations/models/models.interface.js';
export type { ProviderOperations } from './operations/provider-operations.interface.js';
export type { ResultMeta, ResultTimings, WithMeta } from './operations/result-meta.js';
export type { CompletionUsage } from './operations/usage.interface.js';
export type {
  ApiKey,
  AuthorizableRequest,
  Authorize,
  ConnectOptions,
  CredentialsExchange,
  CredentialsReply,
  CredentialsRequest,
  Environment,
  LocatedModel,
  ProviderAdapter,
  ProviderConnection,
  RefusedRequest,
} from './providers/provider-adapter.interface.js';
export type { WireEvent, WireFraming } from './wire/wire-decoder.interface.js';
export type { CallStats } from './transport/exchange/call-registry.js';
export type { CircuitOptions, CircuitStats } from './transport/exchange/circuit-breaker.js';
export type {
  BodyFlow,
  BodyReader,
  HttpReply,
  HttpRequest,
} from './transport/exchange/http-request.interface.js';
export type { ProviderStats } from './transport/exchange/provider-health.js';
export type { ProviderTraffic } from './transport/exchange/provider-traffic.js';
export type { HistogramStats } from './transport/exchange/histogram.js';
export type { RetryBudgetOptions } from './transport/exchange/retry-budget.js';
export type { RetryOptions } from './transport/exchange/retry.js';
export type { TimeoutOptions } from './transport/exchange/timeout.interface.js';
export type { WarmUpOptions } from './transport/exchange/warm-up.js';
export { createHttpSession } from './transport/session/create-http-session.js';
export { cachedLookup, type CachedLookup, type CachedLookupOptions } from './transport/session/dns-cache.js';
export type {
  HttpConnector,
  HttpSessionOptions,
} from './transport/session/http-session-options.interface.js';
export type {
  HttpDispatchController,
  HttpDispatchHandler,
  HttpDispatchOptions,
  HttpInterceptor,
  HttpSession,
  RequestTicket,
} from './transport/session/http-session.interface.js';
export { STAND_IN_PROVIDER_HEADER } from './transport/session/http-session.interface.js';
export { secretsOf } from './errors/redact.js';
export {
  limit,
  type LimitInterceptor,
  type LimitOptions,
  type LimitStats,
} from './transport/session/limit.js';
export { proxied, type ProxyOptions, type ProxyParts } from './transport/session/proxy/proxy.js';
export { statsOf, type OriginStats, type SessionStats } from './transport/session/session-stats.js';
export {
  tlsConnectOptions,
  type PemSource,
  type TlsConnectOptions,
  type TlsOptions,
} from './transport/session/tls.js';
export {
  APIConnectionError,
  APIError,
  APIResponseValidationError,
  APITimeoutError,
  APIUserAbortError,
  AuthenticationError,
  BadGatewayError,
  BadRequestError,
  CircuitOpenError,
  ConflictError,
  ContentPolicyViolationError,
  ContextWindowExceededError,
  InternalServerError,
  LlmConfigurationError,
  NotFoundError,
  PermissionDeniedError,
  ProxyError,
  QueueFullError,
  RateLimitError,
  ServiceUnavailableError,
  SessionClosedError,
  StreamInterruptedError,
  UnknownProviderError,
  UnprocessableEntityError,
  UnsupportedParamsError,
  type ProxyErrorInit,
} from './errors/errors.js';
export type { ProviderErrorDetail } from './errors/http-error.js';
export type { HttpHeaders } from './errors/http-headers.interface.js';
export { LlmError, type LlmAttempt, type LlmErrorInit, type LlmErrorPhase } from './errors/llm.error.js';
