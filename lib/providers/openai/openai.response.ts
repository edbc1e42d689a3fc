import type {
  ChatCompletion,
  ChatCompletionChoice,
  ChatCompletionMessage,
} from '../../operations/chat/chat-completion.interface.js';
import type { ChatCompletionDelta } from '../../operations/chat/chat-completion-chunk.interface.js';
import type { ToolCall } from '../../operations/chat/chat-request.interface.js';
import { createCompletionId, createdNow, createToolCallId } from '../kit/chunk-writer.js';
import type { Fields } from '../kit/fields.js';
import type { FormatContext } from '../provider-adapter.interface.js';
import type { OpenAIQuirks } from './openai.quirks.js';
import { ThinkTags } from './think-tags.js';

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

interface Part {
  type: string;
  text?: string;
  thinking?: { type: string; text?: string }[];
}

/**
 * Takes content that is a list of parts apart: text stays, thinking is reasoning, the rest, such as Mistral's
 * references, is kept as it came.
 *
 * @returns whether it was such a list
 */
export function readContentParts(target: ChatCompletionDelta, provider: string): boolean {
  if (!Array.isArray(target.content)) return false;
  let content = '';
  let reasoning = '';
  const others: Part[] = [];
  for (const part of target.content as Part[]) {
    if (part.type === 'text') content += part.text ?? '';
    else if (part.type === 'thinking') for (const { text = '' } of part.thinking ?? []) reasoning += text;
    else others.push(part);
  }
  target.content = content;
  if (reasoning !== '') target.reasoning_content = reasoning;
  if (others.length > 0) target.provider_specific_fields = { [provider]: { content: others } };
  return true;
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

/** @returns the completion; `undefined` when `body` is none */
export function toOpenAICompletion(
  body: unknown,
  quirks: OpenAIQuirks,
  { provider, model }: Pick<FormatContext, 'provider' | 'model'>,
): ChatCompletion | undefined {
  const completion = body as ChatCompletion | null;
  if (!Array.isArray(completion?.choices) || !completion.choices.every(isChoice)) return undefined;
  // A gateway that reports the error of the provider behind it may do so with a status of success.
  if (completion.choices.length === 0 && 'error' in completion) return undefined;
  completion.object = 'chat.completion';
  normaliseHead(completion, model);
  completion.choices.forEach((choice, position) => {
    choice.index ??= position;
    normaliseChoice(choice, quirks, provider);
  });
  if (completion.usage) normaliseUsage(completion.usage, quirks);
  return completion;
}

/** Servers exist that number their answers, and ones that leave out what is no answer. */
function normaliseHead(completion: ChatCompletion, model: string): void {
  completion.id =
    typeof completion.id === 'number' ? String(completion.id) : (completion.id ?? createCompletionId());
  completion.created ??= createdNow();
  completion.model ??= model;
}

/** Azure's content filter may leave nothing of the message, and then its reason is all there is. */
function isChoice(choice: Partial<ChatCompletionChoice> | null): boolean {
  if (typeof choice !== 'object' || choice === null) return false;
  return choice.message ? typeof choice.message === 'object' : Boolean(choice.finish_reason);
}

function normaliseChoice(choice: ChatCompletionChoice, quirks: OpenAIQuirks, provider: string): void {
  mapFinishReason(choice);
  choice.logprobs ??= null;
  const message = (choice.message ??= { role: 'assistant', content: null, refusal: null });
  message.role = 'assistant';
  message.content ??= null;
  message.refusal ??= null;
  readReasoning(message);
  readContentParts(message as ChatCompletionDelta, quirks.contentParts ?? provider);
  if (quirks.thinkTags === true) splitThinking(message);
  if (Array.isArray(message.tool_calls)) message.tool_calls.forEach(normaliseToolCall);
  else if (message.tool_calls) return;
  else if ('tool_calls' in message) delete message.tool_calls;
}

function normaliseToolCall(call: ToolCall): void {
  // An index belongs to a stream's pieces: some servers refuse it when the message comes back.
  delete (call as { index?: number }).index;
  call.type ??= 'function';
  call.id ||= createToolCallId();
  if (call.type === 'function') writeArguments(call.function);
}

/** Some servers give the arguments as an object, rather than as its text. @returns whether they did */
export function writeArguments(called: { arguments?: unknown } | null | undefined): boolean {
  if (typeof called?.arguments !== 'object' || called.arguments === null) return false;
  called.arguments = JSON.stringify(called.arguments);
  return true;
}

function splitThinking(message: ChatCompletionMessage): void {
  if (typeof message.content !== 'string') return;
  const tags = new ThinkTags();
  const first = tags.push(message.content);
  const last = tags.end();
  message.content = first.content + last.content;
  const reasoning = first.reasoning + last.reasoning;
  if (reasoning !== '') message.reasoning_content = (message.reasoning_content ?? '') + reasoning;
}
