import type { ProviderSpecificFields, ThinkingBlock } from './chat-request.interface.js';
import type {
  ChatCompletionMessage,
  CompletionUsage,
  FinishReason,
  Logprobs,
  Moderation,
  ServiceTier,
} from './chat-completion.interface.js';

export interface ToolCallDelta {
  index: number;
  id?: string;
  type?: 'function';
  function?: { name?: string; arguments?: string };
  provider_specific_fields?: ProviderSpecificFields;
}

export interface ChatCompletionDelta {
  role?: 'developer' | 'system' | 'user' | 'assistant' | 'tool';
  content?: string | null;
  refusal?: string | null;
  annotations?: ChatCompletionMessage['annotations'];
  tool_calls?: ToolCallDelta[];
  function_call?: { name?: string; arguments?: string };
  /** Reasoning text, apart from the answer, where the provider shows it. */
  reasoning_content?: string | null;
  /** A piece of thinking: it belongs to the block before while that is of its type and has no signature. */
  thinking_blocks?: ThinkingBlock[];
  provider_specific_fields?: ProviderSpecificFields;
}

export interface ChatCompletionChunkChoice {
  index: number;
  delta: ChatCompletionDelta;
  finish_reason: FinishReason | null;
  logprobs?: Logprobs | null;
}

/**
 * A piece of a streamed chat completion, as OpenAI sends it.
 *
 * @see {@link https://platform.openai.com/docs/api-reference/chat/streaming}
 * @publicApi
 */
export interface ChatCompletionChunk {
  id: string;
  object: 'chat.completion.chunk';
  created: number;
  model: string;
  choices: ChatCompletionChunkChoice[];
  usage?: CompletionUsage | null;
  moderation?: Moderation | null;
  service_tier?: ServiceTier | null;
  system_fingerprint?: string;
  citations?: unknown[];
  search_results?: unknown[];
  /**
   * The provider's own event, where the call asked for `raw`; of an AWS event stream `{ [event]: payload }`. Several
   * chunks may come of one event, and a last one of none. Not part of the JSON.
   */
  readonly raw?: unknown;
}
