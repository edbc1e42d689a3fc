import type {
  ChatCompletion,
  ChatCompletionMessage,
  CompletionUsage,
  FinishReason,
  Logprobs,
  ServiceTier,
  TokenLogprob,
} from '../../../operations/chat/chat-completion.interface.js';
import type { ProviderSpecificFields, ToolCall } from '../../../operations/chat/chat-request.interface.js';
import type { FormatContext } from '../../provider-adapter.interface.js';
import { createdNow, createToolCallId } from '../../kit/chunk-writer.js';
import { isFields, type Fields } from '../../kit/fields.js';
import {
  asResponse,
  fieldsIn,
  textIn,
  type ResponsesDocument,
  type ResponsesItem,
} from './responses.wire.js';

type Annotations = NonNullable<ChatCompletionMessage['annotations']>;

/** Between two parts of a reasoning summary: each begins with a title. */
export const REASONING_BREAK = '\n\n';

/** The parts of the answer, in order. */
function partsOf(items: readonly ResponsesItem[]): Fields[] {
  return items.flatMap((item) => (item.type === 'message' ? fieldsIn(item['content']) : []));
}

/** The answer's text, and the model's refusal, both as in the `openai` package's `output_text`. */
export function textOfItems(items: readonly ResponsesItem[]): { text: string; refusal: string } {
  let text = '';
  let refusal = '';
  for (const part of partsOf(items)) {
    if (part['type'] === 'output_text') text += textIn(part, 'text');
    else if (part['type'] === 'refusal') refusal += textIn(part, 'refusal');
  }
  return { text, refusal };
}

function reasoningOf(items: readonly ResponsesItem[]): string {
  return items
    .filter(({ type }) => type === 'reasoning')
    .flatMap(({ summary, content }) => [...fieldsIn(summary), ...fieldsIn(content)])
    .map((part) => textIn(part, 'text'))
    .filter((text) => text !== '')
    .join(REASONING_BREAK);
}

export function isCall({ type }: Fields): boolean {
  return type === 'function_call' || type === 'custom_tool_call';
}

function toToolCall(item: ResponsesItem): ToolCall {
  const [id, name] = [textIn(item, 'call_id') || createToolCallId(), textIn(item, 'name')];
  return item.type === 'custom_tool_call'
    ? { id, type: 'custom', custom: { name, input: textIn(item, 'input') } }
    : { id, type: 'function', function: { name, arguments: textIn(item, 'arguments') } };
}

/**
 * A source of the answer. Those that have no place in it, such as xAI's, are among the completion's `citations`, and
 * those that are files among the native items.
 *
 * @param offset where the part begins in the answer
 */
export function toAnnotation(source: Fields, offset: number): Annotations[number] | undefined {
  const { type, start_index: start, end_index: end } = source;
  if (type !== 'url_citation' || typeof start !== 'number' || typeof end !== 'number') return undefined;
  const [url, title] = [textIn(source, 'url'), textIn(source, 'title')];
  return {
    type,
    url_citation: { start_index: start + offset, end_index: end + offset, url, title },
  };
}

function annotationsOf(items: readonly ResponsesItem[]): Annotations {
  const annotations: Annotations = [];
  let offset = 0;
  for (const part of partsOf(items)) {
    if (part['type'] !== 'output_text') continue;
    for (const source of fieldsIn(part['annotations'])) {
      const annotation = toAnnotation(source, offset);
      if (annotation !== undefined) annotations.push(annotation);
    }
    offset += textIn(part, 'text').length;
  }
  return annotations;
}

/** The URLs of sources without a place in the answer. */
function citationsOf(items: readonly ResponsesItem[]): { citations?: string[] } {
  const urls = partsOf(items)
    .flatMap((part) => fieldsIn(part['annotations']))
    .filter((source) => source['type'] === 'url_citation' && toAnnotation(source, 0) === undefined)
    .map((source) => textIn(source, 'url'));
  return urls.length > 0 ? { citations: urls } : {};
}

export function toLogprobs(value: unknown): TokenLogprob[] {
  return fieldsIn(value).map((entry) => ({
    token: textIn(entry, 'token'),
    logprob: Number(entry['logprob']),
    bytes: Array.isArray(entry['bytes']) ? (entry['bytes'] as number[]) : null,
    top_logprobs: fieldsIn(entry['top_logprobs']).map((top) => ({
      token: textIn(top, 'token'),
      logprob: Number(top['logprob']),
      bytes: Array.isArray(top['bytes']) ? (top['bytes'] as number[]) : null,
    })),
  }));
}

