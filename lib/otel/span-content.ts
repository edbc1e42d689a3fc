import type { Attributes } from '@opentelemetry/api';
import type { ChatMessage, ChatRequest, LlmCall, LlmOutcome } from '../index.js';

type Part = Readonly<Record<string, unknown>>;

/** Whether the environment asks for content on spans, in the spelling of either family of instrumentations. */
export function contentFromEnv(): 'none' | 'span' {
  const flag = process.env['OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT']?.trim().toUpperCase();
  return flag === 'TRUE' || flag === 'SPAN_ONLY' || flag === 'SPAN_AND_EVENT' ? 'span' : 'none';
}

/** What was asked, in the conventions' JSON. Bytes of media are left out: no span takes them. */
export function inputContent({ operation, request }: LlmCall): Attributes {
  if (operation !== 'completion') return {};
  const { messages, tools } = request as ChatRequest;
  const isSystem = ({ role }: ChatMessage): boolean => role === 'system' || role === 'developer';
  const system = messages.filter(isSystem).flatMap(partsOf);
  const rest = messages.filter((message) => !isSystem(message));
  return {
    'gen_ai.input.messages': JSON.stringify(
      rest.map((message) => ({ role: message.role, parts: partsOf(message) })),
    ),
    ...(system.length > 0 && { 'gen_ai.system_instructions': JSON.stringify(system) }),
    ...(tools?.length && { 'gen_ai.tool.definitions': JSON.stringify(tools) }),
  };
}

/** What was answered, as far as it came. */
export function outputContent({ result }: LlmOutcome): Attributes {
  if (result === undefined || !('choices' in result)) return {};
  const messages = result.choices.map(({ message, finish_reason: reason }) => ({
    role: 'assistant',
    parts: partsOf(message as ChatMessage),
    ...(reason !== null && { finish_reason: reason }),
  }));
  return { 'gen_ai.output.messages': JSON.stringify(messages) };
}

function partsOf(message: ChatMessage): Part[] {
  const {
    role,
    content,
    reasoning_content: reasoning,
    tool_calls: calls,
    tool_call_id: id,
  } = message as {
    readonly role: string;
    readonly content?: string | readonly Part[] | null;
    readonly reasoning_content?: string | null;
    readonly tool_calls?: readonly Part[] | null;
    readonly tool_call_id?: string;
  };
  if (role === 'tool') return [{ type: 'tool_call_response', id, response: content }];
  const texts = typeof content === 'string' ? [{ type: 'text', content }] : (content ?? []).map(partOf);
  return [
    ...(reasoning ? [{ type: 'reasoning', content: reasoning }] : []),
    ...texts.filter((part) => part['content'] !== ''),
    ...(calls ?? []).map(toolCallOf),
  ];
}

function partOf(part: Part): Part {
  const { type, text } = part;
  if (type === 'text') return { type, content: text };
  const url = (part['image_url'] as { url?: unknown } | undefined)?.url;
  if (typeof url === 'string' && !url.startsWith('data:'))
    return { type: 'uri', modality: 'image', uri: url };
  return { type: 'blob', modality: String(type).replace(/^input_|_url$/g, '') };
}

function toolCallOf(call: Part): Part {
  const called = (call['function'] ?? call['custom']) as Part | undefined;
  const given = called?.['arguments'] ?? called?.['input'];
  return { type: 'tool_call', id: call['id'], name: called?.['name'], arguments: given };
}
