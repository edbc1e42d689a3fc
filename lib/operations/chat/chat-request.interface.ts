/**
 * OpenAI's chat-completions request. The types are written so that the ones of the `openai` package fit here and
 * these fit there; what other providers add is optional.
 *
 * @see {@link https://platform.openai.com/docs/api-reference/chat/create}
 */
/** Marks the end of what a provider may keep in its prompt cache (Anthropic's; also on Bedrock and Vertex AI). */
export interface CacheControl {
  type: 'ephemeral';
  ttl?: '5m' | '1h';
}

/**
 * A model's thinking, as Anthropic sends it: handed back unchanged on the next turn, where the signature, or the
 * encrypted data, proves that it is the model's own.
 */
export type ThinkingBlock =
  { type: 'thinking'; thinking: string; signature?: string } | { type: 'redacted_thinking'; data: string };

/** What a provider adds to a message or a tool call that OpenAI's shape has no field for, by provider prefix. */
export type ProviderSpecificFields = Record<string, unknown>;

export interface TextPart {
  type: 'text';
  text: string;
  cache_control?: CacheControl;
  prompt_cache_breakpoint?: { mode: 'explicit' };
}

export interface ImagePart {
  type: 'image_url';
  cache_control?: CacheControl;
  image_url: { url: string; detail?: 'auto' | 'low' | 'high' };
  prompt_cache_breakpoint?: { mode: 'explicit' };
}

export interface AudioPart {
  type: 'input_audio';
  cache_control?: CacheControl;
  input_audio: { data: string; format: 'wav' | 'mp3' };
  prompt_cache_breakpoint?: { mode: 'explicit' };
}

export interface FilePart {
  type: 'file';
  cache_control?: CacheControl;
  file: { file_data?: string; file_id?: string; filename?: string };
  prompt_cache_breakpoint?: { mode: 'explicit' };
}

export interface RefusalPart {
  type: 'refusal';
  refusal: string;
}

export type ContentPart = TextPart | ImagePart | AudioPart | FilePart;

export interface DeveloperMessage {
  role: 'developer';
  content: string | TextPart[];
  name?: string;
}

export interface SystemMessage {
  role: 'system';
  content: string | TextPart[];
  name?: string;
}

export interface UserMessage {
  role: 'user';
  content: string | ContentPart[];
  name?: string;
}

export interface FunctionToolCall {
  id: string;
  type: 'function';
  function: { name: string; arguments: string };
  provider_specific_fields?: ProviderSpecificFields;
}

export interface CustomToolCall {
  id: string;
  type: 'custom';
  custom: { name: string; input: string };
}

export type ToolCall = FunctionToolCall | CustomToolCall;

export interface AssistantMessage {
  role: 'assistant';
  content?: string | (TextPart | RefusalPart)[] | null;
  name?: string;
  refusal?: string | null;
  tool_calls?: ToolCall[];
  audio?: { id: string } | null;
  function_call?: { name: string; arguments: string } | null;
  /** Reasoning text of an earlier answer, for providers that take it back. */
  reasoning_content?: string | null;
  /** Thinking of an earlier answer, for providers that want it back. */
  thinking_blocks?: ThinkingBlock[];
  provider_specific_fields?: ProviderSpecificFields;
  cache_control?: CacheControl;
}

export interface ToolMessage {
  role: 'tool';
  content: string | TextPart[];
  tool_call_id: string;
}

export interface FunctionMessage {
  role: 'function';
  content: string | null;
  name: string;
}

export type ChatMessage =
  DeveloperMessage | SystemMessage | UserMessage | AssistantMessage | ToolMessage | FunctionMessage;

export interface FunctionTool {
  type: 'function';
  function: {
    name: string;
    description?: string;
    /** JSON Schema. */
    parameters?: { [key: string]: unknown };
    strict?: boolean | null;
  };
  cache_control?: CacheControl;
  /** The model finds the tool by a search, rather than to read of it at once (Anthropic's). */
  defer_loading?: boolean;
  /** What may call the tool: the model itself, `direct`, or code that it runs (Anthropic's). */
  allowed_callers?: string[];
  /** Examples of a call's arguments (Anthropic's). */
  input_examples?: { [key: string]: unknown }[];
}

