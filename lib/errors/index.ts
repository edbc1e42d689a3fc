export * from './llm.error.js';
export * from './errors.js';
export * from './llm-exception.filter.js';
