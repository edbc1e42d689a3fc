export * from './llm.module.js';
export * from './llm.service.js';
export * from './llm.handler.js';
export { HTTP_SESSION } from './nest/llm.constants.js';
export { getHttpSessionToken, getLlmHandlerToken, getLlmServiceToken } from './nest/get-token.util.js';
export * from './nest/index.js';
export * from './calls/call-options.interface.js';
export type { LlmMiddleware, LlmResult } from './calls/chain.js';
export type { LlmCall, LlmRequest } from './calls/llm-call.js';
export type { LlmOptions } from './calls/llm-options.interface.js';
export type { LlmOutcome, LlmDocument } from './calls/outcome.js';
export type { LlmTap } from './calls/taps.js';
export type {
  CallDefaults,
  ProviderOptions,
  ResponseLimits,
} from './deployments/deployment-options.interface.js';
export type { MediaOptions } from './deployments/media/media-options.interface.js';
export type * from './operations/models/models.interface.js';
export * from './errors/index.js';
export * from './operations/chat/index.js';
export * from './operations/embeddings/embedding.interface.js';
export * from './operations/result-meta.js';
export { createHttpSession } from './transport/session/create-http-session.js';
export {
  limit,
  type LimitInterceptor,
  type LimitOptions,
  type LimitStats,
} from './transport/session/limit.js';
export { cachedLookup, type CachedLookup, type CachedLookupOptions } from './transport/session/dns-cache.js';
export { proxied, type ProxyOptions, type ProxyParts } from './transport/session/proxy/proxy.js';
export {
  tlsConnectOptions,
  type PemSource,
  type TlsConnectOptions,
  type TlsOptions,
} from './transport/session/tls.js';
export { development, highThroughput, production, type Preset } from './nest/presets.js';
export { statsOf, type OriginStats, type SessionStats } from './transport/session/session-stats.js';
export type { CallStats } from './transport/exchange/call-registry.js';
export type { WarmUpOptions } from './transport/exchange/warm-up.js';
export type * from './transport/session/http-session.interface.js';
export type * from './transport/session/http-session-options.interface.js';
export type { TimeoutOptions } from './transport/exchange/timeout.interface.js';
export type { CircuitOptions, CircuitStats } from './transport/exchange/circuit-breaker.js';
export type { ProviderStats } from './transport/exchange/provider-health.js';
export type { RetryOptions } from './transport/exchange/retry.js';
export type { RetryBudgetOptions } from './transport/exchange/retry-budget.js';
export { DEFAULT_RETRY, DEFAULT_TIMEOUT } from './deployments/defaults.js';
export type {
  BodyFlow,
  BodyReader,
  HttpReply,
  HttpRequest,
} from './transport/exchange/http-request.interface.js';
export type * from './providers/provider-adapter.interface.js';
export type { ProviderErrorDetail } from './errors/http-error.js';
export type { WireEvent, WireFraming } from './wire/wire-decoder.interface.js';
