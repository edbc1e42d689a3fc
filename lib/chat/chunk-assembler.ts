import { APIResponseValidationError } from '../errors/errors.js';
import type { PartialChatCompletion } from './chat-completion.interface.js';
import type {
  ChatCompletionChunk,
  ChatCompletionChunkChoice,
  ToolCallDelta,
} from './chat-completion-chunk.interface.js';

type Fields = Record<string, unknown>;
type AssembledChoice = PartialChatCompletion['choices'][number];

/** The one field name that JSON may have and an assignment would not set. */
const PROTOTYPE = '__proto__';

/** Fields of a tool call that come in one piece. Some providers repeat them with each piece of the others. */
const SENT_WHOLE = new Set(['id', 'type', 'name']);

/** Fields of a chunk that the completion has in another form, or not at all: the last two hide how long it is. */
const CHUNK_FIELDS = new Set(['object', 'choices', 'usage', 'obfuscation', 'p']);
const CHOICE_FIELDS = new Set(['index', 'delta', 'finish_reason', 'logprobs', 'usage']);

/**
 * Puts chunks together to the completion that the unary call would have returned. What providers add to the shape is
 * put together by its kind: text and lists grow, anything else is replaced.
 */
export class ChunkAssembler {
  private readonly fields: Fields = {};
  private readonly choices = new Map<number, AssembledChoice>();
  private usage: PartialChatCompletion['usage'];

  /** @param maxToolCalls of one choice */
  constructor(private readonly maxToolCalls = Infinity) {}

  /** @throws {APIResponseValidationError} when a choice has more tool calls than that */
  push(chunk: ChatCompletionChunk): void {
    const { fields } = this;
    for (const name in chunk) {
      if (CHUNK_FIELDS.has(name) || name === PROTOTYPE) continue;
      const value = (chunk as unknown as Fields)[name];
      // An early chunk of some providers has empty values where later ones have the real ones, and the reverse.
      if (value === undefined || value === '') continue;
      if (value !== null || !(name in fields)) fields[name] = value;
    }
    if (chunk.usage) this.usage = chunk.usage;
    for (const choice of chunk.choices) this.pushChoice(choice);
  }

  completion(): PartialChatCompletion {
    return {
      id: '',
      created: 0,
      model: '',
      ...this.fields,
      object: 'chat.completion',
      choices: [...this.choices.values()].sort((a, b) => a.index - b.index),
      ...(this.usage !== undefined && { usage: this.usage }),
    };
  }

  private pushChoice(choice: ChatCompletionChunkChoice): void {
    const target = this.choiceOf(choice.index);
    if (choice.finish_reason) target.finish_reason = choice.finish_reason;
    if (choice.logprobs) {
      target.logprobs ??= { content: null, refusal: null };
      grow(target, 'logprobs', choice.logprobs);
    }
    for (const name in choice) {
      if (CHOICE_FIELDS.has(name) || name === PROTOTYPE) continue;
      const value = (choice as unknown as Fields)[name];
      if (!isEmpty(value)) (target as unknown as Fields)[name] = value;
    }
    const { delta } = choice;
    const message = target.message as unknown as Fields;
    for (const name in delta) {
      const value = (delta as Fields)[name];
      if (name === 'role' || value === null || value === undefined) continue;
      if (name === 'tool_calls') this.pushToolCalls(message, value as ToolCallDelta[]);
      else if (name === 'thinking_blocks') {
        pushThinking((message['thinking_blocks'] ??= []) as Fields[], value as Fields[]);
      } else grow(message, name, value);
    }
  }

  private pushToolCalls(message: Fields, deltas: ToolCallDelta[]): void {
    // An empty list is what some providers send with each piece of text.
    if (deltas.length === 0) return;
    const calls = (message['tool_calls'] ??= []) as Fields[];
    for (const { index, ...delta } of deltas) {
      if (index >= this.maxToolCalls) {
        throw new APIResponseValidationError(
          `the answer has more than ${this.maxToolCalls} tool calls (defaults.limits.toolCalls)`,
          { code: 'too_many_tool_calls', phase: 'body' },
        );
      }
      growToolCall((calls[index] ??= { type: 'function' }), delta);
    }
  }

  private choiceOf(index: number): AssembledChoice {
    let choice = this.choices.get(index);
    if (choice === undefined) {
      choice = {
        index,
        message: { role: 'assistant', content: null, refusal: null },
        logprobs: null,
        finish_reason: null,
      };
      this.choices.set(index, choice);
    }
    return choice;
  }
}

function growToolCall(target: Fields, piece: Fields): void {
  for (const name in piece) {
    const value = piece[name];
    if (SENT_WHOLE.has(name)) target[name] = value || target[name];
    else if (name === 'function' || name === 'custom') {
      growToolCall((target[name] ??= {}) as Fields, value as Fields);
    } else grow(target, name, value);
  }
}

function pushThinking(blocks: Fields[], pieces: Fields[]): void {
  for (const piece of pieces) {
    const last = blocks.at(-1);
    const goesOn = piece['type'] === 'thinking' && last?.['type'] === 'thinking' && !last['signature'];
    if (!goesOn) blocks.push({ ...piece });
    else for (const name in piece) if (name !== 'type') grow(last, name, piece[name]);
  }
}

/** Adds a piece to a field of `target`: text and lists grow, objects field by field, anything else is replaced. */
function grow(target: Fields, name: string, piece: unknown): void {
  if (piece === null || piece === undefined || name === PROTOTYPE) return;
  const before = target[name];
  if (typeof piece === 'string') {
    target[name] = typeof before === 'string' ? before + piece : piece;
  } else if (isList(piece)) {
    // Copied, for the chunk is the consumer's.
    if (isList(before)) for (const item of piece) before.push(item);
    else target[name] = piece.slice();
  } else if (typeof piece === 'object') {
    const fields = (typeof before === 'object' && before !== null ? before : (target[name] = {})) as Fields;
    for (const field in piece) grow(fields, field, (piece as Fields)[field]);
  } else {
    target[name] = piece;
  }
}

/** Azure reports on filtered content with each piece, and with an empty object where there is nothing to report. */
function isEmpty(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return value === null || value === undefined;
  return Object.keys(value).length === 0;
}

function isList(value: unknown): value is unknown[] {
  return Array.isArray(value);
}
