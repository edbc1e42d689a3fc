/** Mistral's chat, as far as it is used here. @see {@link https://docs.mistral.ai/api} */

export type MistralPart =
  | { type: 'text'; text: string }
  | { type: 'thinking'; thinking: { type: 'text'; text: string }[]; closed?: boolean }
  | { type: 'image_url'; image_url: string | { url: string; detail: string } }
  | { type: 'input_audio'; input_audio: string }
  | { type: 'file'; file_id: string }
  | { type: 'document_url'; document_url: string; document_name?: string };

export interface MistralToolCall {
  id: string;
  type: 'function';
  function: { name: string; arguments: string };
}

export interface MistralMessage {
  role: 'system' | 'user' | 'assistant' | 'tool';
  content?: string | MistralPart[];
  /** The answer begins with this message. */
  prefix?: true;
  tool_calls?: MistralToolCall[];
  tool_call_id?: string;
  /** Of the function whose result it is; no other message has one. */
  name?: string;
}

export interface MistralTool {
  type: 'function';
  function: { name: string; description?: string; parameters: object; strict?: boolean };
}

export type MistralToolChoice = 'auto' | 'none' | 'any' | { type: 'function'; function: { name: string } };
