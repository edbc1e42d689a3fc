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

const CHUNK_FIELDS = new Set(['object', 'choices', 'usage']);

/**
 * Puts chunks together to the completion that the unary call would have returned. What providers add to the shape is
 * put together by its kind: text and lists grow, anything else is replaced.
 */
export class ChunkAssembler {
  private readonly fields: Fields = {};
  private readonly choices = new Map<number, AssembledChoice>();
  private usage: PartialChatCompletion['usage'];

  push(chunk: ChatCompletionChunk): void {
    const { fields } = this;
    for (const name in chunk) {
      if (CHUNK_FIELDS.has(name) || name === PROTOTYPE) continue;
      const value = (chunk as unknown as Fields)[name];
      // An early chunk of some providers has empty values where later ones have the real ones, and the reverse.
      if (value !== null && value !== undefined && value !== '') fields[name] = value;
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
    const { delta } = choice;
    const message = target.message as unknown as Fields;
    for (const name in delta) {
      const value = (delta as Fields)[name];
      if (name === 'role' || value === null || value === undefined) continue;
      if (name === 'tool_calls') pushToolCalls(message, value as ToolCallDelta[]);
      else grow(message, name, value);
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

function pushToolCalls(message: Fields, deltas: ToolCallDelta[]): void {
  // An empty list is what some providers send with each piece of text.
  if (deltas.length === 0) return;
  const calls = (message['tool_calls'] ??= []) as Fields[];
  for (const { index, ...delta } of deltas) growToolCall((calls[index] ??= { type: 'function' }), delta);
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

function isList(value: unknown): value is unknown[] {
  return Array.isArray(value);
}
