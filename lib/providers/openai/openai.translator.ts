import type { CompletionUsage } from '../../operations/chat/chat-completion.interface.js';
import type {
  ChatCompletionChunk,
  ChatCompletionChunkChoice,
  ChatCompletionDelta,
  ToolCallDelta,
} from '../../operations/chat/chat-completion-chunk.interface.js';
import { JsonSeries, type JsonPath } from '../../wire/json-series.js';
import type { WireEvent } from '../../wire/wire-decoder.interface.js';
import { ByChoice } from '../../operations/chat/by-choice.js';
import { createToolCallId } from '../kit/chunk-writer.js';
import type { ChatRequest } from '../../operations/chat/chat-request.interface.js';
import type { ChunkSink, ChunkTranslator, FormatContext } from '../provider-adapter.interface.js';
import { readOpenAIError } from './openai.errors.js';
import type { OpenAIQuirks } from './openai.quirks.js';
import {
  argumentsOf,
  endsForTools,
  mapFinishReason,
  normaliseUsage,
  readContentParts,
  readReasoning,
} from './openai.response.js';
import { ThinkTags } from './think-tags.js';

const OBJECT = 'chat.completion.chunk';

/** What every chunk of an answer has, and the padding that hides how long one is. */
const HEAD = new Set([
  'id',
  'object',
  'created',
  'model',
  'choices',
  'service_tier',
  'system_fingerprint',
  'obfuscation',
]);

/** The strings in which the chunks of one answer differ. */
const CHANGING: readonly JsonPath[] = [
  ['choices', 0, 'delta', 'content'],
  ['choices', 0, 'delta', 'reasoning_content'],
  ['choices', 0, 'delta', 'reasoning'],
  ['choices', 0, 'delta', 'tool_calls', 0, 'function', 'arguments'],
];

/** Hides how long a chunk is. */
const PADDING: readonly JsonPath[] = [['obfuscation']];

/**
 * OpenAI's own hosts, those of its regions too, always send `[DONE]`: a stream without it was cut. Other servers behind
 * any prefix, `openai` with a base URL of one's own too, may leave it out.
 *
 * @see {@link https://platform.openai.com/docs/guides/your-data#which-models-and-features-are-eligible-for-data-residency}
 */
const OPENAI_HOST = /(?:^|\.)api\.openai\.com(?::\d+)?$/i;

/** Assigns the indices of a choice's tool calls: some servers send index 0 throughout, or none. */
class ToolCallIndices {
  private readonly ids: string[] = [];
  private readonly byId = new Map<string, number>();
  /** Our index by the provider's. */
  private readonly byTheirs = new Map<number, number>();
  private latest: number | undefined;
  private readonly withArguments = new Set<number>();

  /** @returns whether a delta had to be changed */
  assign(deltas: ToolCallDelta[]): boolean {
    let changed = false;
    for (const delta of deltas) {
      const known = this.ids.length;
      const index = this.indexOf(delta);
      if (index === known && !delta.id) {
        delta.id = createToolCallId();
        changed = true;
      }
      if (this.readArguments(delta, index)) changed = true;
      if (delta.index === index) continue;
      delta.index = index;
      changed = true;
    }
    return changed;
  }

  /** Arguments for the calls that came without any: a caller parses them as JSON. */
  missingArguments(): ToolCallDelta[] {
    return this.ids.flatMap((_, index) => {
      if (this.withArguments.has(index)) return [];
      this.withArguments.add(index);
      return [{ index, function: { arguments: '{}' } }];
    });
  }

  /** @returns whether they had to be made text */
  private readArguments({ function: called }: ToolCallDelta, index: number): boolean {
    // Custom tools have an input.
    if (!called) {
      this.withArguments.add(index);
      return false;
    }
    const given: unknown = called.arguments;
    if (given === undefined) return false;
    if (typeof given === 'string') {
      if (given.trim() !== '') this.withArguments.add(index);
      return false;
    }
    called.arguments = argumentsOf(given);
    if (called.arguments !== '') this.withArguments.add(index);
    return true;
  }

