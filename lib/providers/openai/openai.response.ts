import type {
  ChatCompletion,
  ChatCompletionChoice,
  ChatCompletionMessage,
} from '../../operations/chat/chat-completion.interface.js';
import type { ChatCompletionDelta } from '../../operations/chat/chat-completion-chunk.interface.js';
import type { ThinkingBlock, ToolCall } from '../../operations/chat/chat-request.interface.js';
import { createCompletionId, createdNow, createToolCallId } from '../kit/chunk-writer.js';
import { isClaude } from '../kit/families/claude.js';
import { isFields, listOf, type Fields } from '../kit/fields.js';
import { originFields } from '../kit/origin.js';
import type { FormatContext } from '../provider-adapter.interface.js';
import { errorOfChoices } from './openai.errors.js';
import type { OpenAIQuirks } from './openai.quirks.js';
import { splitThinkTags } from './think-tags.js';

/**
 * Other servers' words for OpenAI's finish reasons. One that is not here, such as DeepSeek's
 * `insufficient_system_resource`, stays as it came: none of OpenAI's says the same.
 */
const FINISH_REASONS: Readonly<Record<string, string>> = {
  end_turn: 'stop',
  eos: 'stop',
  eos_token: 'stop',
  stop_sequence: 'stop',
  max_tokens: 'length',
  model_length: 'length',
  tool_call: 'tool_calls',
  tool_use: 'tool_calls',
  safety: 'content_filter',
  sensitive: 'content_filter',
};

/** Writes OpenAI's finish reason for another server's. @returns whether it had to */
export function mapFinishReason(choice: { finish_reason: unknown }): boolean {
  const reason = choice.finish_reason;
  const ours = typeof reason === 'string' ? FINISH_REASONS[reason] : undefined;
  if (ours === undefined) return false;
  choice.finish_reason = ours;
  return true;
}

/**
 * Some servers say `stop` of an answer that calls tools. OpenAI's own says so of one that had to call a tool, and is left
 * as it came.
 *
 * @returns whether that is so
 */
export function endsForTools(reason: unknown, callsTools: boolean, quirks: OpenAIQuirks): boolean {
  return quirks.own !== true && callsTools && reason === 'stop';
}

/**
 * Copies reasoning text to where it is read: servers name it `reasoning` or `reasoning_content`, and some change from
 * one to the other between versions.
 *
 * @returns whether there was any to copy
 */
export function readReasoning(target: { reasoning_content?: string | null }): boolean {
  const { reasoning } = target as { reasoning?: unknown };
  if (typeof reasoning !== 'string' || typeof target.reasoning_content === 'string') return false;
  target.reasoning_content = reasoning;
  return true;
}

/**
 * Takes content that is a list of parts apart: text stays, thinking (Mistral's) and reasoning (Databricks') is reasoning,
 * with its signature where it has one, and the rest, such as Mistral's references, is kept as it came.
 *
 * @see {@link https://docs.databricks.com/aws/en/machine-learning/model-serving/query-reason-models}
 * @returns whether it was such a list
 */
export function readContentParts(target: ChatCompletionDelta, context: FormatContext): boolean {
  const parts: unknown = target.content;
  if (!Array.isArray(parts)) return false;
  let content = '';
  let reasoning = '';
  const blocks: ThinkingBlock[] = [];
  const others: unknown[] = [];
  for (const part of parts) {
    if (!isFields(part)) content += typeof part === 'string' ? part : '';
    else if (part['type'] === 'text') content += textIn(part['text']);
    else if (part['type'] === 'thinking') reasoning += textsIn(part['thinking']);
    else if (part['type'] === 'reasoning') {
      for (const piece of listOf(part['summary']).filter(isFields)) {
        const [thinking, signature] = [textIn(piece['text']), textIn(piece['signature'])];
        reasoning += thinking;
        blocks.push({ type: 'thinking', thinking, ...(signature !== '' && { signature }) });
      }
    } else others.push(part);
  }
  target.content = content;
  if (reasoning !== '') target.reasoning_content = reasoning;
  if (blocks.length > 0) target.thinking_blocks = blocks;
  // Signed thinking without an origin is a Claude's.
  const isForeign = !isClaude(context.model) && blocks.some((block) => 'signature' in block);
  if (others.length > 0 || isForeign) {
    target.provider_specific_fields = {
      ...(others.length > 0 && { [context.provider]: { content: others } }),
      ...(isForeign && originFields(context)),
    };
  }
  return true;
}

