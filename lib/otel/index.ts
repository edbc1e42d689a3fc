export { LlmOtelModule } from './llm-otel.module.js';
export type { LlmOtelOptions } from './otel-options.interface.js';
export { otelMiddleware } from './otel.middleware.js';