  private indexOf({ id, index: theirs, function: called }: Partial<ToolCallDelta>): number {
    const counted = typeof theirs === 'number';
    const current = counted ? this.byTheirs.get(theirs) : this.latest;
    let index: number;
    if (current === undefined) index = this.add(id);
    // Without an index or an id, only the name shows where a call begins.
    else if (!id) index = !counted && called?.name ? this.add(id) : current;
    else if (!this.ids[current]) {
      this.ids[current] = id;
      this.byId.set(id, current);
      index = current;
    }
    // Another id under an index that is in use: this server does not count, so the id tells the calls apart.
    else index = this.ids[current] === id ? current : (this.byId.get(id) ?? this.add(id));
    if (counted) this.byTheirs.set(theirs, index);
    this.latest = index;
    return index;
  }

  private add(id: string | undefined): number {
    const index = this.ids.push(id ?? '') - 1;
    if (id) this.byId.set(id, index);
    return index;
  }
}

/** An event of OpenAI's stream: a chunk, or an error. */
type OpenAIEvent = Omit<ChatCompletionChunk, 'object'> & { error?: unknown; object: string };

interface ChoiceState {
  /** The finish reason has come. */
  finished: boolean;
  toolCalls: ToolCallIndices | undefined;
  thinkTags: ThinkTags | undefined;
}

/** Translates OpenAI's own stream: most chunks go through as they came. */
export class OpenAITranslator implements ChunkTranslator {
  private readonly series = new JsonSeries(CHANGING, { padding: PADDING });
  private readonly choices = new ByChoice<ChoiceState>();

  /** The caller asked for the chunk that says the usage. */
  private readonly includesUsage: boolean;
  /** Without `[DONE]` the stream is whole, too, once every choice has its finish reason. */
  private readonly mayEndEarly: boolean;

  constructor(
    private readonly quirks: OpenAIQuirks,
    private readonly context: FormatContext<ChatRequest>,
  ) {
    this.includesUsage = context.request.stream_options?.include_usage === true;
    this.mayEndEarly = !OPENAI_HOST.test(context.host ?? '');
  }

  event(event: WireEvent, sink: ChunkSink): boolean {
    const { data } = event;
    if (data === '[DONE]' || (data.length < 16 && data.trim() === '[DONE]')) {
      sink.finish();
      return true;
    }
    const parsed = this.series.parse(data) as OpenAIEvent | null;
    if (typeof parsed !== 'object' || parsed === null)
      throw new SyntaxError('an event that is no JSON object');
    // OpenRouter's error comes with choices, vLLM's without the field, Gemini's in a list.
    if (parsed.error || parsed.object === 'error' || event.event === 'error' || Array.isArray(parsed)) {
      sink.fail(readOpenAIError(parsed, 500) ?? { message: data });
      return true;
    }
    const chunk = parsed as ChatCompletionChunk;
    if (!Array.isArray(chunk.choices)) {
      // A chunk of usage alone; anything else without choices is a sign of life at most.
      if (!chunk.usage) return false;
      chunk.choices = [];
    }
    let intact = chunk.object === OBJECT;
    chunk.object = OBJECT;
    for (const choice of chunk.choices) {
      if (isFailed(choice)) {
        sink.fail(readOpenAIError(parsed, 500)!);
        return true;
      }
      if (this.onChoice(choice)) intact = false;
    }
    if (this.onUsage(chunk)) intact = false;
    if (chunk.usage && counts(chunk.usage) && chunk.choices.length === 0 && !this.includesUsage) {
      sink.usage(chunk.usage);
      delete chunk.usage;
      if (!saysMore(chunk)) return true;
      intact = false;
    }
    sink.push(chunk, intact ? data : undefined);
    return true;
  }

  end(): boolean {
    const choices = this.choices.values();
    return this.mayEndEarly && choices.length > 0 && choices.every(({ finished }) => finished);
  }

