import type { ProviderErrorDetail } from '../../errors/http-error.js';
import type { WireEvent, WireFraming } from '../../wire/wire-decoder.interface.js';
import type { FormatContext, ProviderRequest } from '../format-context.interface.js';
import type { ChatCompletionChunk } from './chat-completion-chunk.interface.js';
import type { ChatCompletion, CompletionUsage } from './chat-completion.interface.js';
import type { ChatRequest } from './chat-request.interface.js';

/** Where a translator puts what it makes of a stream's events. */
export interface ChunkSink {
  /** @param text the JSON that the chunk was parsed from, when it is the chunk to the letter */
  push(chunk: ChatCompletionChunk, text?: string): void;
  /** Counts the tokens, without a chunk that says so: for a caller who did not ask for one. */
  usage(usage: CompletionUsage): void;
  /** The terminal event was seen; what follows is not read. */
  finish(): void;
  /** The provider reports an error inside of its stream. */
  fail(error: ProviderErrorDetail): void;
}

/** Translates the events of one stream. */
export interface ChunkTranslator {
  /** What the provider has counted so far, where no chunk may say it. */
  readonly usage?: CompletionUsage | undefined;
  /**
   * @returns whether the event is content, and no mere sign of life: that restarts the idle limit
   * @throws {SyntaxError} when the event's data is not what it should be
   */
  event(event: WireEvent, sink: ChunkSink): boolean;
  /** The body has ended without a terminal event. @returns whether the stream is complete all the same */
  end(sink: ChunkSink): boolean;
}

/** What a provider, or one of its models, offers beyond text. */
export interface CompletionCapabilities {
  readonly tools: boolean;
  /** `response_format` with a JSON schema: by the provider's own means, by a forced tool, or not at all. */
  readonly structuredOutput: 'native' | 'tool' | false;
  /** Reasoning text or thinking blocks come back. */
  readonly reasoning: boolean;
  readonly images: boolean;
  readonly audio: boolean;
  readonly files: boolean;
  /** Cache marks, or automatic caching, that shows in the usage. */
  readonly promptCaching: boolean;
}

export interface CompletionFormat {
  readonly capabilities: CompletionCapabilities;
  /** @throws {UnsupportedParamsError} when the request has a field that the provider lacks */
  request(request: ChatRequest, context: FormatContext<ChatRequest>): ProviderRequest;
  /** @returns the completion; `undefined` when `body` is not one */
  response(body: unknown, context: FormatContext<ChatRequest>): ChatCompletion | undefined;
  readonly framing: WireFraming;
  /** The provider fetches no image and no document: what a request has by URL has to come as bytes. */
  readonly fetchesMedia?: false;
  translator(context: FormatContext<ChatRequest>): ChunkTranslator;
}
