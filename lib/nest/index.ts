export * from './llm-module-options.interface.js';
export * from './decorators/index.js';
export * from './llm-exception.filter.js';
export * from './llm-middleware.provider.js';
export { toHttpStatus } from './http-status.js';
