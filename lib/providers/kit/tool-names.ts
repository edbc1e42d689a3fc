import type { ChatCompletionDelta } from '../../operations/chat/chat-completion-chunk.interface.js';
import type { ChatMessage, ChatRequest, ToolCall } from '../../operations/chat/chat-request.interface.js';
import type {
  ChunkSink,
  ChunkTranslator,
  CompletionFormat,
  FormatContext,
} from '../provider-adapter.interface.js';
import { isFields, listOf } from './fields.js';
import { ownToolName, sentToolName, type NameRule } from './tool-calls.js';

/**
 * OpenAI's rule, and that of most servers of its format, Mistral's and Cohere's.
 *
 * @see {@link https://platform.openai.com/docs/api-reference/chat/create#chat-create-tools}
 */
export const OPENAI_TOOL_NAMES: NameRule = { fits: /^[a-zA-Z0-9_-]{1,64}$/, maxLength: 64 };

/**
 * A format for a provider that refuses some names of tools: these are exchanged in the request and its history, and put
 * back in the answer. A request whose names all fit is the format's own affair.
 */
export function exchangingToolNames(format: CompletionFormat, rule: NameRule): CompletionFormat {
  return {
    ...format,
    request: (request, context) =>
      format.request(isExchanged(request, rule) ? withSentNames(request, rule) : request, context),
    response(body, context) {
      const completion = format.response(body, context);
      if (completion !== undefined && hasUnfitTool(context.request, rule)) {
        for (const { message } of completion.choices) restore(message.tool_calls, context, rule);
      }
      return completion;
    },
    translator(context) {
      const translator = format.translator(context);
      return hasUnfitTool(context.request, rule)
        ? new RestoringTranslator(translator, context, rule)
        : translator;
    },
  };
}

/** What may have the name of a tool in it. */
interface Named {
  function?: { name?: unknown } | undefined;
  custom?: { name?: unknown } | undefined;
}

function nameOf(named: Named): unknown {
  return named.function?.name ?? named.custom?.name;
}

function isUnfit(name: unknown, { fits }: NameRule): boolean {
  return typeof name === 'string' && name !== '' && !fits.test(name);
}

function hasUnfitTool({ tools }: ChatRequest, rule: NameRule): boolean {
  return hasUnfit(tools, rule);
}

/** @param list of tools or calls; a caller, who need not be careful, may have anything in it */
function hasUnfit(list: unknown, rule: NameRule): boolean {
  if (!Array.isArray(list)) return false;
  for (const item of list) if (isFields(item) && isUnfit(nameOf(item), rule)) return true;
  return false;
}

function isExchanged(request: ChatRequest, rule: NameRule): boolean {
  const { messages, tools } = request;
  if (hasUnfit(tools, rule)) return true;
  if (!Array.isArray(messages)) return false;
  for (const message of messages) {
    if (message?.role === 'assistant' && hasUnfit(message.tool_calls, rule)) return true;
  }
  return false;
}

function withSentNames(request: ChatRequest, rule: NameRule): ChatRequest {
  const { tools, tool_choice: choice, messages } = request;
  const exchange = <Item>(item: Item): Item => renamed(item, (name) => sentToolName(name, rule));
  return {
    ...request,
    messages: messages.map((message): ChatMessage => {
      if (message.role === 'tool' && 'name' in message) return exchangedResult(message, rule);
      return message.role === 'assistant' && message.tool_calls
        ? { ...message, tool_calls: message.tool_calls.map(exchange) }
        : message;
    }),
    ...(tools && { tools: tools.map(exchange) }),
    ...(isFields(choice) && { tool_choice: exchangedChoice(choice, exchange) as typeof choice }),
  };
}

/** A result may name its tool, though OpenAI's do not. */
function exchangedResult<Message extends object>(message: Message, rule: NameRule): Message {
  const { name } = message as { name?: unknown };
  return isUnfit(name, rule) ? { ...message, name: sentToolName(name as string, rule) } : message;
}

function exchangedChoice(choice: object, exchange: <Item>(item: Item) => Item): object {
  const { allowed_tools: allowed } = choice as { allowed_tools?: { tools?: unknown } };
  if (!isFields(allowed)) return exchange(choice);
  return { ...choice, allowed_tools: { ...allowed, tools: listOf(allowed.tools).map(exchange) } };
}

function renamed<Item>(item: Item, rename: (name: string) => string): Item {
  if (!isFields(item)) return item;
  const key = isFields(item['function']) ? 'function' : 'custom';
  const inner = item[key];
  if (!isFields(inner) || typeof inner['name'] !== 'string') return item;
  return { ...item, [key]: { ...inner, name: rename(inner['name']) } };
}

/** Puts the caller's names back. @returns whether there was one to put back */
function restore(
  calls: readonly (Named | ToolCall)[] | undefined,
  { request }: FormatContext<ChatRequest>,
  rule: NameRule,
): boolean {
  let changed = false;
  for (const call of calls ?? []) {
    const { function: called } = call as Named;
    if (typeof called?.name !== 'string') continue;
    const own = ownToolName(called.name, request, rule);
    if (own === called.name) continue;
    called.name = own;
    changed = true;
  }
  return changed;
}

/** Puts the caller's names back into the pieces of a stream. */
class RestoringTranslator implements ChunkTranslator {
  private target: ChunkSink | undefined;
  private readonly sink: ChunkSink;

  constructor(
    private readonly inner: ChunkTranslator,
    context: FormatContext<ChatRequest>,
    rule: NameRule,
  ) {
    this.sink = {
      push: (chunk, text) => {
        const changed = chunk.choices
          .map(({ delta }: { delta: ChatCompletionDelta }) => restore(delta.tool_calls, context, rule))
          .includes(true);
        this.target!.push(chunk, changed ? undefined : text);
      },
      usage: (usage) => this.target!.usage(usage),
      finish: () => this.target!.finish(),
      fail: (error) => this.target!.fail(error),
    };
  }

  get usage(): ChunkTranslator['usage'] {
    return this.inner.usage;
  }

  event(event: Parameters<ChunkTranslator['event']>[0], sink: ChunkSink): boolean {
    this.target = sink;
    return this.inner.event(event, this.sink);
  }

  end(sink: ChunkSink): boolean {
    this.target = sink;
    return this.inner.end(this.sink);
  }
}
