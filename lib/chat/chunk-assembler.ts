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

/** What OpenAI's chunks have beside `choices` and `usage`: the same value in each, and in the completion. */
interface Head {
  id: string;
  created: number;
  model: string;
  service_tier?: PartialChatCompletion['service_tier'];
  system_fingerprint?: string;
}

/**
 * Puts chunks together to the completion that the unary call would have returned. What providers add to the shape is
 * put together by its kind: text and lists grow, anything else is replaced.
 */
export class ChunkAssembler {
  private readonly head: Head = { id: '', created: 0, model: '' };
  /** Fields that the provider adds to a chunk. */
  private readonly added: Fields = {};
  private readonly choices = new Map<number, AssembledChoice>();
  private usage: PartialChatCompletion['usage'];

  push(chunk: ChatCompletionChunk): void {
    this.pushHead(chunk);
    if (chunk.usage) this.usage = chunk.usage;
    for (const choice of chunk.choices) this.pushChoice(choice);
  }

  completion(): PartialChatCompletion {
    return {
      ...this.head,
      ...this.added,
      object: 'chat.completion',
      choices: [...this.choices.values()].sort((a, b) => a.index - b.index),
      ...(this.usage !== undefined && { usage: this.usage }),
    };
  }

  /**
   * An early chunk of some providers has empty values where later ones have the real ones, and the reverse.
   *
   * The fields that every chunk has are named one by one: to copy them by their names costs a tenth of the whole call.
   */
  private pushHead(chunk: ChatCompletionChunk): void {
    const { head } = this;
    const { id, created, model, service_tier, system_fingerprint } = chunk;
    if (id) head.id = id;
    if (created) head.created = created;
    if (model) head.model = model;
    if (service_tier) head.service_tier = service_tier;
    if (system_fingerprint) head.system_fingerprint = system_fingerprint;
    for (const name in chunk) {
      switch (name) {
        case 'id':
        case 'object':
        case 'created':
        case 'model':
        case 'service_tier':
        case 'system_fingerprint':
        case 'choices':
        case 'usage':
        case PROTOTYPE:
          continue;
      }
      const value = (chunk as unknown as Fields)[name];
      if (value !== null && value !== undefined && value !== '') this.added[name] = value;
    }
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
  for (const delta of deltas) {
    const call = (calls[delta.index] ??= { type: 'function' });
    for (const name in delta) {
      if (name !== 'index') growToolCall(call, name, (delta as unknown as Fields)[name]);
    }
  }
}

function growToolCall(target: Fields, name: string, piece: unknown): void {
  if (SENT_WHOLE.has(name)) target[name] = piece || target[name];
  else if (name === 'function' || name === 'custom') {
    const fields = (target[name] ??= {}) as Fields;
    for (const field in piece as Fields) growToolCall(fields, field, (piece as Fields)[field]);
  } else grow(target, name, piece);
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
