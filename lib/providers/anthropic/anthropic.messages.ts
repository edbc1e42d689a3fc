import type {
  AssistantMessage,
  CacheControl,
  ChatMessage,
  ContentPart,
  ToolMessage,
} from '../../operations/chat/chat-request.interface.js';
import { isFields } from '../kit/fields.js';
import { claudeThinkingOf } from '../kit/families/claude.js';
import { CONTINUE_TEXT, isBlank } from '../kit/messages.js';
import { refusal } from '../kit/params.js';
import { readArguments, sentToolName, toolCallId } from '../kit/tool-calls.js';
import type { FormatContext } from '../provider-adapter.interface.js';
import { toMediaBlock, type SourceOptions } from './anthropic.media.js';
import { CALL_IDS, TOOL_NAMES } from './anthropic.names.js';
import { isBlock, type AnthropicBlock, type AnthropicTurn } from './anthropic.wire.js';

/** Key under `provider_specific_fields`. The same at every host of the format, so that a message may change hosts. */
export const NATIVE_FIELDS = 'anthropic';

/** A conversation as the provider has it. */
export interface Conversation {
  readonly system: AnthropicBlock[];
  readonly messages: AnthropicTurn[];
}

/** Blocks of the provider's own form that a caller may put among the parts of a message. */
const NATIVE_PARTS = new Set(['image', 'document', 'search_result', 'container_upload']);

type Marked = { cache_control?: CacheControl; prompt_cache_breakpoint?: unknown };

/** The cache mark of a part: Anthropic's, or OpenAI's that means the same. */
function cacheMark(part: Marked): { cache_control?: CacheControl } {
  if (part.cache_control) return { cache_control: part.cache_control };
  return part.prompt_cache_breakpoint ? { cache_control: { type: 'ephemeral' } } : {};
}

function toBlock(part: ContentPart, context: FormatContext, options: SourceOptions): AnthropicBlock {
  if (part.type === 'text') return { type: 'text', text: part.text, ...cacheMark(part) };
  if (isBlock(part) && NATIVE_PARTS.has(part.type)) return part;
  return { ...toMediaBlock(part, context, options), ...cacheMark(part) };
}

/** The API refuses a text of nothing but blanks. */
function isEmpty(block: AnthropicBlock): boolean {
  return block.type === 'text' && isBlank(String(block['text']));
}

function toBlocks(
  content: string | readonly ContentPart[] | null | undefined,
  context: FormatContext,
  options: SourceOptions,
): AnthropicBlock[] {
  if (typeof content === 'string') return isBlank(content) ? [] : [{ type: 'text', text: content }];
  return (content ?? []).map((part) => toBlock(part, context, options)).filter((block) => !isEmpty(block));
}

/** Puts the mark of a whole message on its last block, which is where the provider wants it. */
function markLast(blocks: AnthropicBlock[], message: ChatMessage): AnthropicBlock[] {
  const mark = (message as Marked).cache_control;
  const last = blocks.at(-1);
  if (mark === undefined || last === undefined || last.type.endsWith('thinking')) return blocks;
  return [...blocks.slice(0, -1), { ...last, cache_control: mark }];
}

function toId(id: string): string {
  return toolCallId(id, CALL_IDS);
}

function toToolResult(message: ToolMessage, context: FormatContext, options: SourceOptions): AnthropicBlock {
  const { content, tool_call_id } = message;
  return {
    type: 'tool_result',
    tool_use_id: toId(tool_call_id),
    content: typeof content === 'string' ? content : toBlocks(content, context, options),
  };
}

/**
 * The blocks that an answer of the provider's own kept for its next turn: those of the tools that it runs itself, and
 * the order of them all. They hold as long as the caller changed nothing about the message.
 */
function keptBlocks(message: AssistantMessage): AnthropicBlock[] | undefined {
  const own = message.provider_specific_fields?.[NATIVE_FIELDS];
  const blocks = isFields(own) ? own['content'] : undefined;
  if (!Array.isArray(blocks) || !blocks.every(isBlock)) return undefined;
  const text = blocks.map((block) => (block.type === 'text' ? block['text'] : '')).join('');
  const ids = blocks.filter(({ type }) => type === 'tool_use').map(({ id }) => id);
  const sameText = text === (message.content ?? '');
  const sameCalls = ids.join() === (message.tool_calls ?? []).map(({ id }) => id).join();
  return sameText && sameCalls ? blocks : undefined;
}

