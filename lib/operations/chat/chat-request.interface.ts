/**
 * OpenAI's chat-completions request. The types are written so that the ones of the `openai` package fit here and
 * these fit there; what other providers add is optional.
 *
 * @see {@link https://platform.openai.com/docs/api-reference/chat/create}
 */
/** The values known today; a value of tomorrow compiles, too, and the provider says what it thinks of it. */
export type Open<Known extends string> = Known | (string & {});

/** Marks the end of what a provider may keep in its prompt cache (Anthropic's; also on Bedrock and Vertex AI). */
export interface CacheControl {
  type: 'ephemeral';
  ttl?: '5m' | '1h' | undefined;
}

/**
 * A model's thinking, as Anthropic sends it: handed back unchanged on the next turn, where the signature, or the
 * encrypted data, proves that it is the model's own.
 */
export type ThinkingBlock =
  | { type: 'thinking'; thinking: string; signature?: string | undefined }
  | { type: 'redacted_thinking'; data: string };

/** What a provider adds to a message or a tool call that OpenAI's shape has no field for, by provider prefix. */
export type ProviderSpecificFields = Record<string, unknown>;

export interface TextPart {
  type: 'text';
  text: string;
  cache_control?: CacheControl | undefined;
  prompt_cache_breakpoint?: { mode: 'explicit'; ttl?: Open<'30m' | '12h'> | undefined } | undefined;
}

export interface ImagePart {
  type: 'image_url';
  cache_control?: CacheControl | undefined;
  image_url: { url: string; detail?: Open<'auto' | 'low' | 'high'> | undefined };
  prompt_cache_breakpoint?: { mode: 'explicit'; ttl?: Open<'30m' | '12h'> | undefined } | undefined;
}

export interface AudioPart {
  type: 'input_audio';
  cache_control?: CacheControl | undefined;
  input_audio: { data: string; format: Open<'wav' | 'mp3'> };
  prompt_cache_breakpoint?: { mode: 'explicit'; ttl?: Open<'30m' | '12h'> | undefined } | undefined;
}

export interface FilePart {
  type: 'file';
  cache_control?: CacheControl | undefined;
  file: { file_data?: string | undefined; file_id?: string | undefined; filename?: string | undefined };
  prompt_cache_breakpoint?: { mode: 'explicit'; ttl?: Open<'30m' | '12h'> | undefined } | undefined;
}

export interface RefusalPart {
  type: 'refusal';
  refusal: string;
}

export type ContentPart = TextPart | ImagePart | AudioPart | FilePart;

export interface DeveloperMessage {
  role: 'developer';
  content: string | TextPart[];
  name?: string | undefined;
}

export interface SystemMessage {
  role: 'system';
  content: string | TextPart[];
  name?: string | undefined;
}

export interface UserMessage {
  role: 'user';
  content: string | ContentPart[];
  name?: string | undefined;
}

export interface FunctionToolCall {
  id: string;
  type: 'function';
  function: { name: string; arguments: string };
  provider_specific_fields?: ProviderSpecificFields | undefined;
}

export interface CustomToolCall {
  id: string;
  type: 'custom';
  custom: { name: string; input: string };
}

export type ToolCall = FunctionToolCall | CustomToolCall;

export interface AssistantMessage {
  role: 'assistant';
  content?: string | (TextPart | RefusalPart)[] | null | undefined;
  name?: string | undefined;
  refusal?: string | null | undefined;
  tool_calls?: ToolCall[] | undefined;
  audio?: { id: string } | null | undefined;
  function_call?: { name: string; arguments: string } | null | undefined;
  /** Reasoning text of an earlier answer, for providers that take it back. */
  reasoning_content?: string | null | undefined;
  /** Thinking of an earlier answer, for providers that want it back. */
  thinking_blocks?: ThinkingBlock[] | undefined;
  provider_specific_fields?: ProviderSpecificFields | undefined;
  cache_control?: CacheControl | undefined;
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
    description?: string | undefined;
    /** JSON Schema. */
    parameters?: { [key: string]: unknown } | undefined;
    strict?: boolean | null | undefined;
  };
  cache_control?: CacheControl | undefined;
  /** The model finds the tool by a search, rather than to read of it at once (Anthropic's). */
  defer_loading?: boolean | undefined;
  /** What may call the tool: the model itself, `direct`, or code that it runs (Anthropic's). */
  allowed_callers?: string[] | undefined;
  /** Examples of a call's arguments (Anthropic's). */
  input_examples?: { [key: string]: unknown }[] | undefined;
}

