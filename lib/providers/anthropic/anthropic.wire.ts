import { isFields, type Fields } from '../kit/fields.js';

/**
 * Anthropic's Messages API, as far as it is used here.
 *
 * @see {@link https://platform.claude.com/docs/en/api/messages}
 */

/** A block of a message's content. Those of a type unknown here are handed on as they are. */
export interface AnthropicBlock extends Fields {
  type: string;
}

/** A turn of the conversation. */
export interface AnthropicTurn {
  role: 'user' | 'assistant';
  content: AnthropicBlock[];
}

/** A tool of the caller's own, or one that the provider runs itself, such as its web search. */
export interface AnthropicTool extends Fields {
  name?: string;
}

export type AnthropicToolChoice = {
  type: 'auto' | 'any' | 'none' | 'tool';
  name?: string;
  disable_parallel_tool_use?: boolean;
};

export interface AnthropicRequest extends Fields {
  max_tokens: number;
  messages: AnthropicTurn[];
  system?: AnthropicBlock[];
  tools?: AnthropicTool[];
  tool_choice?: AnthropicToolChoice;
  output_config?: Fields;
}

/** How a message ended, and what is said of it besides its content. */
export interface AnthropicEnding {
  stop_reason?: string | null;
  stop_sequence?: string | null;
  /** Why the message was refused. */
  stop_details?: Fields | null;
  /** Where the provider's code execution ran. */
  container?: Fields | null;
  /** Which edits of the context were applied. */
  context_management?: Fields | null;
}

export interface AnthropicMessage extends AnthropicEnding {
  id: string;
  model: string;
  content: AnthropicBlock[];
  usage?: Fields | null;
}

export function isBlock(value: unknown): value is AnthropicBlock {
  return isFields(value) && typeof value['type'] === 'string';
}
