import type { CompletionUsage } from '../usage.interface.js';
import type { ProviderSpecificFields, ThinkingBlock, ToolCall } from './chat-request.interface.js';

export type { CompletionUsage };

export type FinishReason = 'stop' | 'length' | 'tool_calls' | 'content_filter' | 'function_call';

export type ServiceTier = 'auto' | 'default' | 'flex' | 'scale' | 'priority';

export interface TokenLogprob {
  token: string;
  bytes: number[] | null;
  logprob: number;
  top_logprobs: { token: string; bytes: number[] | null; logprob: number }[];
}

export interface Logprobs {
  content: TokenLogprob[] | null;
  refusal: TokenLogprob[] | null;
}

export interface ModerationResults {
  type: 'moderation_results';
  model: string;
  results: {
    type: 'moderation_result';
    model: string;
    flagged: boolean;
    categories: { [key: string]: boolean };
    category_applied_input_types: { [key: string]: ('text' | 'image')[] };
    category_scores: { [key: string]: number };
  }[];
}

export interface ModerationError {
  type: 'error';
  code: string;
  message: string;
}

export interface Moderation {
  input: ModerationResults | ModerationError;
  output: ModerationResults | ModerationError;
}

export interface ChatCompletionMessage {
  role: 'assistant';
  content: string | null;
  refusal: string | null;
  annotations?: {
    type: 'url_citation';
    url_citation: { end_index: number; start_index: number; title: string; url: string };
  }[];
  audio?: { id: string; data: string; expires_at: number; transcript: string } | null;
  function_call?: { name: string; arguments: string } | null;
  tool_calls?: ToolCall[];
  /** Reasoning text, apart from the answer, where the provider shows it. */
  reasoning_content?: string | null;
  /** Thinking with what proves its origin: put it into the next turn's assistant message as it is. */
  thinking_blocks?: ThinkingBlock[];
  provider_specific_fields?: ProviderSpecificFields;
}

export interface ChatCompletionChoice {
  index: number;
  message: ChatCompletionMessage;
  finish_reason: FinishReason;
  logprobs: Logprobs | null;
}

/**
 * OpenAI's chat completion.
 *
 * @see {@link https://platform.openai.com/docs/api-reference/chat/object}
 * @publicApi
 */
export interface ChatCompletion {
  id: string;
  object: 'chat.completion';
  created: number;
  model: string;
  choices: ChatCompletionChoice[];
  usage?: CompletionUsage;
  moderation?: Moderation | null;
  service_tier?: ServiceTier | null;
  system_fingerprint?: string;
  /** Sources of the answer, in the provider's own form (Perplexity's are URLs). */
  citations?: unknown[];
  /** What the provider's search found, in its own form. */
  search_results?: unknown[];
  /** The provider's own document, where the call asked for `raw`. Not part of the JSON. */
  readonly raw?: unknown;
}

/** A completion as far as a stream had brought it. */
export interface PartialChatCompletion extends Omit<ChatCompletion, 'choices'> {
  choices: (Omit<ChatCompletionChoice, 'finish_reason'> & { finish_reason: FinishReason | null })[];
}

declare module '../../errors/llm.error.js' {
  interface PartialResults {
    chat: PartialChatCompletion;
  }
}
