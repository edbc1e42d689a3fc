import { ChunkAssembler } from '../../operations/chat/chunk-assembler.js';
import type { ChatCompletion } from '../../operations/chat/chat-completion.interface.js';
import type { ChatRequest } from '../../operations/chat/chat-request.interface.js';
import type { ChunkSink, FormatContext } from '../provider-adapter.interface.js';
import { GeminiTranslator } from './gemini.translator.js';
import type { GeminiResponse } from './gemini.wire.js';

/**
 * Translates the answer of `generateContent`: it is a stream of one event, so that both ways give the same result.
 *
 * @returns `undefined` when there is no answer in it
 */
export function toCompletion(body: unknown, context: FormatContext<ChatRequest>): ChatCompletion | undefined {
  if (typeof body !== 'object' || body === null) return undefined;
  const { candidates, promptFeedback } = body as GeminiResponse;
  if (!Array.isArray(candidates) && promptFeedback === undefined) return undefined;
  const assembler = new ChunkAssembler();
  const translator = new GeminiTranslator(context);
  const sink: ChunkSink = { push: (chunk) => assembler.push(chunk), usage() {}, finish() {}, fail() {} };
  try {
    translator.document(body, sink);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  if (translator.empty) return undefined;
  translator.finish(sink);
  const { usage } = translator;
  return { ...(assembler.completion() as ChatCompletion), ...(usage !== undefined && { usage }) };
}
