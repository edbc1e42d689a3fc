export * from './inject-llm.decorator.js';
export * from './inject-http-session.decorator.js';
