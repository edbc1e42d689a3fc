import type {
  ChatCompletion,
  ChatCompletionMessage,
  CompletionUsage,
  FinishReason,
} from '../../operations/chat/chat-completion.interface.js';
import type {
  ChatRequest,
  FunctionToolCall,
  ThinkingBlock,
} from '../../operations/chat/chat-request.interface.js';
import { isFields, listOf, type Fields } from '../kit/fields.js';
import { createdNow } from '../kit/chunk-writer.js';
import { ownToolName } from '../kit/tool-calls.js';
import type { FormatContext } from '../provider-adapter.interface.js';
import { NATIVE_FIELDS } from './anthropic.messages.js';
import { TOOL_NAMES } from './anthropic.names.js';
import {
  isBlock,
  type AnthropicBlock,
  type AnthropicEnding,
  type AnthropicMessage,
} from './anthropic.wire.js';

type Annotation = NonNullable<ChatCompletionMessage['annotations']>[number];

/** What a message carries besides its text, thinking and tool calls. */
export type MessageExtras = Partial<
  Pick<ChatCompletionMessage, 'annotations' | 'provider_specific_fields'> & { refusal: string }
>;

/**
 * OpenAI's reason for each of the provider's. A reason that is not here is new, and no failure: the message is whole.
 *
 * @see {@link https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons}
 */
const FINISH_REASONS: Readonly<Record<string, FinishReason>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  pause_turn: 'stop',
  compaction: 'stop',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  tool_use: 'tool_calls',
  refusal: 'content_filter',
};

/** Reasons that OpenAI's says all of. */
const TOLD_BY_FINISH_REASON = new Set(['end_turn', 'max_tokens', 'tool_use']);

/** @param calls how many tools the caller has to run: none when the only one called was the answer in JSON */
export function toFinishReason(reason: string, calls: number): FinishReason {
  const finish = FINISH_REASONS[reason] ?? 'stop';
  return finish === 'tool_calls' && calls === 0 ? 'stop' : finish;
}

function count(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}

/** The fields that say something. */
function told(fields: Fields): Fields {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== null && value !== undefined),
  );
}

/**
 * OpenAI's usage, with the provider's further counters as they are. The provider counts apart what it read from its
 * cache and wrote to it; OpenAI counts both among the tokens of the prompt.
 */
export function toUsage(usage: Fields): CompletionUsage {
  const { input_tokens, output_tokens, ...more } = usage;
  const read = count(usage['cache_read_input_tokens']);
  const written = count(usage['cache_creation_input_tokens']);
  const prompt = count(input_tokens) + read + written;
  const completion = count(output_tokens);
  const details = usage['output_tokens_details'];
  const thinking = isFields(details) ? details['thinking_tokens'] : undefined;
  return {
    ...told(more),
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: read, cache_write_tokens: written },
    ...(typeof thinking === 'number' && { completion_tokens_details: { reasoning_tokens: thinking } }),
  };
}

/** Whether a block has what its type says. */
export function isWhole(block: unknown): block is AnthropicBlock {
  if (!isBlock(block)) return false;
  if (block.type === 'text') return typeof block['text'] === 'string';
  if (block.type === 'thinking') return typeof block['thinking'] === 'string';
  if (block.type === 'redacted_thinking') return typeof block['data'] === 'string';
  return block.type !== 'tool_use' || (typeof block['id'] === 'string' && typeof block['name'] === 'string');
}

function annotationsOf(blocks: readonly AnthropicBlock[]): Annotation[] {
  const annotations: Annotation[] = [];
  let end = 0;
  for (const block of blocks) {
    if (block.type !== 'text') continue;
    const start = end;
    end += (block['text'] as string).length;
    for (const citation of listOf(block['citations'])) {
      if (!isFields(citation) || typeof citation['url'] !== 'string') continue;
      const title = typeof citation['title'] === 'string' ? citation['title'] : '';
      annotations.push({
        type: 'url_citation',
        url_citation: { start_index: start, end_index: end, title, url: citation['url'] },
      });
    }
  }
  return annotations;
}

/** Thinking first, then text, then calls: the order that a message gets when it is put together again. */
const RANKS: Readonly<Record<string, number>> = { thinking: 0, redacted_thinking: 0, text: 1, tool_use: 2 };

