export * from './chat-request.interface.js';
export * from './chat-completion.interface.js';
export * from './chat-completion-chunk.interface.js';
export { ChatStream } from './chat-stream.js';