/** The API refuses a block of blanks, though it sends such between two cited texts: they go to the end of the first. */
function joinBlanks(blocks: readonly AnthropicBlock[]): AnthropicBlock[] {
  const joined: AnthropicBlock[] = [];
  for (const block of blocks) {
    const last = joined.at(-1);
    if (!isEmpty(block)) joined.push(block);
    else if (last?.type === 'text')
      joined[joined.length - 1] = { ...last, text: `${String(last['text'])}${String(block['text'])}` };
  }
  return joined;
}

function toAssistantBlocks(message: AssistantMessage, context: FormatContext): AnthropicBlock[] {
  const kept = keptBlocks(message);
  if (kept !== undefined) return joinBlanks(kept);
  const blocks: AnthropicBlock[] = [];
  for (const block of claudeThinkingOf(message, context)) blocks.push({ ...block });
  const parts = typeof message.content === 'string' ? [{ type: 'text' as const, text: message.content }] : [];
  for (const part of Array.isArray(message.content) ? message.content : parts) {
    const text = part.type === 'refusal' ? part.refusal : part.text;
    if (!isBlank(text)) blocks.push({ type: 'text', text, ...cacheMark(part as Marked) });
  }
  if (message.refusal && !isBlank(message.refusal)) blocks.push({ type: 'text', text: message.refusal });
  for (const call of message.tool_calls ?? []) {
    if (call.type === 'custom') throw refusal('tool calls of type custom', context);
    const { name, arguments: text } = call.function;
    blocks.push({
      type: 'tool_use',
      id: toId(call.id),
      name: sentToolName(name, TOOL_NAMES),
      input: readArguments(text),
    });
  }
  if (message.function_call) throw refusal('function_call; use tool_calls', context);
  return blocks;
}

/** A turn that goes on. Results of tools come first, as the API wants. */
interface OpenTurn {
  readonly role: AnthropicTurn['role'];
  readonly results: AnthropicBlock[];
  readonly others: AnthropicBlock[];
}

/** Adds blocks to the turn that goes on, or begins one. */
function addTurn(turns: OpenTurn[], role: AnthropicTurn['role'], blocks: readonly AnthropicBlock[]): void {
  if (blocks.length === 0) return;
  let turn = turns.at(-1);
  if (turn?.role !== role) turns.push((turn = { role, results: [], others: [] }));
  const target = blocks[0]!.type === 'tool_result' ? turn.results : turn.others;
  for (const block of blocks) target.push(block);
}

/** An answer that the caller began itself may not end in blanks. */
function trimPrefill(turns: AnthropicTurn[]): void {
  const last = turns.at(-1);
  const block = last?.content.at(-1);
  if (last?.role !== 'assistant' || block?.type !== 'text') return;
  const text = String(block['text']).trimEnd();
  last.content.splice(-1, 1, ...(text === '' ? [] : [{ ...block, text }]));
  if (last.content.length === 0) turns.pop();
}

/**
 * Translates a conversation: instructions apart, and turns of user and assistant in alternation.
 *
 * @throws {BadRequestError} when a message has something that the provider does not take
 */
export function toConversation(
  messages: readonly ChatMessage[],
  context: FormatContext,
  options: SourceOptions,
): Conversation {
  const system: AnthropicBlock[] = [];
  const open: OpenTurn[] = [];
  for (const message of messages) {
    switch (message.role) {
      case 'system':
      case 'developer':
        for (const block of markLast(toBlocks(message.content, context, options), message))
          system.push(block);
        break;
      case 'user':
        addTurn(open, 'user', markLast(toBlocks(message.content, context, options), message));
        break;
      case 'tool':
        addTurn(open, 'user', markLast([toToolResult(message, context, options)], message));
        break;
      case 'assistant':
        addTurn(open, 'assistant', markLast(toAssistantBlocks(message, context), message));
        break;
      default:
        throw refusal(`messages of the role ${String(message.role)}`, context);
    }
  }
  const turns = open.map(({ role, results, others }) => ({ role, content: results.concat(others) }));
  trimPrefill(turns);
  // Instructions with nothing to answer: the user says them then.
  if (turns.length === 0 && system.length > 0) {
    return { system: [], messages: [{ role: 'user', content: system }] };
  }
  if (turns.length === 0) throw refusal('a conversation without a message of the user', context);
  if (turns[0]!.role === 'assistant') {
    turns.unshift({ role: 'user', content: [{ type: 'text', text: CONTINUE_TEXT }] });
  }
  return { system, messages: turns };
}
