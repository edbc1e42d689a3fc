export * from './llm.error.js';
export * from './errors.js';
