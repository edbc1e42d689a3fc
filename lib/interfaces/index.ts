export * from './llm-module-options.interface.js';
export * from './call-options.interface.js';
