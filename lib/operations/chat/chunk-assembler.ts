import { answerText, wrongAnswer } from '../answer-checks.js';
import { ByChoice } from './by-choice.js';
import type { PartialChatCompletion } from './chat-completion.interface.js';
import { MAX_CHOICES, tooManyChoices, tooManyToolCalls } from './read-completion.js';
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

/** Fields of an item of a list that come in one piece, with each piece of the others or with one. */
const SENT_WHOLE_IN_LISTS = new Set(['index', 'id', 'type', 'format', 'signature', 'data']);

/** What a field, or an item of a list, takes of the size of an answer, in bytes. */
const ENTRY_BYTES = 64;

/** Items of a list. */
const LATEST = 64;

/** Fields that are text, whoever sends them. */
const TEXTS = new Set(['content', 'refusal', 'reasoning_content']);
const TOOL_CALL_TEXTS = new Set(['id', 'name', 'arguments', 'input']);

const CHOICE_FIELDS = new Set(['index', 'delta', 'finish_reason', 'logprobs', 'usage', PROTOTYPE]);

/** What OpenAI's chunks have beside `choices` and `usage`: the same value in each, and in the completion. */
interface Head {
  id: string;
  created: number;
  model: string;
  service_tier?: PartialChatCompletion['service_tier'];
  /** OpenAI's types have no null here; its servers do. */
  system_fingerprint?: string | null;
}

/** Whether a chunk has more than the role, which some providers send before they know what to say. */
export function saysSomething({ choices }: ChatCompletionChunk): boolean {
  return choices.some(({ delta, finish_reason: finishReason }) => {
    if (finishReason) return true;
    return Object.entries(delta).some(([name, value]) => name !== 'role' && !isNothing(value));
  });
}

function isNothing(value: unknown): boolean {
  return value === undefined || value === null || value === '' || (isList(value) && value.length === 0);
}

/**
 * Puts chunks together to the completion that the unary call would have returned. What providers add to the shape is
 * put together by its kind: text and lists grow, anything else is replaced.
 */
export class ChunkAssembler {
  private readonly head: Head = { id: '', created: 0, model: '' };
  /** Fields that the provider adds to a chunk. */
  private readonly added: Fields = {};
  private readonly choices = new ByChoice<AssembledChoice>();
  /** The tokens as the provider has counted them, whether a chunk says so or not. */
  readonly counted: { usage?: PartialChatCompletion['usage'] } = {};

  private readonly room: Room;

  /**
   * @param maxToolCalls of one choice
   * @param maxSize in bytes, of which each field and each item of a list takes {@link ENTRY_BYTES}
   */
  constructor(
    private readonly maxToolCalls = Infinity,
    maxSize = Infinity,
  ) {
    this.room = { entries: maxSize / ENTRY_BYTES };
  }

  /** @throws {APIResponseValidationError} when the answer is larger than that, or has fields of a wrong type */
  push(chunk: ChatCompletionChunk): void {
    this.pushHead(chunk);
    if (chunk.usage) this.counted.usage = chunk.usage;
    for (const choice of chunk.choices) this.pushChoice(choice);
  }