function logprobsOf(items: readonly ResponsesItem[]): Logprobs | null {
  const content = partsOf(items).flatMap((part) => toLogprobs(part['logprobs']));
  return content.length > 0 ? { content, refusal: null } : null;
}

export function toFinishReason(response: ResponsesDocument, items: readonly ResponsesItem[]): FinishReason {
  if (response.status === 'incomplete') {
    const details = response['incomplete_details'];
    const isFiltered = isFields(details) && details['reason'] === 'content_filter';
    return isFiltered ? 'content_filter' : 'length';
  }
  return items.some(isCall) ? 'tool_calls' : 'stop';
}

function count(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}

/** The usage in OpenAI's shape for chats, and what the provider counts besides. */
export function toUsage({ usage, tool_usage }: Fields): CompletionUsage | undefined {
  if (!isFields(usage)) return undefined;
  const { input_tokens, output_tokens, total_tokens, input_tokens_details, output_tokens_details, ...rest } =
    usage;
  const [prompt, completion] = [count(input_tokens), count(output_tokens)];
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: typeof total_tokens === 'number' ? total_tokens : prompt + completion,
    ...(isFields(input_tokens_details) && { prompt_tokens_details: input_tokens_details }),
    ...(isFields(output_tokens_details) && { completion_tokens_details: output_tokens_details }),
    ...rest,
    ...(isFields(tool_usage) && { tool_usage }),
  };
}

/** Whether an item says nothing beyond what a chat message has fields for. */
function isPlain(item: ResponsesItem): boolean {
  if (item.type === 'message') {
    const sources = partsOf([item]).flatMap((part) => fieldsIn(part['annotations']));
    return !item['phase'] && sources.every((source) => source['type'] === 'url_citation');
  }
  return isCall(item) && !item['caller'] && !item['namespace'];
}

/** What has no field in a chat message: the items, for the next turn, and the verdicts of Azure's filters. */
export function toNativeFields(
  response: ResponsesDocument,
  items: readonly ResponsesItem[],
  { provider }: FormatContext,
): { provider_specific_fields?: ProviderSpecificFields } {
  const { store, content_filters: filters } = response;
  const messages = items.filter(({ type }) => type === 'message');
  const own = {
    ...(!(items.every(isPlain) && messages.length <= 1) && { output: items, stored: store === true }),
    ...(Array.isArray(filters) && { content_filters: filters }),
  };
  return Object.keys(own).length > 0 ? { provider_specific_fields: { [provider]: own } } : {};
}

/** What a completion says besides its choices. */
export function toCompletionFields(
  response: ResponsesDocument,
  items: readonly ResponsesItem[],
): Pick<ChatCompletion, 'service_tier' | 'moderation' | 'citations'> {
  const { service_tier: tier, moderation } = response;
  return {
    ...(typeof tier === 'string' && { service_tier: tier as ServiceTier }),
    ...(isFields(moderation) && { moderation: moderation as unknown as ChatCompletion['moderation'] }),
    ...citationsOf(items),
  };
}

/** When the response was made, in seconds since 1970. */
export function createdOf(response: Fields): number | undefined {
  const { created_at: created } = response;
  return typeof created === 'number' ? Math.floor(created) : undefined;
}

/** @returns the completion; `undefined` when `body` is no response, or one that failed or is still at work */
export function toChatCompletion(body: unknown, context: FormatContext): ChatCompletion | undefined {
  const response = asResponse(body);
  if (response === undefined) return undefined;
  const items = response.output;
  const { text, refusal } = textOfItems(items);
  const reasoning = reasoningOf(items);
  const annotations = annotationsOf(items);
  const calls = items.filter(isCall).map(toToolCall);
  const usage = toUsage(response);
  return {
    id: response.id,
    object: 'chat.completion',
    created: createdOf(response) ?? createdNow(),
    model: textIn(response, 'model') || context.model,
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: text === '' ? null : text,
          refusal: refusal === '' ? null : refusal,
          ...(annotations.length > 0 && { annotations }),
          ...(calls.length > 0 && { tool_calls: calls }),
          ...(reasoning !== '' && { reasoning_content: reasoning }),
          ...toNativeFields(response, items, context),
        },
        logprobs: logprobsOf(items),
        finish_reason: toFinishReason(response, items),
      },
    ],
    ...toCompletionFields(response, items),
    ...(usage && { usage }),
  };
}
