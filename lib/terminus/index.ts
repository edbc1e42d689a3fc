export { LlmHealthIndicator, type LlmHealthOptions } from './llm-health.indicator.js';