  completion(): PartialChatCompletion {
    return {
      ...(this.head as PartialChatCompletion),
      ...this.added,
      object: 'chat.completion',
      choices: this.choices.values().sort((a, b) => a.index - b.index),
      ...(this.counted.usage !== undefined && { usage: this.counted.usage }),
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
    else if (service_tier === null) head.service_tier ??= null;
    if (system_fingerprint) head.system_fingerprint = system_fingerprint;
    else if (system_fingerprint === null) head.system_fingerprint ??= null;
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
        // Padding that hides how long a chunk is.
        case 'obfuscation':
        case 'p':
        case PROTOTYPE:
          continue;
      }
      const value = (chunk as unknown as Fields)[name];
      if (value === undefined || value === '') continue;
      if (!(name in this.added)) take(this.room, 1);
      if (value !== null || !(name in this.added)) this.added[name] = value;
    }
  }

  private pushChoice(choice: ChatCompletionChunkChoice): void {
    const target = this.choiceOf(choice.index);
    if (choice.finish_reason) target.finish_reason = choice.finish_reason;
    if (choice.logprobs) {
      target.logprobs ??= { content: null, refusal: null };
      grow(target, 'logprobs', choice.logprobs, this.room);
    }
    for (const name in choice) {
      if (CHOICE_FIELDS.has(name)) continue;
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
        pushThinking((message['thinking_blocks'] ??= []) as Fields[], value as Fields[], this.room);
      } else {
        if (typeof value !== 'string' && TEXTS.has(name)) answerText(value, `delta.${name}`);
        grow(message, name, value, this.room);
      }
    }
  }

  private pushToolCalls(message: Fields, deltas: ToolCallDelta[]): void {
    // An empty list is what some providers send with each piece of text.
    if (deltas.length === 0) return;
    const calls = (message['tool_calls'] ??= []) as Fields[];
    for (const delta of deltas) {
      const { index } = delta;
      if (index >= this.maxToolCalls) throw tooManyToolCalls(this.maxToolCalls);
      const call = (calls[index] ??= { type: 'function' });
      for (const name in delta) {
        if (name !== 'index') growToolCall(call, name, (delta as unknown as Fields)[name], this.room);
      }
    }
  }

  private choiceOf(index: number): AssembledChoice {
    let choice = this.choices.get(index);
    if (choice === undefined) {
      if (this.choices.size >= MAX_CHOICES) throw tooManyChoices();
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

/** Fields and items that an answer may still have. */
interface Room {
  entries: number;
}

function take(room: Room, entries: number): void {
  room.entries -= entries;
  if (room.entries < 0)
    throw wrongAnswer(
      'the answer has more fields and items than defaults.limits.responseSize has room for',
      'response_too_large',
    );
}

function growToolCall(target: Fields, name: string, piece: unknown, room: Room): void {
  if (typeof piece !== 'string' && piece !== null && piece !== undefined && TOOL_CALL_TEXTS.has(name))
    answerText(piece, `tool_calls.${name}`);
  if (SENT_WHOLE.has(name)) target[name] = piece || target[name];
  else if (name === 'function' || name === 'custom') {
    const fields = (target[name] ??= {}) as Fields;
    for (const field in piece as Fields) growToolCall(fields, field, (piece as Fields)[field], room);
  } else grow(target, name, piece, room);
}

function pushThinking(blocks: Fields[], pieces: Fields[], room: Room): void {
  for (const piece of pieces) {
    take(room, 1);
    const last = blocks.at(-1);
    const goesOn = piece['type'] === 'thinking' && last?.['type'] === 'thinking' && !last['signature'];
    if (!goesOn) blocks.push({ ...piece });
    else for (const name in piece) if (name !== 'type') grow(last, name, piece[name], room);
  }
}

/** Adds a piece to a field of `target`: text and lists grow, objects field by field, anything else is replaced. */
function grow(target: Fields, name: string, piece: unknown, room: Room): void {
  if (piece === null || piece === undefined || name === PROTOTYPE) return;
  const before = target[name];
  if (before === undefined) take(room, 1);
  if (typeof piece === 'string') {
    target[name] = typeof before === 'string' ? before + piece : piece;
  } else if (isList(piece)) {
    // Copied, for the chunk is the consumer's.
    take(room, piece.length);
    if (isList(before)) for (const item of piece) growList(before, item, room);
    else target[name] = piece.slice();
  } else if (typeof piece === 'object') {
    const fields = (typeof before === 'object' && before !== null ? before : (target[name] = {})) as Fields;
    for (const field in piece) grow(fields, field, (piece as Fields)[field], room);
  } else {
    target[name] = piece;
  }
}

/**
 * Adds an item to a list. Pieces of one item have the same `index`, as OpenRouter's details of reasoning do, whose
 * signature comes in the last of them.
 */
function growList(list: unknown[], item: unknown, room: Room): void {
  const { index, type } = (item ?? {}) as Fields;
  const at = typeof index === 'number' ? lastPieceOf(list, index, type) : -1;
  if (at === -1) {
    list.push(item);
    return;
  }
  // Copied, for the chunk that brought it is the consumer's.
  const grown = (list[at] = { ...(list[at] as Fields) });
  for (const name in item as Fields) {
    const piece = (item as Fields)[name];
    if (!SENT_WHOLE_IN_LISTS.has(name)) grow(grown, name, piece, room);
    else if (piece) grown[name] = piece;
  }
}

/** Looked for among the latest: pieces of one item come near each other. */
function lastPieceOf(list: readonly unknown[], index: number, type: unknown): number {
  for (let at = list.length - 1; at >= 0 && at >= list.length - LATEST; at--) {
    if (isPieceOf(list[at] as Fields, index, type)) return at;
  }
  return -1;
}

function isPieceOf(one: Fields | null, index: number, type: unknown): boolean {
  return one?.['index'] === index && one['type'] === type;
}

/** Azure reports on filtered content with each piece, and with an empty object where there is nothing to report. */
function isEmpty(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return value === null || value === undefined;
  return Object.keys(value).length === 0;
}

function isList(value: unknown): value is unknown[] {
  return Array.isArray(value);
}