export interface CustomTool {
  type: 'custom';
  custom: {
    name: string;
    description?: string | undefined;
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
        description?: string | undefined;
        schema?: { [key: string]: unknown } | undefined;
        strict?: boolean | null | undefined;
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
  audio?:
    | {
        format: Open<'wav' | 'aac' | 'mp3' | 'flac' | 'opus' | 'pcm16'>;
        voice: string | { id: string };
      }
    | null
    | undefined;
  frequency_penalty?: number | null | undefined;
  function_call?: 'none' | 'auto' | { name: string } | undefined;
  functions?:
    | {
        name: string;
        description?: string | undefined;
        parameters?: { [key: string]: unknown } | undefined;
      }[]
    | undefined;
  logit_bias?: { [key: string]: number } | null | undefined;
  logprobs?: boolean | null | undefined;
  max_completion_tokens?: number | null | undefined;
  max_tokens?: number | null | undefined;
  metadata?: { [key: string]: string } | null | undefined;
  modalities?: Open<'text' | 'audio'>[] | null | undefined;
  moderation?: {
    model: string;
    policy?: {
      input?: { mode: 'score' | 'block' } | null | undefined;
      output?: { mode: 'score' | 'block' } | null | undefined;
    } | null;
  } | null;
  n?: number | null | undefined;
  parallel_tool_calls?: boolean | undefined;
  prediction?: { type: 'content'; content: string | TextPart[] } | null | undefined;
  presence_penalty?: number | null | undefined;
  prompt_cache_key?: string | null | undefined;
  prompt_cache_options?:
    { mode?: Open<'implicit' | 'explicit'> | undefined; ttl?: Open<'30m'> | undefined } | undefined;
  prompt_cache_retention?: Open<'in_memory' | '24h'> | null | undefined;
  reasoning_effort?:
    Open<'none' | 'minimal' | 'low' | 'medium' | 'high' | 'xhigh' | 'max'> | null | undefined;
  response_format?: ResponseFormat | undefined;
  safety_identifier?: string | null | undefined;
  seed?: number | null | undefined;
  service_tier?: Open<'auto' | 'default' | 'flex' | 'scale' | 'priority'> | null | undefined;
  stop?: string | null | string[] | undefined;
  store?: boolean | null | undefined;
  stream?: boolean | null | undefined;
  stream_options?:
    { include_obfuscation?: boolean | undefined; include_usage?: boolean | undefined } | null | undefined;
  temperature?: number | null | undefined;
  tool_choice?: ToolChoice | undefined;
  tools?: (FunctionTool | CustomTool)[] | undefined;
  top_logprobs?: number | null | undefined;
  top_p?: number | null | undefined;
  user?: string | undefined;
  verbosity?: Open<'low' | 'medium' | 'high'> | null | undefined;
  /** Anthropic's extended thinking, for the providers that have it; `reasoning_effort` is the portable form. */
  thinking?:
    | { type: 'enabled'; budget_tokens: number; display?: 'summarized' | 'omitted' | undefined }
    | { type: 'adaptive'; display?: 'summarized' | 'omitted' | undefined }
    | { type: 'disabled' }
    | null;
  /**
   * Fields that only one provider has, by its prefix: merged into the translated body as they are. Those of other
   * providers are ignored, so that a fallback to another one still works.
   */
  providerOptions?: { [provider: string]: { [field: string]: unknown } } | undefined;
  web_search_options?: {
    search_context_size?: Open<'low' | 'medium' | 'high'> | undefined;
    user_location?: {
      type: 'approximate';
      approximate: {
        city?: string | undefined;
        country?: string | undefined;
        region?: string | undefined;
        timezone?: string | undefined;
      };
    } | null;
  };
}

export interface UnaryChatRequest extends ChatRequest {
  stream?: false | null | undefined;
}

export interface StreamedChatRequest extends ChatRequest {
  stream: true;
}