function textIn(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function textsIn(parts: unknown): string {
  if (typeof parts === 'string') return parts;
  return listOf(parts)
    .map((part) => (isFields(part) ? textIn(part['text']) : ''))
    .join('');
}

function isCount(value: unknown): value is number {
  return typeof value === 'number';
}

/** Adds a counter to the usage's details, unless they have it. */
function addDetail(usage: Fields, details: string, name: string, count: unknown): boolean {
  const known = usage[details] as Fields | null | undefined;
  if (!isCount(count) || isCount(known?.[name])) return false;
  usage[details] = { ...known, [name]: count };
  return true;
}

/**
 * Puts counters where OpenAI has them: DeepSeek says `prompt_cache_hit_tokens`, Moonshot `cached_tokens`, servers for
 * DeepSeek's models `reasoning_tokens`, all beside the details. The server's own counters stay.
 *
 * @returns whether something changed
 */
export function normaliseUsage(usage: object, quirks: OpenAIQuirks): boolean {
  const fields = usage as Fields;
  let changed = addDetail(
    fields,
    'prompt_tokens_details',
    'cached_tokens',
    fields['prompt_cache_hit_tokens'] ?? fields['cached_tokens'],
  );
  if (addDetail(fields, 'completion_tokens_details', 'reasoning_tokens', fields['reasoning_tokens'])) {
    changed = true;
  }
  for (const name of ['prompt_tokens_details', 'completion_tokens_details']) {
    if (fields[name] !== null) continue;
    delete fields[name];
    changed = true;
  }
  return (quirks.reasoningTokensApart === true && addReasoningTokens(fields)) || changed;
}

/** Counts reasoning among the tokens of the completion, where the total says that it is not. */
function addReasoningTokens(usage: Fields): boolean {
  const { prompt_tokens: prompt, completion_tokens: completion, total_tokens: total } = usage;
  const reasoning = (usage['completion_tokens_details'] as Fields | undefined)?.['reasoning_tokens'];
  if (!isCount(prompt) || !isCount(completion) || !isCount(reasoning) || reasoning === 0) return false;
  if (prompt + completion + reasoning !== total) return false;
  usage['completion_tokens'] = completion + reasoning;
  return true;
}

/** @returns the completion; `undefined` when `body` is none, or reports an error with a status of success */
export function toOpenAICompletion(
  body: unknown,
  quirks: OpenAIQuirks,
  context: FormatContext,
): ChatCompletion | undefined {
  const completion = body as ChatCompletion | null;
  if (!Array.isArray(completion?.choices) || !completion.choices.every(isChoice)) return undefined;
  if (completion.choices.length === 0 || errorOfChoices(completion.choices) !== undefined) return undefined;
  completion.object = 'chat.completion';
  normaliseHead(completion, context.model);
  completion.choices.forEach((choice, position) => {
    choice.index ??= position;
    normaliseChoice(choice, quirks, context);
  });
  if (completion.usage) normaliseUsage(completion.usage, quirks);
  return completion;
}

/** Servers exist that number their answers, and ones that leave out what is no answer. */
function normaliseHead(completion: ChatCompletion, model: string): void {
  completion.id =
    typeof completion.id === 'number' ? String(completion.id) : completion.id || createCompletionId();
  completion.created ||= createdNow();
  completion.model ||= model;
}

/** Azure's content filter may leave nothing of the message, and then its reason is all there is. */
function isChoice(choice: Partial<ChatCompletionChoice> | null): boolean {
  if (typeof choice !== 'object' || choice === null) return false;
  return choice.message ? typeof choice.message === 'object' : Boolean(choice.finish_reason);
}

function normaliseChoice(choice: ChatCompletionChoice, quirks: OpenAIQuirks, context: FormatContext): void {
  mapFinishReason(choice);
  choice.logprobs ??= null;
  const message = (choice.message ??= { role: 'assistant', content: null, refusal: null });
  message.role = 'assistant';
  message.content ??= null;
  message.refusal ??= null;
  readReasoning(message);
  readContentParts(message as ChatCompletionDelta, context);
  if (quirks.thinkTags === true) splitThinking(message);
  const { tool_calls: calls } = message;
  if (Array.isArray(calls) ? calls.length === 0 : !calls) delete message.tool_calls;
  else if (Array.isArray(calls)) calls.forEach(normaliseToolCall);
  if ('function_call' in message && message.function_call === null) delete message.function_call;
  const callsTools = message.tool_calls !== undefined;
  // xAI's is empty beside tool calls.
  choice.finish_reason ||= callsTools ? 'tool_calls' : 'stop';
  if (endsForTools(choice.finish_reason, callsTools, quirks)) choice.finish_reason = 'tool_calls';
}

function normaliseToolCall(call: ToolCall): void {
  // An index belongs to a stream's pieces: some servers refuse it when the message comes back.
  delete (call as { index?: number }).index;
  call.type ??= 'function';
  call.id ||= createToolCallId();
  if (call.type === 'function' && call.function) {
    call.function.arguments = argumentsOf(call.function.arguments) || '{}';
  }
}

/** The arguments of a call as text: some servers give an object, or nothing where there are none. */
export function argumentsOf(given: unknown): string {
  if (typeof given === 'string') return given.trim() === '' || given.trim() === 'null' ? '' : given;
  return given === undefined || given === null ? '' : JSON.stringify(given);
}

function splitThinking(message: ChatCompletionMessage): void {
  if (typeof message.content !== 'string') return;
  const { content, reasoning } = splitThinkTags(message.content);
  message.content = content;
  if (reasoning !== '') message.reasoning_content = (message.reasoning_content ?? '') + reasoning;
}
