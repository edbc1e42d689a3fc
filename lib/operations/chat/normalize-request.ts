import type { Fields } from '../request-checks.js';
import type { ChatMessage, ChatRequest, ToolCall } from './chat-request.interface.js';

/** Fields whose empty list, object or text says what their absence says, and which some providers refuse. */
const NOTHING_WHEN_EMPTY: ReadonlySet<string> = new Set([
  'logit_bias',
  'metadata',
  'modalities',
  'prompt_cache_key',
  'safety_identifier',
  'stop',
  'tools',
  'user',
]);

/**
 * A request without what says nothing: `null` for an optional field, an empty list of tools or of tool calls, a content
 * without a part. Providers disagree about these, so none of them is sent any.
 *
 * @returns the request itself where there is nothing to leave out
 */
export function normalizeRequest(request: ChatRequest): ChatRequest {
  let clean: Fields | undefined;
  for (const name in request) {
    const value = (request as unknown as Fields)[name];
    const says = value !== null && value !== undefined && !(NOTHING_WHEN_EMPTY.has(name) && isEmpty(value));
    if (!says) delete (clean ??= { ...request })[name];
  }
  if (Array.isArray(request.stop)) {
    const stop = mapChanged(request.stop, (text) => (text === '' ? undefined : text));
    if (stop !== request.stop) setOrDelete((clean ??= { ...request }), 'stop', stop);
  }
  const { tools, messages, response_format: format } = (clean ?? request) as unknown as ChatRequest;
  // Refused without a tool to choose; a provider's own tools are chosen from as well.
  if (
    tools === undefined &&
    request.providerOptions === undefined &&
    request.web_search_options === undefined
  ) {
    for (const name of ['tool_choice', 'parallel_tool_calls']) {
      if (name in (clean ?? request)) delete (clean ??= { ...request })[name];
    }
  }
  if (Array.isArray(tools)) {
    const plain = mapChanged(tools, withoutNulls);
    if (plain !== tools) (clean ??= { ...request })['tools'] = plain;
  }
  if (Array.isArray(messages)) {
    const plain = mapChanged(messages, normalizeMessage);
    if (plain !== messages) (clean ??= { ...request })['messages'] = plain;
  }
  if (format?.type === 'json_schema') {
    const plain = withoutNulls(format);
    if (plain !== format) (clean ??= { ...request })['response_format'] = plain;
  }
  return (clean as unknown as ChatRequest | undefined) ?? request;
}

function isEmpty(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0;
  return value === '';
}

function setOrDelete(target: Fields, name: string, list: unknown[]): void {
  if (list.length > 0) target[name] = list;
  else delete target[name];
}

/** @returns the list itself where `next` changes none of its items; those that become `undefined` are left out */
function mapChanged<Item>(list: Item[], next: (item: Item) => Item | undefined): Item[] {
  let changed: Item[] | undefined;
  for (let at = 0; at < list.length; at++) {
    const item = list[at]!;
    const one = next(item);
    if (one === item) changed?.push(item);
    else {
      changed ??= list.slice(0, at);
      if (one !== undefined) changed.push(one);
    }
  }
  return changed ?? list;
}

/** Leaves out the fields that are `null`, of an object and of the object in it that is its definition. */
function withoutNulls<Item extends object>(item: Item): Item {
  if (typeof item !== 'object' || item === null) return item;
  const fields = item as Fields;
  let clean: Fields | undefined;
  for (const name in fields) {
    const value = fields[name];
    if (value === null || value === undefined) delete (clean ??= { ...fields })[name];
    else if (name === 'function' || name === 'custom' || name === 'json_schema') {
      const plain = withoutNulls(value);
      if (plain !== value) (clean ??= { ...fields })[name] = plain;
    }
  }
  return clean === undefined ? item : (clean as Item);
}

function normalizeMessage(message: ChatMessage): ChatMessage {
  if (typeof message !== 'object' || message === null) return message;
  let clean: Fields | undefined;
  for (const name in message) {
    const value = (message as unknown as Fields)[name];
    const isNothing = value === null || value === undefined || (name === 'tool_calls' && isEmpty(value));
    if (isNothing && name !== 'content') delete (clean ??= { ...message })[name];
  }
  const { content } = message;
  if (content === null || content === undefined || (Array.isArray(content) && content.length === 0)) {
    const missing = emptyContentOf((clean ?? message) as unknown as ChatMessage);
    if (content !== missing) (clean ??= { ...message })['content'] = missing;
  }
  if (message.role === 'assistant' && Array.isArray(message.tool_calls)) {
    const calls = mapChanged(message.tool_calls, withArguments);
    if (calls !== message.tool_calls && calls.length > 0) (clean ??= { ...message })['tool_calls'] = calls;
  }
  return (clean as ChatMessage | undefined) ?? message;
}

/** `null` says in OpenAI's shape that an answer is something else than text; anywhere else a text of nothing does. */
function emptyContentOf(message: ChatMessage): '' | null {
  if (message.role !== 'assistant') return '';
  return (message.tool_calls ?? message.function_call ?? message.refusal ?? message.audio) ? null : '';
}

/** A call's arguments are a JSON text: clients in JavaScript often keep the object, and some models write nothing. */
function withArguments(call: ToolCall): ToolCall {
  if (call.type === 'custom' || typeof call.function !== 'object' || call.function === null) return call;
  const args: unknown = call.function.arguments;
  if (typeof args === 'string' && args !== '') return call;
  const text = args === undefined || args === null || args === '' ? '{}' : JSON.stringify(args);
  return { ...call, function: { ...call.function, arguments: text } };
}
