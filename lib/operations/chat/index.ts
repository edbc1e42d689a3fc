export * from './chat-request.interface.js';
export * from './chat-completion.interface.js';
export * from './chat-completion-chunk.interface.js';
export type { SseOptions } from './sse-readable.js';
export { ChatStream } from './chat-stream.js';
