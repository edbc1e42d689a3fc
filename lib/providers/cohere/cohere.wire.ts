/** Cohere's v2 documents, as far as this package uses them. */
export type CohereContent =
  | { type: 'text'; text: string }
  | { type: 'image_url'; image_url: { url: string; detail?: string } }
  | { type: 'thinking'; thinking: string };

export interface CohereToolCall {
  id: string;
  type: 'function';
  function: { name: string; arguments: string };
}

export type CohereMessage =
  | { role: 'system' | 'user'; content: string | CohereContent[] }
  | {
      role: 'assistant';
      content?: string | CohereContent[];
      tool_plan?: string;
      tool_calls?: CohereToolCall[];
    }
  | { role: 'tool'; tool_call_id: string; content: string | CohereContent[] };

export interface CohereTool {
  type: 'function';
  function: { name: string; description?: string; parameters: Record<string, unknown> };
}

export interface CohereRequest {
  model: string;
  messages: CohereMessage[];
  stream: boolean;
  tools?: CohereTool[];
  strict_tools?: true;
  tool_choice?: 'REQUIRED' | 'NONE';
  response_format?: { type: 'json_object'; json_schema?: Record<string, unknown> };
  thinking?: { type: 'enabled' | 'disabled'; token_budget?: number };
  max_tokens?: number;
  stop_sequences?: string[];
  temperature?: number;
  p?: number;
  seed?: number;
  frequency_penalty?: number;
  presence_penalty?: number;
  logprobs?: boolean;
}

interface Counts {
  input_tokens?: number;
  output_tokens?: number;
}

export interface CohereUsage {
  /** What the model read and wrote, Cohere's own prompt included. */
  tokens?: Counts;
  /** What is paid for. */
  billed_units?: Counts;
  cached_tokens?: number;
}

/** Tokens that were sampled together, and the probability of each. */
export interface CohereLogprob {
  text?: string;
  token_ids?: number[];
  logprobs?: number[];
}

export interface CohereResponse {
  id?: string;
  message: {
    content?: { type?: string; text?: string; thinking?: string }[] | null;
    tool_plan?: string | null;
    tool_calls?: Partial<CohereToolCall>[] | null;
    citations?: unknown[] | null;
  };
  finish_reason: string;
  usage?: CohereUsage | null;
  logprobs?: CohereLogprob[] | null;
}

export interface CohereEvent {
  type?: string;
  id?: string;
  index?: number;
  logprobs?: CohereLogprob | null;
  delta?: {
    message?: {
      content?: { text?: string; thinking?: string } | null;
      tool_plan?: string;
      tool_calls?: Partial<CohereToolCall> | null;
      citations?: unknown;
    } | null;
    finish_reason?: string;
    usage?: CohereUsage | null;
    error?: string;
  } | null;
}
