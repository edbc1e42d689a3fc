import type {
  AssistantMessage,
  ChatMessage,
  ContentPart,
  RefusalPart,
  ToolCall,
} from '../../operations/chat/chat-request.interface.js';
import { textOf } from '../kit/messages.js';
import { argumentsText, toolCallId, type NameRule } from '../kit/tool-calls.js';
import type { Fields } from '../kit/fields.js';
import type { FormatContext } from '../provider-adapter.interface.js';
import { isOpenAIsModel } from './openai.models.js';
import type { OpenAIQuirks } from './openai.quirks.js';
import { detailsFor } from './reasoning-details.js';
import { alternate, asTemplateTakes } from './turns.js';

type Part = ContentPart | RefusalPart;
type Content = string | readonly Part[] | null | undefined;

/**
 * What answers, and the callers of other providers, add to OpenAI's messages. Many servers refuse fields that they do
 * not know.
 */
const ADDED_FIELDS = [
  'annotations',
  'cache_control',
  'provider_specific_fields',
  'reasoning',
  'reasoning_content',
  'reasoning_details',
  'thinking_blocks',
];

/** The fields of each role, for servers that refuse all others. */
const FIELDS_BY_ROLE: Readonly<Record<string, readonly string[]>> = {
  system: ['role', 'content', 'name'],
  developer: ['role', 'content', 'name'],
  user: ['role', 'content', 'name'],
  assistant: ['role', 'content', 'name', 'tool_calls', 'function_call', 'refusal', 'audio'],
  tool: ['role', 'content', 'tool_call_id'],
  function: ['role', 'content', 'name'],
};

/** @see {@link https://github.com/BerriAI/litellm/issues/17343} for the error that says so */
const OPENAI_CALL_IDS: NameRule = { fits: /^.{1,40}$/s, maxLength: 40 };

/** Translates a conversation in OpenAI's own shape into what a server takes of it. */
export function openAIMessages(
  quirks: OpenAIQuirks,
): (messages: readonly ChatMessage[], context: FormatContext) => readonly object[] {
  const { messageFields } = quirks;
  const foreign = new Set(ADDED_FIELDS.filter((name) => !messageFields.includes(name)));
  const known = new Map(
    Object.entries(FIELDS_BY_ROLE).map(([role, names]) => [role, new Set([...names, ...messageFields])]),
  );
  if (!quirks.own) known.get('assistant')!.delete('refusal');
  const isKept =
    quirks.strict === true
      ? (name: string, role: string): boolean => known.get(role)?.has(name) ?? !foreign.has(name)
      : (name: string): boolean => !foreign.has(name);

  return (messages, context) => {
    const state: MessageState = {
      quirks,
      context,
      isKept,
      foreign,
      ids: quirks.own === true || isOpenAIsModel(context.model) ? OPENAI_CALL_IDS : undefined,
      demandsReasoning: quirks.demandsReasoning?.(context.model) === true,
    };
    const translated: object[] = [];
    for (const message of messages) {
      const one = toMessage(message, state);
      if (one !== undefined) translated.push(one);
    }
    // A conversation of nothing but blanks is the server's to refuse.
    const said = translated.length > 0 ? translated : messages.slice();
    if (quirks.alternates === true) return alternate(said as Fields[], context);
    return quirks.templates === true ? asTemplateTakes(said as Fields[], context) : said;
  };
}

/** What holds for all messages of a request. */
interface MessageState {
  readonly quirks: OpenAIQuirks;
  readonly context: FormatContext;
  readonly isKept: (name: string, role: string) => boolean;
  /** Fields of parts and tool calls, too. */
  readonly foreign: ReadonlySet<string>;
  /** What ids of tool calls the server takes. */
  readonly ids: NameRule | undefined;
  readonly demandsReasoning: boolean;
}

function toMessage(message: ChatMessage, state: MessageState): object | undefined {
  switch (message.role) {
    case 'assistant':
      return toAssistant(message, state);
    case 'tool': {
      const { ids } = state;
      const id = message.tool_call_id;
      const content = toContent(message.content, state) ?? '';
      return copyOf(message, state, {
        content,
        tool_call_id: ids === undefined || typeof id !== 'string' ? id : toolCallId(id, ids),
      });
    }
    case 'developer':
    case 'system': {
      const content = toContent(message.content, state) ?? '';
      if (content === '') return undefined;
      const role = state.quirks.own === true ? message.role : 'system';
      return copyOf(message, state, { role, content });
    }
    case 'function':
      return copyOf(message, state, { content: message.content ?? '' });
    default:
      return copyOf(message, state, { content: toContent(message.content, state) ?? '' });
  }
}

/** @returns the message itself where nothing of it changes: without fields that the server lacks and without nulls */
function copyOf(message: ChatMessage, { isKept }: MessageState, changed: Fields): object {
  let same = true;
  for (const name in message) {
    const value = (message as unknown as Fields)[name];
    if (name in changed ? changed[name] !== value : value === null || !isKept(name, message.role)) {
      same = false;
      break;
    }
  }
  if (same) return message;
  const copy: Fields = {};
  for (const name in message) {
    if (name in changed) continue;
    const value = (message as unknown as Fields)[name];
    if (value !== null && value !== undefined && isKept(name, message.role)) copy[name] = value;
  }
  return { role: message.role, ...copy, ...changed };
}