export interface CustomTool {
  type: 'custom';
  custom: {
    name: string;
    description?: string;
    format?:
      { type: 'text' } | { type: 'grammar'; grammar: { definition: string; syntax: 'lark' | 'regex' } };
  };
}

export type ToolChoice =
  | 'none'
  | 'auto'
  | 'required'
  | { type: 'function'; function: { name: string } }
  | { type: 'custom'; custom: { name: string } }
  | {
      type: 'allowed_tools';
      allowed_tools: { mode: 'auto' | 'required'; tools: { [key: string]: unknown }[] };
    };

export type ResponseFormat =
  | { type: 'text' }
  | { type: 'json_object' }
  | {
      type: 'json_schema';
      json_schema: {
        name: string;
        description?: string;
        schema?: { [key: string]: unknown };
        strict?: boolean | null;
      };
    };

/**
 * An OpenAI chat-completions request whose model is `provider/model`.
 *
 * @publicApi
 */
export interface ChatRequest {
  /** `provider/model`, split at the first slash; without a slash the default provider's. */
  model: string;
  messages: ChatMessage[];
  audio?: {
    format: 'wav' | 'aac' | 'mp3' | 'flac' | 'opus' | 'pcm16';
    voice: string | { id: string };
  } | null;
  frequency_penalty?: number | null;
  function_call?: 'none' | 'auto' | { name: string };
  functions?: { name: string; description?: string; parameters?: { [key: string]: unknown } }[];
  logit_bias?: { [key: string]: number } | null;
  logprobs?: boolean | null;
  max_completion_tokens?: number | null;
  max_tokens?: number | null;
  metadata?: { [key: string]: string } | null;
  modalities?: ('text' | 'audio')[] | null;
  moderation?: {
    model: string;
    policy?: {
      input?: { mode: 'score' | 'block' } | null;
      output?: { mode: 'score' | 'block' } | null;
    } | null;
  } | null;
  n?: number | null;
  parallel_tool_calls?: boolean;
  prediction?: { type: 'content'; content: string | TextPart[] } | null;
  presence_penalty?: number | null;
  prompt_cache_key?: string | null;
  prompt_cache_options?: { mode?: 'implicit' | 'explicit'; ttl?: '30m' };
  prompt_cache_retention?: 'in_memory' | '24h' | null;
  reasoning_effort?: 'none' | 'minimal' | 'low' | 'medium' | 'high' | 'xhigh' | 'max' | null;
  response_format?: ResponseFormat;
  safety_identifier?: string | null;
  seed?: number | null;
  service_tier?: 'auto' | 'default' | 'flex' | 'scale' | 'priority' | null;
  stop?: string | null | string[];
  store?: boolean | null;
  stream?: boolean | null;
  stream_options?: { include_obfuscation?: boolean; include_usage?: boolean } | null;
  temperature?: number | null;
  tool_choice?: ToolChoice;
  tools?: (FunctionTool | CustomTool)[];
  top_logprobs?: number | null;
  top_p?: number | null;
  user?: string;
  verbosity?: 'low' | 'medium' | 'high' | null;
  /** Anthropic's extended thinking, for the providers that have it; `reasoning_effort` is the portable form. */
  thinking?:
    | { type: 'enabled'; budget_tokens: number; display?: 'summarized' | 'omitted' }
    | { type: 'adaptive'; display?: 'summarized' | 'omitted' }
    | { type: 'disabled' }
    | null;
  /**
   * Fields that only one provider has, by its prefix: merged into the translated body as they are. Those of other
   * providers are ignored, so that a fallback to another one still works.
   */
  providerOptions?: { [provider: string]: { [field: string]: unknown } };
  web_search_options?: {
    search_context_size?: 'low' | 'medium' | 'high';
    user_location?: {
      type: 'approximate';
      approximate: { city?: string; country?: string; region?: string; timezone?: string };
    } | null;
  };
}

export interface UnaryChatRequest extends ChatRequest {
  stream?: false | null;
}

export interface StreamedChatRequest extends ChatRequest {
  stream: true;
}