/** Whether OpenAI's fields, and the thinking blocks, hold all that the blocks say. */
function isPlain(blocks: readonly AnthropicBlock[]): boolean {
  let before = 0;
  return blocks.every(({ type, citations, caller }) => {
    const rank = RANKS[type];
    if (rank === undefined || rank < before) return false;
    before = rank;
    const isCited = Array.isArray(citations) && citations.length > 0;
    return !isCited && (!isFields(caller) || caller['type'] === 'direct');
  });
}

/** @param answersByTool whether the answer is the input of a tool, so that the blocks' text is none of it */
export function extrasOf(
  blocks: readonly AnthropicBlock[],
  ending: AnthropicEnding,
  answersByTool: boolean,
): MessageExtras {
  const { stop_reason: reason, stop_sequence, stop_details, container, context_management } = ending;
  const native: Fields = told({
    content: isPlain(blocks) ? undefined : blocks,
    stop_reason: TOLD_BY_FINISH_REASON.has(reason ?? '') ? undefined : reason,
    stop_sequence,
    stop_details: isFields(stop_details) ? told(stop_details) : undefined,
    container: isFields(container) ? told(container) : undefined,
    context_management: isFields(context_management) ? told(context_management) : undefined,
  });
  const annotations = answersByTool ? [] : annotationsOf(blocks);
  const refusal = isFields(stop_details) ? stop_details['explanation'] : undefined;
  return {
    ...(typeof refusal === 'string' && refusal !== '' && { refusal }),
    ...(annotations.length > 0 && { annotations }),
    ...(Object.keys(native).length > 0 && { provider_specific_fields: { [NATIVE_FIELDS]: native } }),
  };
}

function isMessage(body: unknown): body is AnthropicMessage & { stop_reason: string } {
  return (
    isFields(body) &&
    typeof body['id'] === 'string' &&
    typeof body['model'] === 'string' &&
    Array.isArray(body['content']) &&
    body['content'].every(isWhole) &&
    typeof body['stop_reason'] === 'string'
  );
}

/**
 * Translates a message.
 *
 * @param jsonTool name of the tool whose input is the answer
 * @returns `undefined` when `body` is no message
 */
export function toChatCompletion(
  body: unknown,
  jsonTool: string | undefined,
  context: FormatContext<ChatRequest>,
): ChatCompletion | undefined {
  if (!isMessage(body)) return undefined;
  let text = '';
  let reasoning = '';
  let json: string | undefined;
  const thinking: ThinkingBlock[] = [];
  const calls: FunctionToolCall[] = [];
  for (const block of body.content) {
    const { type, signature } = block;
    if (type === 'text') text += block['text'] as string;
    else if (type === 'thinking') {
      reasoning += block['thinking'] as string;
      const signed = typeof signature === 'string' && signature !== '' ? { signature } : {};
      thinking.push({ type, thinking: block['thinking'] as string, ...signed });
    } else if (type === 'redacted_thinking') thinking.push({ type, data: block['data'] as string });
    else if (type === 'tool_use') {
      const { id, name, input = {} } = block as unknown as { id: string; name: string; input?: unknown };
      if (name === jsonTool) json ??= JSON.stringify(input);
      else {
        const own = ownToolName(name, context.request, TOOL_NAMES);
        calls.push({ id, type: 'function', function: { name: own, arguments: JSON.stringify(input) } });
      }
    }
  }
  const content = json ?? text;
  const extras = extrasOf(body.content, body, json !== undefined);
  const hasOther = thinking.length > 0 || calls.length > 0 || Object.keys(extras).length > 0;
  return {
    id: body.id,
    object: 'chat.completion',
    created: createdNow(),
    model: body.model,
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: content === '' && hasOther ? null : content,
          refusal: null,
          ...(reasoning !== '' && { reasoning_content: reasoning }),
          ...(thinking.length > 0 && { thinking_blocks: thinking }),
          ...(calls.length > 0 && { tool_calls: calls }),
          ...extras,
        },
        finish_reason: toFinishReason(body.stop_reason, calls.length),
        logprobs: null,
      },
    ],
    ...(isFields(body.usage) && { usage: toUsage(body.usage) }),
  };
}
