import type { FakeRequest } from './fake-request.interface.js';

/** A call of a tool in a {@link FakeMessage}. */
export interface FakeToolCall {
  /** Default `call_0`, `call_1` and so on; Gemini and Ollama send none. */
  readonly id?: string;
  readonly name: string;
  /** The arguments, or their JSON as the model would write it, also broken. Default none. */
  readonly arguments?: object | string;
}

/** Tokens, under OpenAI's names. Default: one read, and one written for each piece. */
export interface FakeUsage {
  readonly prompt_tokens?: number;
  readonly completion_tokens?: number;
  readonly prompt_tokens_details?: { readonly cached_tokens?: number };
  readonly completion_tokens_details?: { readonly reasoning_tokens?: number };
}

/** An answer to a chat. What a list gives is streamed in as many pieces. */
export interface FakeMessage {
  readonly content?: string | readonly string[];
  readonly reasoning?: string | readonly string[];
  readonly toolCalls?: readonly FakeToolCall[];
  /** Default `tool_calls` with calls, otherwise `stop`. */
  readonly finishReason?: 'stop' | 'length' | 'tool_calls' | 'content_filter';
  readonly usage?: FakeUsage;
}

/** An answer to an embedding: one vector for every input, or one for each. */
export interface FakeEmbeddings {
  readonly embedding?: readonly number[];
  readonly embeddings?: readonly (readonly number[])[];
  readonly usage?: Pick<FakeUsage, 'prompt_tokens'>;
}

/** An answer to a list of models. */
export interface FakeModels {
  /** Their names at the provider. */
  readonly models: readonly string[];
}

/** A body as it is, for what no format has: a document, a text, or the pieces of a stream. */
export interface FakeBody {
  readonly body: object | string | readonly string[];
}

/** A text, its pieces, or more. */
export type FakeContent = string | readonly string[] | FakeMessage | FakeEmbeddings | FakeModels | FakeBody;

/**
 * What a provider answers, or a function that makes it of the request.
 *
 * @publicApi
 */
export type FakeAnswer = FakeContent | ((request: FakeRequest) => FakeContent | Promise<FakeContent>);

/** @publicApi */
export interface FakeReplyOptions {
  /** Milliseconds before each piece but the first. Default 0. */
  readonly delayMs?: number;
  /** Milliseconds before the response headers, which the first piece follows. Default `delayMs`. */
  readonly firstDelayMs?: number;
  /** Response headers besides those of the format, such as `x-ratelimit-remaining-requests`. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** @publicApi */
export interface FakeFailOptions extends FakeReplyOptions {
  /** Seconds, or a date as HTTP writes it, for the header `Retry-After`. */
  readonly retryAfter?: number | string;
  /** What the provider calls the error, in its own format. */
  readonly code?: string;
  readonly message?: string;
  /** All of the body, in place of an error in the provider's format. */
  readonly body?: string | object;
}
