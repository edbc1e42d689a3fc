/** Ollama's documents, as far as this package uses them. */
export interface OllamaToolCall {
  id?: string;
  function: { name: string; arguments: Record<string, unknown> };
}

export interface OllamaMessage {
  role: 'system' | 'user' | 'assistant' | 'tool';
  content: string;
  thinking?: string;
  /** Base64 each. */
  images?: string[];
  tool_calls?: OllamaToolCall[];
  /** Of a result: the name of the tool, which is what older versions go by, and the id of the call. */
  tool_name?: string;
  tool_call_id?: string;
}

export interface OllamaRequest {
  model: string;
  messages: OllamaMessage[];
  stream: boolean;
  format?: 'json' | Record<string, unknown>;
  tools?: {
    type: 'function';
    function: { name: string; description?: string; parameters: Record<string, unknown> };
  }[];
  think?: boolean | 'low' | 'medium' | 'high';
  logprobs?: boolean;
  top_logprobs?: number;
  options?: Record<string, unknown>;
}

interface OllamaTokenLogprob {
  token?: string;
  logprob?: number;
  bytes?: number[];
}

export interface OllamaLogprob extends OllamaTokenLogprob {
  top_logprobs?: OllamaTokenLogprob[];
}

/** A whole answer, and a line of a stream: the last one has `done`, and the counters. */
export interface OllamaResponse {
  model?: string;
  /** RFC 3339. */
  created_at?: string;
  message?: {
    content?: string;
    thinking?: string;
    tool_calls?: { id?: string; function?: { name?: string; arguments?: unknown } }[] | null;
  } | null;
  logprobs?: OllamaLogprob[] | null;
  done?: boolean;
  done_reason?: string;
  prompt_eval_count?: number;
  eval_count?: number;
  /** Nanoseconds, like the other durations. */
  total_duration?: number;
  load_duration?: number;
  prompt_eval_duration?: number;
  eval_duration?: number;
  error?: unknown;
}
