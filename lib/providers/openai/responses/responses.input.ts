import { BadRequestError } from '../../../errors/errors.js';
import type {
  AssistantMessage,
  ChatMessage,
  ContentPart,
  RefusalPart,
  ToolCall,
} from '../../../operations/chat/chat-request.interface.js';
import { isBlank } from '../../kit/messages.js';
import { refuse } from '../../kit/params.js';
import { argumentsText, toolCallId, type NameRule } from '../../kit/tool-calls.js';
import type { FormatContext } from '../../provider-adapter.interface.js';
import { isCall, textOfItems } from './responses.response.js';
import { isFields, type Fields } from '../../kit/fields.js';
import { fieldsIn, isItem, type ResponsesItem } from './responses.wire.js';

function unknownKind(what: string, { provider, model }: FormatContext): BadRequestError {
  return new BadRequestError(`${provider}: the Responses API has no ${what}`, {
    provider,
    model: `${provider}/${model}`,
    param: 'messages',
  });
}

function isUrl(value: string | undefined): value is string {
  return value !== undefined && /^https?:\/\//i.test(value);
}

function toPart(part: ContentPart, context: FormatContext): Fields {
  const mark = part.prompt_cache_breakpoint && { prompt_cache_breakpoint: part.prompt_cache_breakpoint };
  switch (part.type) {
    case 'text':
      return { type: 'input_text', text: part.text, ...mark };
    case 'image_url': {
      const { url, detail } = part.image_url;
      return { type: 'input_image', image_url: url, detail: detail ?? 'auto', ...mark };
    }
    case 'file': {
      const { file_data, file_id, filename } = part.file;
      const url = [file_data, file_id].find(isUrl);
      const source = url === undefined ? { file_data, file_id, filename } : { file_url: url };
      return { type: 'input_file', ...source, ...mark };
    }
    default:
      throw unknownKind(`parts of type ${String((part as { type?: unknown }).type)}`, context);
  }
}

function toContent(
  content: string | readonly ContentPart[] | null | undefined,
  context: FormatContext,
): string | Fields[] {
  if (typeof content === 'string') return content;
  const parts = (content ?? []).filter((part) => part.type !== 'text' || !isBlank(part.text ?? ''));
  return parts.length === 0 ? '' : parts.map((part) => toPart(part, context));
}

/** What the API takes as the id of a call, in characters. */
const CALL_IDS: NameRule = { fits: /^.{1,64}$/s, maxLength: 64 };

function toCall(call: ToolCall): Fields {
  if (call.type === 'custom') {
    return {
      type: 'custom_tool_call',
      call_id: toolCallId(call.id, CALL_IDS),
      name: call.custom.name,
      input: call.custom.input,
    };
  }
  const { name, arguments: text } = call.function;
  const isText = typeof text === 'string' && text.trim() !== '';
  return {
    type: 'function_call',
    call_id: toolCallId(call.id, CALL_IDS),
    name,
    arguments: isText ? text : argumentsText(text),
  };
}

/** The ids of the calls among items, to tell whether a message still has the same ones. */
function idsOf(items: readonly Fields[]): string {
  return items
    .filter(isCall)
    .map((item) => item['call_id'])
    .join();
}

/**
 * The items of an earlier answer, reasoning among them, which the model wants back in their order. They hold as long
 * as the caller changed nothing about the message, and as long as the reasoning is there: encrypted in the item, or
 * stored at the provider. A part of them alone is refused ("provided without its required reasoning item").
 */
function keptItems(message: AssistantMessage, { provider }: FormatContext): ResponsesItem[] | undefined {
  const own = message.provider_specific_fields?.[provider];
  if (!isFields(own) || !Array.isArray(own['output']) || !own['output'].every(isItem)) return undefined;
  const items = own['output'];
  const isThere = ({ type, encrypted_content: text }: ResponsesItem): boolean =>
    type !== 'reasoning' || own['stored'] === true || typeof text === 'string';
  const { content, tool_calls: calls, refusal } = message;
  const said = textOfItems(items);
  const isUnchanged =
    said.text === (content ?? '') &&
    said.refusal === (refusal ?? '') &&
    idsOf(items) === (calls ?? []).map(({ id }) => id).join();
  return isUnchanged && items.every(isThere) ? items : undefined;
}

function toOutputParts(
  content: string | readonly (ContentPart | RefusalPart)[] | null | undefined,
): Fields[] {
  if (typeof content === 'string') return content === '' ? [] : [{ type: 'output_text', text: content }];
  return (content ?? []).flatMap((part): Fields[] => {
    if (part.type === 'refusal') return [{ type: 'refusal', refusal: part.refusal }];
    return part.type === 'text' ? [{ type: 'output_text', text: part.text }] : [];
  });
}

function toAssistantItems(message: AssistantMessage, context: FormatContext): Fields[] {
  const kept = keptItems(message, context);
  if (kept !== undefined) return kept;
  if (message.audio) throw unknownKind('audio of earlier answers', context);
  if (message.function_call) throw unknownKind('function_call; use tool_calls', context);
  const content = toOutputParts(message.content);
  if (message.refusal) content.push({ type: 'refusal', refusal: message.refusal });
  const said = content.length > 0 ? [{ type: 'message', role: 'assistant', content }] : [];
  return [...said, ...(message.tool_calls ?? []).map(toCall)];
}

/** The ids of calls to custom tools, whose outputs are items of a type of their own. */
function customCallIds(messages: readonly ChatMessage[]): ReadonlySet<string> {
  const calls = messages.flatMap((message) =>
    message.role === 'assistant' ? fieldsIn(message.tool_calls) : [],
  );
  return new Set(calls.filter(({ type }) => type === 'custom').map((call) => String(call['id'])));
}

/**
 * The conversation as items.
 *
 * System and developer messages become items where they stand rather than `instructions`: that is a single text, put
 * before everything else, so that their order, their number and their cache marks would be lost.
 *
 * @throws {BadRequestError} naming what the API lacks
 */
export function toInput(messages: readonly ChatMessage[], context: FormatContext): Fields[] {
  const customIds = customCallIds(messages);
  if (messages.some((message) => 'name' in message && message.role !== 'function' && message.name)) {
    refuse(['messages.name'], context);
  }
  return messages.flatMap((message): Fields[] => {
    switch (message.role) {
      case 'system':
      case 'developer':
      case 'user': {
        const content = toContent(message.content, context);
        if (message.role !== 'user' && content === '' && messages.length > 1) return [];
        return [{ type: 'message', role: message.role, content }];
      }
      case 'assistant':
        return toAssistantItems(message, context);
      case 'tool': {
        const type = customIds.has(message.tool_call_id) ? 'custom_tool_call_output' : 'function_call_output';
        const id = toolCallId(message.tool_call_id, CALL_IDS);
        return [{ type, call_id: id, output: toContent(message.content, context) }];
      }
      default:
        throw unknownKind(`messages of the role ${String(message.role)}`, context);
    }
  });
}
