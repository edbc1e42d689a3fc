import { createHash } from 'node:crypto';
import type {
  AssistantMessage,
  ChatMessage,
  ChatRequest,
  ContentPart,
} from '../../operations/chat/chat-request.interface.js';
import { BadRequestError } from '../../errors/errors.js';
import { isBlank, textOf, toolNamesById } from '../kit/messages.js';
import { argumentsText } from '../kit/tool-calls.js';
import type { FormatContext } from '../provider-adapter.interface.js';
import type { MistralMessage, MistralPart, MistralToolCall } from './mistral.wire.js';

type Context = FormatContext<ChatRequest>;

/** Ids of tool calls have to look like Mistral's own. */
const TOOL_CALL_ID = /^[a-zA-Z0-9]{9}$/;

export function refusal(what: string, param: string, { provider, model }: Context): BadRequestError {
  return new BadRequestError(`${provider} does not take ${what}`, {
    provider,
    model: `${provider}/${model}`,
    param,
  });
}

/** @returns an id that Mistral takes: the same one for the same id, whatever provider it came from */
export function toMistralId(id: string): string {
  if (TOOL_CALL_ID.test(id)) return id;
  // Nine digits of base 36 need 47 bits.
  const digest = createHash('sha256').update(id).digest().readUIntBE(0, 6);
  return digest.toString(36).padStart(9, '0').slice(-9);
}

/** Translates a conversation. */
export function toMistralMessages(messages: readonly ChatMessage[], context: Context): MistralMessage[] {
  const names = toolNamesById(messages);
  const translated = messages.flatMap((message, index): MistralMessage | MistralMessage[] => {
    switch (message.role) {
      case 'system':
      case 'developer': {
        const content = toContent(message.content, context);
        return content === '' && messages.length > 1 ? [] : { role: 'system', content };
      }
      case 'user':
        return { role: 'user', content: toContent(message.content, context) };
      case 'assistant':
        return toAssistant(message, index === messages.length - 1, context);
      case 'tool': {
        const name = names.get(message.tool_call_id);
        return {
          role: 'tool',
          tool_call_id: toMistralId(message.tool_call_id),
          ...(name !== undefined && { name }),
          content: toContent(message.content, context),
        };
      }
      default:
        throw refusal(`messages of the role "${String(message.role)}"`, 'messages', context);
    }
  });
  return withAnswers(translated);
}

/** Between a tool's result and what a user says next. */
const ANSWER: MistralMessage = { role: 'assistant', content: 'OK.' };

/**
 * A user may not speak right after a tool: "Unexpected role 'user' after role 'tool'" (code 3230).
 *
 * @see {@link https://github.com/BerriAI/litellm/issues/17761}
 */
function withAnswers(messages: readonly MistralMessage[]): MistralMessage[] {
  return messages.flatMap((message, index) =>
    message.role === 'user' && messages[index - 1]?.role === 'tool' ? [ANSWER, message] : message,
  );
}

function toContent(
  content: string | ContentPart[] | null | undefined,
  context: Context,
): string | MistralPart[] {
  if (typeof content === 'string') return content;
  const parts = (content ?? []).filter((part) => part.type !== 'text' || !isBlank(part.text ?? ''));
  return parts.length === 0 ? '' : parts.map((part) => toPart(part, context));
}

function toPart(part: ContentPart, context: Context): MistralPart {
  switch (part.type) {
    case 'text':
      return { type: 'text', text: part.text };
    case 'image_url': {
      const { url, detail } = part.image_url;
      return { type: 'image_url', image_url: detail === undefined ? url : { url, detail } };
    }
    case 'input_audio':
      return { type: 'input_audio', input_audio: part.input_audio.data };
    case 'file': {
      const { file_id: id, file_data: data, filename: name } = part.file;
      if (id !== undefined) return { type: 'file', file_id: id };
      if (data === undefined) throw refusal('a file part without file_id or file_data', 'messages', context);
      return {
        type: 'document_url',
        document_url: data,
        ...(name !== undefined && { document_name: name }),
      };
    }
    default:
      throw refusal(
        `message parts of the type "${String((part as { type: unknown }).type)}"`,
        'messages',
        context,
      );
  }
}

/** @returns nothing for a message with nothing in it, which Mistral refuses */
function toAssistant(message: AssistantMessage, isLast: boolean, context: Context): MistralMessage[] {
  if (message.function_call) throw refusal('function_call, which tool_calls replace', 'messages', context);
  if (message.audio) throw refusal('audio of an earlier answer', 'messages', context);
  const text = textOf(message.content) || message.refusal || refusalText(message);
  const thinking = message.reasoning_content ?? '';
  const calls = (message.tool_calls ?? []).map((call): MistralToolCall => {
    if (call.type !== 'function') throw refusal('calls of custom tools', 'messages', context);
    const { name, arguments: input } = call.function;
    return {
      id: toMistralId(call.id),
      type: 'function',
      function: { name, arguments: argumentsText(input) },
    };
  });
  if (text === '' && thinking === '' && calls.length === 0) return [];
  const parts: MistralPart[] = [
    { type: 'thinking', thinking: [{ type: 'text', text: thinking }], closed: true },
    ...(text === '' ? [] : [{ type: 'text' as const, text }]),
  ];
  return [
    {
      role: 'assistant',
      content: thinking === '' ? text : parts,
      ...(calls.length > 0 && { tool_calls: calls }),
      // A conversation that ends with an answer is refused, unless that one is to be gone on with.
      ...(isLast && calls.length === 0 && { prefix: true as const }),
    },
  ];
}

function refusalText({ content }: AssistantMessage): string {
  if (!Array.isArray(content)) return '';
  return content.map((part) => (part.type === 'refusal' ? part.refusal : '')).join('');
}