  /** @returns whether something had to be changed */
  private onChoice(choice: ChatCompletionChunkChoice): boolean {
    let changed = mapFinishReason(choice);
    if (typeof choice.index !== 'number') {
      choice.index = 0;
      changed = true;
    }
    if (choice.delta === undefined || choice.delta === null) {
      // A server that does not stream sends the whole message in one event.
      choice.delta = { ...(choice as { message?: ChatCompletionDelta | null }).message };
      changed = true;
    }
    if (!choice.finish_reason && choice.finish_reason !== null) {
      choice.finish_reason = null;
      changed = true;
    }
    const { delta, index } = choice;
    const state = this.stateOf(index);
    // Perplexity has the message so far beside the piece of it.
    if ('message' in choice) {
      delete choice.message;
      changed = true;
    }
    if (this.onToolCalls(delta, state)) changed = true;
    if (
      choice.finish_reason &&
      state.toolCalls !== undefined &&
      this.onLastOfCalls(choice, state.toolCalls)
    ) {
      changed = true;
    }
    if (readReasoning(delta)) changed = true;
    const { thinkTags } = this.quirks;
    if (readContentParts(delta, this.context)) changed = true;
    if (thinkTags === true && splitThinking(choice, (state.thinkTags ??= new ThinkTags()))) {
      changed = true;
    }
    if (choice.finish_reason) state.finished = true;
    return changed;
  }

  /** @returns whether something had to be changed */
  private onToolCalls(delta: ChatCompletionDelta, state: ChoiceState): boolean {
    const { tool_calls: calls } = delta;
    if (calls === undefined) return false;
    if (calls === null || calls.length === 0) {
      delete delta.tool_calls;
      return true;
    }
    return (state.toolCalls ??= new ToolCallIndices()).assign(calls);
  }

  /** The calls of a choice are whole. @returns whether something had to be changed */
  private onLastOfCalls(choice: ChatCompletionChunkChoice, calls: ToolCallIndices): boolean {
    const missing = calls.missingArguments();
    if (missing.length > 0) (choice.delta.tool_calls ??= []).push(...missing);
    const ends = endsForTools(choice.finish_reason, true, this.quirks);
    if (ends) choice.finish_reason = 'tool_calls';
    return ends || missing.length > 0;
  }

  private stateOf(index: number): ChoiceState {
    let state = this.choices.get(index);
    if (state === undefined) {
      state = { finished: false, toolCalls: undefined, thinkTags: undefined };
      this.choices.set(index, state);
    }
    return state;
  }

  /** Groq's usage may stand in `x_groq` alone, Moonshot's in the choice. */
  private onUsage(chunk: ChatCompletionChunk): boolean {
    if (chunk.usage) return normaliseUsage(chunk.usage, this.quirks);
    const usage =
      (chunk as { x_groq?: { usage?: CompletionUsage } }).x_groq?.usage ??
      (chunk.choices[0] as { usage?: CompletionUsage } | undefined)?.usage;
    if (!usage) return false;
    normaliseUsage(usage, this.quirks);
    chunk.usage = usage;
    return true;
  }
}

/** OpenRouter's: the provider behind it failed after it had taken the request. */
function isFailed(choice: { finish_reason: unknown; error?: unknown }): boolean {
  return choice.finish_reason === 'error' || (choice.error !== undefined && choice.error !== null);
}

/** Whether a usage tells anything: an empty one is not what a caller may not have asked for. */
function counts(usage: CompletionUsage): boolean {
  for (const name in usage) if (usage[name as keyof CompletionUsage] !== undefined) return true;
  return false;
}

/** Whether a chunk without choices and usage has anything but what every chunk has. */
function saysMore(chunk: ChatCompletionChunk): boolean {
  return Object.entries(chunk).some(
    ([name, value]) => !HEAD.has(name) && value !== null && value !== undefined && value !== '',
  );
}

/** @returns whether there was anything to split off */
function splitThinking(
  { delta, finish_reason: reason }: ChatCompletionChunkChoice,
  tags: ThinkTags,
): boolean {
  if (tags.done) return false;
  const piece = typeof delta.content === 'string' ? delta.content : '';
  const { reasoning, content } = tags.push(piece);
  const last = reason || delta.tool_calls ? tags.end() : { reasoning: '', content: '' };
  const text = content + last.content;
  const thought = reasoning + last.reasoning;
  if (text === piece && thought === '') return false;
  if (text === '') delete delta.content;
  else delta.content = text;
  if (thought !== '') delta.reasoning_content = (delta.reasoning_content ?? '') + thought;
  return true;
}