/** @returns `undefined` for a message with nothing in it, which many servers refuse */
function toAssistant(message: AssistantMessage, state: MessageState): object | undefined {
  const { quirks, demandsReasoning } = state;
  const calls = message.tool_calls?.length
    ? message.tool_calls.map((call) => toCall(call, state))
    : undefined;
  const reasoning = reasoningOf(message);
  let content = toContent(message.content, state);
  // A server that knows no refusals gets what was said.
  if (!content && message.refusal && quirks.own !== true) content = message.refusal;
  if (!content && !message.refusal && !calls && !message.function_call && !message.audio) return undefined;
  if (quirks.reasoningInContent === true && reasoning !== '') {
    content = `<think>${reasoning}</think>\n${textOf(content as ChatMessage['content'])}`;
  }
  const parts = quirks.reasoningParts?.(message, state.context) ?? [];
  if (parts.length > 0) content = [...parts, ...asParts(content)] as unknown as Content;
  const changed: Fields = {
    content: content ?? (calls || message.function_call || message.refusal ? null : ''),
    tool_calls: calls,
  };
  if (quirks.messageFields.includes('reasoning_content') && (reasoning !== '' || demandsReasoning)) {
    changed['reasoning_content'] = reasoning;
  }
  if (quirks.messageFields.includes('reasoning_details')) {
    changed['reasoning_details'] = detailsFor(state.context.model, message);
  }
  const copy = copyOf(message, state, changed) as Fields;
  if (copy !== (message as unknown) && copy['tool_calls'] === undefined) delete copy['tool_calls'];
  return copy;
}

function asParts(content: Content): readonly object[] {
  if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', text: content }];
  return content ?? [];
}

function reasoningOf(message: AssistantMessage): string {
  const { reasoning_content: text, reasoning } = message as AssistantMessage & { reasoning?: unknown };
  if (typeof text === 'string') return text;
  return typeof reasoning === 'string' ? reasoning : '';
}

/**
 * A call as the server takes it.
 *
 * OpenAI takes arguments that are no JSON; others read them for the model's prompt, and fail.
 */
function toCall(call: ToolCall, state: MessageState): object {
  const { quirks, ids, foreign } = state;
  const id = ids === undefined || typeof call.id !== 'string' ? call.id : toolCallId(call.id, ids);
  if (call.type === 'custom') {
    if (quirks.own === true) return { id, type: call.type, custom: call.custom };
    const { name, input } = call.custom;
    return { id, type: 'function', function: { name, arguments: JSON.stringify({ input }) } };
  }
  const { name, arguments: given } = call.function;
  const isText = typeof given === 'string' && given.trim() !== '';
  const text = quirks.own === true && isText ? given : argumentsText(given);
  const known = { id, type: 'function', function: { name, arguments: text } };
  if (quirks.strict === true) return known;
  const more = Object.entries(call).filter(
    ([field, value]) => value !== null && field !== 'index' && !(field in known) && !foreign.has(field),
  );
  return { ...known, ...Object.fromEntries(more) };
}

/** Content without its blank parts; a list of nothing but texts as one text where the server wants it so. */
function toContent(content: Content, { quirks, foreign }: MessageState): Content {
  if (!isList(content)) return content;
  const parts = content.filter((part) => part.type !== 'text' || part.text?.trim());
  if (parts.length === 0) return '';
  const own = quirks.own === true ? parts : parts.map(withoutRefusal);
  const isMarked = own.some((part) => 'cache_control' in part && !foreign.has('cache_control'));
  if (quirks.textAsString === true && !isMarked && own.every(({ type }) => type === 'text')) {
    return textOf(own as ContentPart[]);
  }
  const clean = own.map((part) => withoutFields(part, foreign));
  const same = clean.length === content.length && clean.every((part, index) => part === content[index]);
  return same ? content : clean;
}

function isList(content: Content): content is readonly Part[] {
  return Array.isArray(content);
}

function withoutRefusal(part: Part): Part {
  return part.type === 'refusal' ? { type: 'text', text: part.refusal } : part;
}

/** @returns the part, or tool, itself where it has none of the fields */
export function withoutFields<Item extends object>(item: Item, foreign: ReadonlySet<string>): Item {
  let isClean = true;
  for (const name in item) {
    if (foreign.has(name)) isClean = false;
  }
  if (isClean) return item;
  return Object.fromEntries(Object.entries(item).filter(([name]) => !foreign.has(name))) as Item;
}

/** The tools without what this package, or another provider, adds to them. */
export function withoutAddedFields(tools: readonly object[], messageFields: readonly string[]): object[] {
  const foreign = new Set(ADDED_FIELDS.filter((name) => !messageFields.includes(name)));
  return tools.map((tool) => withoutFields(tool, foreign));
}
