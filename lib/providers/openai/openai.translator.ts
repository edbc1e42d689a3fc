import type { CompletionUsage } from '../../chat/chat-completion.interface.js';
import type {
  ChatCompletionChunk,
  ChatCompletionChunkChoice,
  ChatCompletionDelta,
  ToolCallDelta,
} from '../../chat/chat-completion-chunk.interface.js';
import type { WireEvent } from '../../wire/wire-decoder.interface.js';
import { createToolCallId } from '../chunk-writer.js';
import type { ChunkSink, ChunkTranslator } from '../provider-adapter.interface.js';
import { readOpenAIError } from './openai.errors.js';
import type { OpenAIQuirks } from './openai.quirks.js';
import { mapFinishReason, normaliseUsage, readContentParts, readReasoning } from './openai.response.js';
import { ThinkTags } from './think-tags.js';

const OBJECT = 'chat.completion.chunk';

/** Assigns the indices of a choice's tool calls: some servers send index 0 throughout, or none. */
class ToolCallIndices {
  private readonly ids: string[] = [];
  /** Our index by the provider's. */
  private readonly byTheirs = new Map<number | undefined, number>();

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
      if (delta.index === index) continue;
      delta.index = index;
      changed = true;
    }
    return changed;
  }

  private indexOf({ id, index: theirs }: Partial<ToolCallDelta>): number {
    const current = this.byTheirs.get(theirs);
    const begins =
      id !== undefined && id !== null && id !== '' && (current === undefined || this.ids[current] !== id);
    if (!begins && current !== undefined) return current;
    const known = begins ? this.ids.indexOf(id) : -1;
    const index = known === -1 ? this.ids.length : known;
    if (known === -1) this.ids.push(id ?? '');
    this.byTheirs.set(theirs, index);
    return index;
  }
}

/** Translates OpenAI's own stream: most chunks go through as they came. */
export class OpenAITranslator implements ChunkTranslator {
  private readonly toolCalls: ToolCallIndices[] = [];
  private readonly thinkTags: ThinkTags[] = [];
  private readonly open = new Set<number>();
  private begun = false;

  constructor(private readonly quirks: OpenAIQuirks) {}

  event(event: WireEvent, sink: ChunkSink): boolean {
    const { data } = event;
    if (data === '[DONE]') {
      sink.finish();
      return true;
    }
    const chunk = JSON.parse(data) as ChatCompletionChunk;
    if (typeof chunk !== 'object' || chunk === null) throw new SyntaxError('an event that is no JSON object');
    if (this.fails(chunk, event, sink)) return true;
    if (!Array.isArray(chunk.choices)) {
      // A chunk of usage alone; anything else without choices is no chunk of a completion.
      if (!chunk.usage) return true;
      chunk.choices = [];
    }
    let intact = chunk.object === OBJECT;
    chunk.object = OBJECT;
    for (const choice of chunk.choices) if (this.onChoice(choice)) intact = false;
    if (this.onUsage(chunk)) intact = false;
    sink.push(chunk, intact ? data : undefined);
    return true;
  }

  end(): boolean {
    return this.quirks.endsWithFinishReason && this.begun && this.open.size === 0;
  }

  /** OpenAI names no event; a server that reports an error with `event: error` may leave the envelope out. */
  private fails(chunk: ChatCompletionChunk, { event }: WireEvent, sink: ChunkSink): boolean {
    const { error } = chunk as { error?: unknown };
    if (!error && event !== 'error' && (chunk.object as string) !== 'error') return false;
    const detail = readOpenAIError(chunk, 500);
    if (detail === undefined) return false;
    sink.fail(detail);
    return true;
  }

  /** @returns whether something had to be changed */
  private onChoice(choice: ChatCompletionChunkChoice): boolean {
    let changed = mapFinishReason(choice);
    if (choice.delta === undefined || choice.delta === null) {
      choice.delta = {};
      changed = true;
    }
    if (choice.finish_reason === undefined) {
      choice.finish_reason = null;
      changed = true;
    }
    const { delta, index } = choice;
    if (delta.tool_calls && (this.toolCalls[index] ??= new ToolCallIndices()).assign(delta.tool_calls)) {
      changed = true;
    }
    if (readReasoning(delta)) changed = true;
    const { contentParts, thinkTags } = this.quirks;
    if (contentParts !== undefined && readContentParts(delta, contentParts)) changed = true;
    if (thinkTags === true && this.splitThinking(choice)) changed = true;
    this.begun = true;
    if (choice.finish_reason) this.open.delete(index);
    else if (hasContent(delta)) this.open.add(index);
    return changed;
  }

  private splitThinking({ delta, index, finish_reason: reason }: ChatCompletionChunkChoice): boolean {
    const tags = (this.thinkTags[index] ??= new ThinkTags());
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

/** Azure reports on filtered content after the finish reason, with a choice that has nothing else in it. */
function hasContent(delta: ChatCompletionDelta): boolean {
  for (const _name in delta) return true;
  return false;
}
