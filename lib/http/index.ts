export { ClientSignal } from './client-signal.decorator.js';
export {
  LlmStream,
  LlmStreamInterceptor,
  type LlmStreamFormat,
  type LlmStreamOptions,
} from './llm-stream.interceptor.js';
