/** The Converse API's documents, as far as this package uses them. All bytes are base64. */
export interface CachePoint {
  cachePoint: { type: 'default'; ttl?: '5m' | '1h' };
}

export type Source = { bytes: string } | { s3Location: { uri: string } };

export interface MediaBlock {
  image?: { format: string; source: Source };
  document?: { format: string; name: string; source: Source };
  video?: { format: string; source: Source };
  audio?: { format: string; source: Source };
}

export interface ToolUse {
  toolUseId?: string;
  name?: string;
  input?: unknown;
  /** `server_tool_use` for a tool that runs at AWS. */
  type?: string;
}

export interface ReasoningContent {
  reasoningText?: { text?: string; signature?: string };
  redactedContent?: string;
}

export type RequestBlock =
  | { text: string }
  | MediaBlock
  | CachePoint
  | { toolUse: { toolUseId: string; name: string; input: Record<string, unknown> } }
  | { toolResult: { toolUseId: string; content: ({ text: string } | MediaBlock)[] } }
  | { reasoningContent: ReasoningContent };

export interface RequestMessage {
  role: 'user' | 'assistant';
  content: RequestBlock[];
}

export type SystemBlock = { text: string } | CachePoint;

export interface ToolSpec {
  toolSpec: {
    name: string;
    description?: string;
    strict?: boolean;
    inputSchema: { json: Record<string, unknown> };
  };
}

export type ConverseToolChoice = { auto: object } | { any: object } | { tool: { name: string } };

export interface ToolConfig {
  tools: (ToolSpec | CachePoint)[];
  toolChoice?: ConverseToolChoice;
}

export interface ConverseRequest {
  messages: RequestMessage[];
  system?: SystemBlock[];
  inferenceConfig?: { maxTokens?: number; temperature?: number; topP?: number; stopSequences?: string[] };
  toolConfig?: ToolConfig;
  outputConfig?: {
    textFormat: {
      type: 'json_schema';
      structure: { jsonSchema: { schema: string; name?: string; description?: string } };
    };
  };
  additionalModelRequestFields?: Record<string, unknown>;
  requestMetadata?: Record<string, string>;
  serviceTier?: { type: string };
}

export interface ResponseBlock {
  text?: string | null;
  toolUse?: ToolUse | null;
  reasoningContent?: ReasoningContent | null;
  citationsContent?: { content?: { text?: string }[]; citations?: unknown[] } | null;
}

export interface ConverseUsage {
  inputTokens?: number;
  outputTokens?: number;
  totalTokens?: number;
  cacheReadInputTokens?: number;
  cacheWriteInputTokens?: number;
  /** What of the cache writes lives how long. */
  cacheDetails?: unknown[];
}

/** What both a response and a stream's `metadata` event say of the call. */
export interface ConverseMetadata {
  usage?: ConverseUsage | null;
  trace?: unknown;
  performanceConfig?: unknown;
  serviceTier?: { type?: string } | null;
}

export interface ConverseResponse extends ConverseMetadata {
  output: { message: { content: ResponseBlock[] } };
  stopReason: string;
  additionalModelResponseFields?: unknown;
}

/** The payloads of a stream's events. */
export interface StreamPayload extends ConverseMetadata {
  contentBlockIndex?: number;
  start?: { toolUse?: ToolUse | null } | null;
  delta?: {
    text?: string;
    toolUse?: { input?: string } | null;
    reasoningContent?: { text?: string; signature?: string; redactedContent?: string } | null;
    citation?: unknown;
  } | null;
  stopReason?: string;
  additionalModelResponseFields?: unknown;
}
