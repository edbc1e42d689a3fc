export { LlmLoggingModule } from './llm-logging.module.js';
export { loggingMiddleware, type LlmLoggingOptions } from './logging.middleware.js';
export type { LlmCallLine } from './call-line.js';
